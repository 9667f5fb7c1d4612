//! `anvil queue`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, print, print_json, text};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

/// While it is paused no job starts; what runs goes on, and jobs are still taken in.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    command: Option<QueueCommand>,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// Show whether it is paused, and why.
    Status,
    /// Start no job until it is resumed.
    Pause {
        /// Why; the audit log keeps it.
        #[arg(long)]
        reason: String,
    },
    /// Start jobs again.
    Resume,
}

impl QueueArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let set = |body: Value| async move { client.send(Method::PUT, &["queue"], &body).await };
        let queue = match &self.command {
            None | Some(QueueCommand::Status) => client.get(&["queue"], &[]).await?,
            Some(QueueCommand::Pause { reason }) => set(json!({ "paused": true, "reason": reason })).await?,
            Some(QueueCommand::Resume) => set(json!({ "paused": false })).await?,
        };
        if globals.json {
            print_json(&queue)?;
        } else {
            print(&show(queue.get("pause").unwrap_or(&Value::Null), &Moment::now()))?;
        }
        Ok(Exit::Done)
    }
}

/// The pause in words.
pub(super) fn show(pause: &Value, moment: &Moment) -> String {
    if pause.is_null() {
        return "not paused".to_owned();
    }
    let (by, since) = (text(pause, "/by"), moment.relative(pause, "/since"));
    format!("PAUSED by {by} {since}: {}", text(pause, "/reason"))
}
