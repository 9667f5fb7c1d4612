//! `anvil jobs list`.

use super::filter::FilterArgs;
use crate::cli::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, first_line, items, money, print, print_json, text};
use clap::Args;
use serde_json::Value;

/// Which jobs.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// The most jobs.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Only jobs older than this one: the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.filter.query());
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
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
