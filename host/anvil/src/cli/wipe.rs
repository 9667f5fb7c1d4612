//! `anvil wipe`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use anvil_api::WipeRequest;
use anvil_types::{UpstreamKind, Wiped};
use clap::{Args, ValueEnum};
use reqwest::Method;

/// Deletes simulated jobs with their files, the simulated ledger, and the limits, prices, schedules, alerts and time
/// of the simulator. What is live is never wiped.
#[derive(Debug, Args)]
pub(crate) struct WipeArgs {
    /// What to wipe.
    #[arg(value_enum)]
    what: What,
    /// Do it: it cannot be undone.
    #[arg(long, required = true)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// All that is simulated.
    Simulated,
}

impl WipeArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let What::Simulated = self.what;
        let body = WipeRequest { upstream: UpstreamKind::Simulated, confirm: self.yes };
        client.send::<Wiped>(Method::POST, &["wipe"], &body).await?.show(globals.json, |wiped| {
            format!("wiped {} jobs and {} calls, and all else that was simulated", wiped.jobs, wiped.calls)
        })?;
        Ok(Exit::Done)
    }
}
