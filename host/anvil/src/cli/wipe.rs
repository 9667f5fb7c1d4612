//! `anvil wipe`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json};
use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::json;

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
        let body = json!({ "upstream": "simulated", "confirm": self.yes });
        let wiped = client.send(Method::POST, &["wipe"], &body).await?;
        if globals.json {
            print_json(&wiped)?;
        } else {
            print(&format!(
                "wiped {} jobs and {} calls, and all else that was simulated",
                wiped["jobs"], wiped["calls"]
            ))?;
        }
        Ok(Exit::Done)
    }
}
