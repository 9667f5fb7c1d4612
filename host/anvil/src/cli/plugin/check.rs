//! `anvil plugin check`.

use crate::cli::Globals;
use crate::connect;
use crate::failure::Failure;
use crate::serve::parts;
use crate::show::{clean, print, print_json, size};
use anvil_sandbox::{Catalog, Sandbox};
use anvil_settings::Settings;
use anvil_types::{AgentInfo, Clock, Supervisor, SystemClock};
use anyhow::{Context as _, anyhow};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

pub(super) async fn run(file: &Path, globals: &Globals) -> Result<(), Failure> {
    let settings = connect::settings(globals)?;
    let began = Instant::now();
    let agent = examine(file, &settings).await?;
    if globals.json {
        let json = serde_json::to_value(&agent).context("what the agent says of itself cannot be told")?;
        return print_json(&json);
    }
    print(&report(file, &agent, began.elapsed()))
}

/// What a plugin says of itself, where a host with these settings would load it.
pub(super) async fn examine(file: &Path, settings: &Settings) -> Result<AgentInfo, Failure> {
    let folder = tempfile::tempdir().context("there is no folder to work in")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut catalog = parts::catalog(settings, clock, &Supervisor::new())?;
    // Nothing of the host's own folders is read or written.
    catalog.plugins = folder.path().join("plugins");
    catalog.data = folder.path().join("data");
    let sandbox =
        Sandbox::new(parts::sandbox(settings), Handle::current()).map_err(|error| anyhow!(error))?;
    let catalog = Catalog::start(sandbox, catalog).map_err(|error| anyhow!(error))?;
    let examined = catalog.check(file).await;
    Ok(examined.map_err(|rejection| anyhow!("{} {rejection}", file.display()))?)
}

fn report(file: &Path, agent: &AgentInfo, took: Duration) -> String {
    let mut out = format!("{} is a plugin: a host loads it.\n", file.display());
    for (name, value) in [
        ("agent", format!("{} {}", clean(&agent.name), clean(&agent.version))),
        ("", clean(&agent.summary)),
        ("size", size(agent.size)),
        ("digest", clean(&agent.digest)),
        ("effort", agent.effort.to_string()),
        ("never below", agent.model_floor.map(|tier| tier.to_string()).unwrap_or_default()),
        ("took", format!("{:.1} s to check, compile and describe", took.as_secs_f64())),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<12}{value}");
        }
    }
    for action in agent.actions.iter() {
        let _ = writeln!(out, "  action      {}: {}", clean(&action.name), clean(&action.summary));
    }
    out
}
