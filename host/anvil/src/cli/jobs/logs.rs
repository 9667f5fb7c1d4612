//! `anvil jobs logs`.

use crate::cli::Globals;
use crate::cli::result::outcome;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, clean, items, print, text};
use crate::watch::{Change, Watch, is_final};
use clap::Args;
use serde_json::Value;

/// How many lines are asked for at once.
const PAGE: usize = 1_000;

/// Which log, and whether to stay.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The job's id.
    id: String,
    /// Stay, and show lines as they come, until the job is done; the exit code is the job's outcome.
    #[arg(long, short)]
    follow: bool,
}

impl LogsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut log = Log { client, id: &self.id, json: globals.json, last: 0, moment: Moment::now() };
        if !self.follow {
            log.more().await?;
            return Ok(Exit::Done);
        }
        let mut watch = Watch::new(client, &self.id);
        loop {
            // The job first: what it wrote before it was done is then in the log.
            let job = watch.look().await?;
            if job.is_some() {
                log.more().await?;
            }
            if let Some(job) = job.filter(is_final) {
                return Ok(outcome(&job));
            }
            loop {
                tokio::select! {
                    change = watch.next() => if !matches!(change, Change::Text(_)) { break },
                    _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
                }
            }
        }
    }
}

/// A log that is read on.
struct Log<'a> {
    client: &'a Client,
    id: &'a str,
    json: bool,
    last: u64,
    moment: Moment,
}

impl Log<'_> {
    /// Prints all lines that are new.
    async fn more(&mut self) -> Result<(), Failure> {
        loop {
            let query = [("after", self.last.to_string()), ("limit", PAGE.to_string())];
            let page = self.client.get(&["jobs", self.id, "log"], &query).await?;
            for line in items(&page) {
                self.print(line)?;
                self.last = line.get("seq").and_then(Value::as_u64).unwrap_or(self.last).max(self.last);
            }
            if items(&page).len() < PAGE {
                return Ok(());
            }
        }
    }

    /// One line: as JSON lines, or as people read them.
    fn print(&self, line: &Value) -> Result<(), Failure> {
        if self.json {
            return print(&clean(&line.to_string()));
        }
        let level = text(line, "/level").to_uppercase();
        print(&format!(
            "{} {level:<5} {:<6} {}",
            self.moment.clock(line, "/at"),
            text(line, "/source"),
            text(line, "/line")
        ))
    }
}
