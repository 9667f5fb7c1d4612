//! `anvil clock`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, clean};
use anvil_api::{ClockView, SetBack, SetBackRequest};
use anvil_types::Timestamp;
use clap::{Args, Subcommand};
use reqwest::Method;

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
        match &self.command {
            None | Some(ClockCommand::Show) => {
                let clock: Answer<ClockView> = client.get(&["clock"], &[]).await?;
                clock.show(globals.json, |clock| times(clock.now, clock.wall))?;
            }
            Some(ClockCommand::SetBack { reason, yes }) => {
                let body = SetBackRequest { reason: reason.clone(), confirm: *yes };
                let set: Answer<SetBack> = client.send(Method::POST, &["clock", "set-back"], &body).await?;
                set.show(globals.json, |set| {
                    let times = times(set.now, Some(set.wall));
                    format!("{times}\nThe brake is engaged. Next: {}.", clean(&set.next))
                })?;
            }
        }
        Ok(Exit::Done)
    }
}

/// The host's time, and the machine's beside it.
fn times(now: Timestamp, wall: Option<Timestamp>) -> String {
    let moment = Moment::now();
    let wall = wall.map(|wall| format!("\nmachine  {}", moment.full(wall))).unwrap_or_default();
    format!("host     {}{wall}", moment.full(now))
}
