//! `anvil brake`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, print, print_json};
use anvil_api::{BrakeRequest, BrakeStatus, BrakeView};
use anvil_budget::{BrakeHistory, BrakeMove};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

/// While it is on, no new call goes out: running calls finish, jobs wait, nothing is lost.
#[derive(Debug, Args)]
pub(crate) struct BrakeArgs {
    #[command(subcommand)]
    command: Option<BrakeCommand>,
}

#[derive(Debug, Subcommand)]
enum BrakeCommand {
    /// Show whether it is on, and why.
    #[command(alias = "show")]
    Status,
    /// Let no new call go out.
    On {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Let calls go out again, whatever had put it on. The day's own cause is muted for this day only.
    Off {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Show what it did, the newest first.
    History {
        /// How many lines.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        limit: u32,
    },
}

impl BrakeArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match &self.command {
            Some(BrakeCommand::History { limit }) => {
                let brake: Answer<BrakeView> =
                    client.get(&["brake"], &[("limit", limit.to_string())]).await?;
                if globals.json {
                    print_json(&brake.read_as::<Past>()?.history)?;
                } else {
                    print(&history(&brake.read()?.past, &client.moment()))?;
                }
            }
            None | Some(BrakeCommand::Status) => {
                let brake: Answer<BrakeView> = client.get(&["brake"], &[]).await?;
                brake.show(globals.json, |brake| {
                    let moment = client.moment();
                    let mut out = show(&brake.now, &moment);
                    if let Some(until) = brake.past.muted_until {
                        let until = moment.relative(until);
                        let _ = write!(
                            out,
                            "\nreleased for this day only: 95 % of it engages the brake again {until}"
                        );
                    }
                    out
                })?;
            }
            Some(BrakeCommand::On { reason }) => set(client, globals, true, reason).await?,
            Some(BrakeCommand::Off { reason }) => set(client, globals, false, reason).await?,
        }
        Ok(Exit::Done)
    }
}

async fn set(client: &Client, globals: &Globals, engaged: bool, reason: &str) -> Result<(), Failure> {
    let body = BrakeRequest { engaged, reason: reason.to_owned() };
    let brake: Answer<BrakeStatus> = client.send(Method::PUT, &["brake"], &body).await?;
    brake.show(globals.json, |brake| show(brake, &client.moment()))
}

/// The part of the answer that is the past, as it came.
#[derive(Deserialize)]
struct Past {
    history: Value,
}

/// What the brake did, as a table.
fn history(past: &BrakeHistory, moment: &Moment) -> String {
    if past.history.is_empty() {
        return "The brake has never been on.".to_owned();
    }
    let mut table = Table::new(&["WHEN", "CHANGE", "CAUSE", "BY", "REASON"]);
    for line in &past.history {
        let change = match line.change {
            BrakeMove::Engaged => "engaged",
            BrakeMove::Released => "released",
        };
        let by = line.by.as_deref().unwrap_or_default();
        table.row([moment.full(line.at).as_str(), change, line.kind.name(), by, &line.reason]);
    }
    table.to_string()
}

/// `off`, or `ON` and each cause.
pub(super) fn show(brake: &BrakeStatus, moment: &Moment) -> String {
    if !brake.engaged {
        return "off".to_owned();
    }
    let mut out = "ON: no new call goes out".to_owned();
    for cause in &brake.causes {
        let by = cause.by.as_deref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
        let (kind, since) = (cause.kind.name(), moment.relative(cause.since));
        let _ = write!(out, "\n         {kind}{by}, {since}: {}", clean(&cause.reason));
        if let Some(until) = cause.until {
            let _ = write!(out, "; ends {}", moment.relative(until));
        }
    }
    out
}
