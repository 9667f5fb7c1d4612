//! `anvil queue`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, clean};
use anvil_api::{QueueRequest, QueueView};
use anvil_types::QueuePause;
use clap::{Args, Subcommand};
use reqwest::Method;

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
        let set = |paused: bool, reason: Option<&String>| {
            let body = QueueRequest { paused, reason: reason.cloned() };
            async move { client.send(Method::PUT, &["queue"], &body).await }
        };
        let queue: Answer<QueueView> = match &self.command {
            None | Some(QueueCommand::Status) => client.get(&["queue"], &[]).await?,
            Some(QueueCommand::Pause { reason }) => set(true, Some(reason)).await?,
            Some(QueueCommand::Resume) => set(false, None).await?,
        };
        queue.show(globals.json, |queue| show(queue.pause.as_ref(), &client.moment()))?;
        Ok(Exit::Done)
    }
}

/// The pause in words.
pub(super) fn show(pause: Option<&QueuePause>, moment: &Moment) -> String {
    let Some(pause) = pause else { return "not paused".to_owned() };
    let since = moment.relative(pause.since);
    format!("PAUSED by {} {since}: {}", clean(&pause.by), clean(&pause.reason))
}
