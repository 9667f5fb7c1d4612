//! `anvil brake`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, print, print_json, text};
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
    Show,
    /// Let no new call go out.
    On {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Let calls go out again, whatever had put it on.
    Off {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
    },
}

impl BrakeArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let set = |engaged: bool, reason: &str| json!({ "engaged": engaged, "reason": reason });
        let brake = match &self.command {
            None | Some(BrakeCommand::Show) => client.get(&["brake"], &[]).await?,
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
            print(&show(&brake, &Moment::now()))?;
        }
        Ok(Exit::Done)
    }
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
