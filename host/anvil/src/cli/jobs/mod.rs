//! `anvil jobs`.

mod artifacts;
mod list;
mod logs;
mod replay;
mod show;

use super::Globals;
use super::result::headline;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json};
use clap::{Args, Subcommand};
use serde_json::Value;

/// `anvil jobs …`.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs, the newest first.
    List(list::ListArgs),
    /// Show a job with its calls, result and files.
    Show(JobArgs),
    /// Stop jobs.
    Cancel(ManyArgs),
    /// Run failed or cancelled jobs again.
    Retry(ManyArgs),
    /// Show a job's log.
    Logs(logs::LogsArgs),
    /// Run a past job against its journal, and show where it differs.
    Replay(replay::ReplayArgs),
    /// List a job's files, or write them into a folder.
    Artifacts(artifacts::ArtifactsArgs),
}

/// One job.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// The job's id.
    id: String,
}

/// One job or several.
#[derive(Debug, Args)]
pub(crate) struct ManyArgs {
    /// The jobs' ids.
    #[arg(required = true)]
    ids: Vec<String>,
}

impl JobsCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List(args) => args.run(client, globals).await,
            Self::Show(args) => show::run(client, globals, &args.id).await,
            Self::Cancel(args) => turn(client, globals, &args.ids, "cancel").await,
            Self::Retry(args) => turn(client, globals, &args.ids, "retry").await,
            Self::Logs(args) => args.run(client, globals).await,
            Self::Replay(args) => args.run(client, globals).await,
            Self::Artifacts(args) => args.run(client, globals).await,
        }
    }
}

/// Does the same to each job; goes on after an error, and ends with the last one.
async fn turn(client: &Client, globals: &Globals, ids: &[String], what: &str) -> Result<Exit, Failure> {
    let mut turned: Vec<Value> = Vec::new();
    let mut failed = None;
    for id in ids {
        match client.post(&["jobs", id, what]).await {
            Ok(job) => {
                if !globals.json {
                    print(&headline(&job))?;
                }
                turned.push(job);
            }
            Err(failure @ Failure::Unreachable { .. }) => return Err(failure),
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    earlier.report();
                }
            }
        }
    }
    if globals.json {
        match turned.as_slice() {
            [job] if ids.len() == 1 => print_json(job)?,
            _ => print_json(&serde_json::json!({ "items": turned }))?,
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}
