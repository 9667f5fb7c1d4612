//! `anvil clock`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, print, print_json, text};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Windows go by the host's own time. It never runs backwards, unless you say that it was wrong.
#[derive(Debug, Args)]
pub(crate) struct ClockArgs {
    #[command(subcommand)]
    command: Option<ClockCommand>,
}

#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// Show the host's time, and the machine's beside it.
    Show,
    /// Set the ledger's time back to the machine's clock, from the next start on. Engages the brake.
    SetBack {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
        /// Do it: what was spent at times that were wrong counts in no window then.
        #[arg(long, required = true)]
        yes: bool,
    },
}

impl ClockArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let (clock, set_back) = match &self.command {
            None | Some(ClockCommand::Show) => (client.get(&["clock"], &[]).await?, false),
            Some(ClockCommand::SetBack { reason, yes }) => {
                let body = json!({ "reason": reason, "confirm": yes });
                (client.send(Method::POST, &["clock", "set-back"], &body).await?, true)
            }
        };
        if globals.json {
            print_json(&clock)?;
            return Ok(Exit::Done);
        }
        let moment = Moment::now();
        let mut out = format!("host     {}", moment.full(&clock, "/now"));
        let wall = moment.full(&clock, "/wall");
        if !wall.is_empty() {
            out.extend(["\nmachine  ", &wall]);
        }
        if set_back {
            out.extend(["\nThe brake is engaged. Next: ", &text(&clock, "/next"), "."]);
        }
        print(&out)?;
        Ok(Exit::Done)
    }
}
