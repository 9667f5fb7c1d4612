//! `anvil sim`.

use super::{Globals, source};
use crate::failure::{Exit, Failure};
use crate::show::print;
use anvil_sim::{FaultRule, Script, Sim, SimConfig, Span};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// It answers the Messages API on loopback and keeps a bill of what the real API would have charged:
/// GET /_sim/bill. Point ANTHROPIC_BASE_URL at it, with ANVIL_UPSTREAM_KIND=simulated.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// The address and port to listen on; port 0 is any that is free.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// Given answers, played in order (JSON; TOML where the name ends so).
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Faults by chance: a JSON list, or TOML with [[faults]].
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Every setting of the simulator (TOML); the other options win over it.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Milliseconds until the first byte of an answer.
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,
    /// Milliseconds for each token of an answer.
    #[arg(long, value_name = "MS")]
    stream_ms_per_token: Option<f64>,
    /// The seed of all chance.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl SimArgs {
    fn config(&self) -> Result<SimConfig, Failure> {
        let mut config = match &self.settings {
            Some(path) => SimConfig::from_toml(&read(path)?).map_err(|error| wrong(path, &error))?,
            None => SimConfig::default(),
        };
        config.listen = self.listen;
        if let Some(path) = &self.script {
            config.script = script(path)?;
        }
        if let Some(path) = &self.faults {
            config.faults = faults(path)?;
        }
        if let Some(ms) = self.latency_ms {
            config.latency.first_byte_ms = Span::Fixed(ms);
        }
        if let Some(ms) = self.stream_ms_per_token {
            config.latency.per_token_us = micros(ms)?;
        }
        config.seed = self.seed.unwrap_or(config.seed);
        Ok(config)
    }

    pub(crate) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        let sim = Sim::start(self.config()?).await.map_err(anyhow::Error::from)?;
        let url = sim.base_url();
        if globals.json {
            print(&serde_json::json!({ "base_url": url }).to_string())?;
        } else {
            print(&format!("ANTHROPIC_BASE_URL={url}"))?;
            eprintln!("The simulator answers at {url}; its bill is at {url}/_sim/bill. Ctrl-C stops it.");
        }
        stopped().await;
        sim.shutdown().await;
        Ok(Exit::Done)
    }
}

/// Given answers, out of a file.
pub(crate) fn script(path: &Path) -> Result<Script, Failure> {
    let text = read(path)?;
    let script = if is_toml(path) { Script::from_toml(&text) } else { Script::from_json(&text) };
    script.map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}

/// The most bytes of a script, of faults or of settings.
const MOST_BYTES: u64 = 64 << 20;

fn read(path: &Path) -> Result<String, Failure> {
    source::text(path, MOST_BYTES)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn faults(path: &Path) -> Result<Vec<FaultRule>, Failure> {
    let text = read(path)?;
    let read = if is_toml(path) {
        SimConfig::from_toml(&text).map(|config| config.faults).map_err(|error| error.to_string())
    } else {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    read.map_err(|error| Failure::Usage(format!("the faults in {} cannot be read: {error}", path.display())))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn micros(ms: f64) -> Result<u64, Failure> {
    if (0.0..=60_000.0).contains(&ms) {
        return Ok((ms * 1_000.0).round() as u64);
    }
    Err(Failure::Usage(format!("--stream-ms-per-token is {ms}, but must be from 0 to 60000")))
}

/// Ends when the process is asked to stop.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
