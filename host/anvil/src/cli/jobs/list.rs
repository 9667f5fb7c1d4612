//! `anvil jobs list`.

use super::filter::FilterArgs;
use crate::cli::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, items, money, print, print_json, text};
use crate::watch::{Change, Watch};
use anvil_types::UpstreamKind;
use clap::Args;
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
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        if self.watch {
            return watch(client, globals, &query).await;
        }
        let jobs = client.get(&["jobs"], &query).await?;
        if globals.json {
            print_json(&jobs)?;
            return Ok(Exit::Done);
        }
        if let Some(behind) = jobs.get("behind").and_then(Value::as_u64).filter(|behind| *behind > 0) {
            eprintln!("the search is catching up: {behind} changes of jobs cannot be found yet");
        }
        if items(&jobs).is_empty() {
            print("There are no such jobs.")?;
            return Ok(Exit::Done);
        }
        print(&table(&jobs, &Moment::now()))?;
        if let Some(next) = jobs.get("next").and_then(Value::as_str) {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

/// Shows the list, and again whenever something changes, until it is interrupted.
async fn watch(client: &Client, globals: &Globals, query: &[(&str, String)]) -> Result<Exit, Failure> {
    let terminal = std::io::stdout().is_terminal() && !globals.json;
    let mut seen: HashMap<String, Value> = HashMap::new();
    let mut watch = Watch::all(client);
    loop {
        if let Some(jobs) = watch.ask(&["jobs"], query).await? {
            if terminal {
                // Home, the list, and nothing of the longer one before.
                print(&format!("\u{1b}[H\u{1b}[2J{}", table(&jobs, &Moment::now())))?;
            } else {
                changes(&jobs, &mut seen, globals.json)?;
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

/// A line for each job that is new in the list or stands elsewhere than before, the oldest first.
fn changes(jobs: &Value, seen: &mut HashMap<String, Value>, json: bool) -> Result<(), Failure> {
    let moment = Moment::now();
    let mut now = HashMap::new();
    for job in items(jobs).iter().rev() {
        let stands = serde_json::json!([job.get("state"), job.get("priority"), detail(job)]);
        if seen.get(&text(job, "/id")) != Some(&stands) {
            let one = serde_json::json!({ "items": [job] });
            if json {
                print(&clean(&job.to_string()))?;
            } else {
                // Without its head.
                print(table(&one, &moment).lines().nth(1).unwrap_or_default())?;
            }
        }
        now.insert(text(job, "/id"), stands);
    }
    *seen = now;
    Ok(())
}

fn table(jobs: &Value, moment: &Moment) -> String {
    let mut table =
        Table::new(&["JOB", "STATE", "AGENT", "ACTION", "PRIORITY", "COST", "SUBMITTED", "DETAIL"])
            .right(&[5]);
    for job in items(jobs) {
        table.row([
            text(job, "/id"),
            text(job, "/state"),
            text(job, "/agent"),
            text(job, "/action"),
            text(job, "/priority"),
            money(job, "/cost_usd"),
            moment.relative(job, "/created_at"),
            first_line(&detail(job), 80),
        ]);
    }
    table.to_string()
}

/// What one would ask next: how far it is, what it waits for, why it failed.
fn detail(job: &Value) -> String {
    let pointer = match text(job, "/state").as_str() {
        "running" => "/progress_line",
        "failed" => "/error/message",
        _ => "/waiting_for/detail",
    };
    text(job, pointer)
}
