//! `anvil jobs`.

mod act;
pub(crate) mod artifacts;
mod edit;
mod export;
mod filter;
mod import;
mod list;
mod logs;
pub(crate) mod replay;
mod show;

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use clap::{Args, Subcommand};

/// `anvil jobs …`.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs, the newest first.
    List(list::ListArgs),
    /// Show a job with its calls, result and files.
    Show(JobArgs),
    /// Change a job that waits: what is given replaces what it had.
    Edit(edit::EditArgs),
    /// Submit a job like an old one, but for what is given.
    Duplicate(edit::DuplicateArgs),
    /// Stop jobs, by their ids or all that match.
    Cancel(act::ActArgs),
    /// Run failed or cancelled jobs again, by their ids or all that match.
    Retry(act::ActArgs),
    /// Let parked jobs go on now, by their ids or all that match: limits and brake stay.
    Resume(act::ActArgs),
    /// Give all unfinished jobs that match a priority.
    Prioritise(act::PrioritiseArgs),
    /// Take all finished jobs that match out of the history; the ledger keeps what they cost.
    Delete(act::ManyArgs),
    /// Show a job's log.
    Logs(logs::LogsArgs),
    /// Run a past job against its journal, and show where it differs.
    Replay(replay::ReplayArgs),
    /// List the files that a job was submitted with, or write them into a folder.
    Inputs(artifacts::ArtifactsArgs),
    /// List the files that a job has handed over, or write them into a folder.
    Artifacts(artifacts::ArtifactsArgs),
    /// Write all jobs that match as JSON lines, the oldest first, for another host to import.
    Export(export::ExportArgs),
    /// Take the jobs of an export in: finished ones as history, the others as new submissions.
    Import(import::ImportArgs),
}

/// One job.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// The job's id.
    id: String,
}

impl JobsCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List(args) => args.run(client, globals).await,
            Self::Show(args) => show::run(client, globals, &args.id).await,
            Self::Edit(args) => args.run(client, globals).await,
            Self::Duplicate(args) => args.run(client, globals).await,
            Self::Cancel(args) => args.run(client, globals, "cancel").await,
            Self::Retry(args) => args.run(client, globals, "retry").await,
            Self::Resume(args) => args.run(client, globals, "resume").await,
            Self::Prioritise(args) => args.run(client, globals).await,
            Self::Delete(args) => args.run(client, globals, "delete", None).await,
            Self::Logs(args) => args.run(client, globals).await,
            Self::Replay(args) => args.run(client, globals).await,
            Self::Inputs(args) => args.inputs(client, globals).await,
            Self::Artifacts(args) => args.run(client, globals).await,
            Self::Export(args) => args.run(client).await,
            Self::Import(args) => args.run(client, globals).await,
        }
    }
}
