//! `anvil brake`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, print, print_json, text};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
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
        let set = |engaged: bool, reason: &str| json!({ "engaged": engaged, "reason": reason });
        let brake = match &self.command {
            Some(BrakeCommand::History { limit }) => {
                let brake = client.get(&["brake"], &[("limit", limit.to_string())]).await?;
                if globals.json {
                    print_json(&brake.get("history").cloned().unwrap_or_default())?;
                } else {
                    print(&history(&brake, &Moment::now()))?;
                }
                return Ok(Exit::Done);
            }
            None | Some(BrakeCommand::Status) => client.get(&["brake"], &[]).await?,
            Some(BrakeCommand::On { reason }) => {
                client.send(Method::PUT, &["brake"], &set(true, reason)).await?
            }
            Some(BrakeCommand::Off { reason }) => {
                client.send(Method::PUT, &["brake"], &set(false, reason)).await?
            }
        };
        if globals.json {
            print_json(&brake)?;
        } else {
            let moment = Moment::now();
            let mut out = show(&brake, &moment);
            let muted = moment.relative(&brake, "/muted_until");
            if !muted.is_empty() {
                let _ =
                    write!(out, "\nreleased for this day only: 95 % of it engages the brake again {muted}");
            }
            print(&out)?;
        }
        Ok(Exit::Done)
    }
}

/// What the brake did, as a table.
fn history(brake: &Value, moment: &Moment) -> String {
    let lines = brake.get("history").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if lines.is_empty() {
        return "The brake has never been on.".to_owned();
    }
    let mut table = Table::new(&["WHEN", "CHANGE", "CAUSE", "BY", "REASON"]);
    for line in lines {
        table.row([
            moment.full(line, "/at"),
            text(line, "/change"),
            text(line, "/kind"),
            text(line, "/by"),
            text(line, "/reason"),
        ]);
    }
    table.to_string()
}

/// `off`, or `ON` and each cause.
pub(super) fn show(brake: &Value, moment: &Moment) -> String {
    if brake.get("engaged").and_then(Value::as_bool) != Some(true) {
        return "off".to_owned();
    }
    let mut out = "ON: no new call goes out".to_owned();
    for cause in brake.get("causes").and_then(Value::as_array).into_iter().flatten() {
        let by = text(cause, "/by");
        let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
        let _ = write!(
            out,
            "\n         {}{by}, {}: {}",
            text(cause, "/kind"),
            moment.relative(cause, "/since"),
            text(cause, "/reason")
        );
        let until = moment.relative(cause, "/until");
        if !until.is_empty() {
            let _ = write!(out, "; ends {until}");
        }
    }
    out
}
