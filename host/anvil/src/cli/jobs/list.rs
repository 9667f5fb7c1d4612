//! `anvil jobs list`.

use super::filter::FilterArgs;
use crate::answer::Answer;
use crate::cli::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, print};
use crate::watch::{Change, Watch};
use anvil_api::JobList;
use anvil_types::{Job, JobId, JobState, Priority, UpstreamKind};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Which jobs.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Only jobs that were submitted to this upstream: live or simulated.
    #[arg(long, value_name = "KIND")]
    upstream: Option<UpstreamKind>,
    /// Only jobs that no other job leads: of a tree its root alone.
    #[arg(long)]
    roots: bool,
    /// The most jobs.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Only jobs older than this one: the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// Stay, and show the list anew whenever it changes; a line for each change where the output is no
    /// terminal.
    #[arg(long, short, conflicts_with = "after")]
    watch: bool,
}

/// How long changes are gathered before the list is asked for again.
const GATHER: Duration = Duration::from_millis(300);

impl ListArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.filter.query());
        query.extend(self.upstream.map(|upstream| ("upstream", upstream.to_string())));
        query.extend(self.roots.then(|| ("roots", "true".to_owned())));
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        if self.watch {
            return watch(client, globals, &query).await;
        }
        let jobs: Answer<JobList> = client.get(&["jobs"], &query).await?;
        if globals.json {
            jobs.print()?;
            return Ok(Exit::Done);
        }
        let jobs = jobs.read()?;
        if let Some(behind) = jobs.behind.filter(|behind| *behind > 0) {
            eprintln!("the search is catching up: {behind} changes of jobs cannot be found yet");
        }
        if jobs.items.is_empty() {
            print("There are no such jobs.")?;
            return Ok(Exit::Done);
        }
        print(&table(&jobs.items, &client.moment()))?;
        if let Some(next) = jobs.next {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

/// Shows the list, and again whenever something changes, until it is interrupted.
async fn watch(client: &Client, globals: &Globals, query: &[(&str, String)]) -> Result<Exit, Failure> {
    let terminal = std::io::stdout().is_terminal() && !globals.json;
    let mut seen = HashMap::new();
    let mut watch = Watch::all(client);
    loop {
        if let Some(answer) = watch.ask::<JobList>(&["jobs"], query).await? {
            let jobs = answer.read()?.items;
            if terminal {
                // Home, the list, and nothing of the longer one before.
                print(&format!("\u{1b}[H\u{1b}[2J{}", table(&jobs, &client.moment())))?;
            } else {
                let came = if globals.json { answer.read_as::<Came>()?.items } else { Vec::new() };
                changes(&jobs, &came, &mut seen, &client.moment())?;
            }
        }
        let change = async {
            while matches!(watch.next().await, Change::Text(_)) {}
            tokio::time::sleep(GATHER).await;
        };
        tokio::select! {
            () = change => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
        }
    }
}

/// The jobs of a list, as they came.
#[derive(Deserialize)]
struct Came {
    items: Vec<Value>,
}

/// How a job stands, as far as a change of it is told.
type Standing = (JobState, Priority, String);

/// A line for each job that is new in the list or stands elsewhere than before, the oldest first: as it came, where
/// that is given.
fn changes(
    jobs: &[Job],
    came: &[Value],
    seen: &mut HashMap<JobId, Standing>,
    moment: &Moment,
) -> Result<(), Failure> {
    let mut now = HashMap::new();
    for (place, job) in jobs.iter().enumerate().rev() {
        let stands = (job.state, job.priority, detail(job).to_owned());
        if seen.get(&job.id) != Some(&stands) {
            if let Some(json) = came.get(place) {
                print(&clean(&json.to_string()))?;
            } else {
                // Without its head.
                print(table(std::slice::from_ref(job), moment).lines().nth(1).unwrap_or_default())?;
            }
        }
        now.insert(job.id, stands);
    }
    *seen = now;
    Ok(())
}

fn table(jobs: &[Job], moment: &Moment) -> String {
    let mut table =
        Table::new(&["JOB", "STATE", "AGENT", "ACTION", "PRIORITY", "COST", "SUBMITTED", "DETAIL"])
            .right(&[5]);
    for job in jobs {
        table.row([
            job.id.to_string(),
            job.state.to_string(),
            job.agent.clone(),
            job.action.clone(),
            job.priority.to_string(),
            job.cost.to_string(),
            moment.relative(job.created_at),
            first_line(detail(job), 80),
        ]);
    }
    table.to_string()
}

/// What one would ask next: how far it is, what it waits for, why it failed.
fn detail(job: &Job) -> &str {
    let text = match job.state {
        JobState::Running => job.progress_line.as_deref(),
        JobState::Failed => job.error.as_ref().map(|error| error.message.as_str()),
        _ => job.waiting_for.as_ref().map(|wait| wait.detail.as_str()),
    };
    text.unwrap_or_default()
}
