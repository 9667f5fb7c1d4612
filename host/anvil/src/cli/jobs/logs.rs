//! `anvil jobs logs`.

use crate::answer::Answer;
use crate::cli::Globals;
use crate::cli::result::outcome;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, clean, print};
use crate::watch::{Change, Watch};
use anvil_api::List;
use anvil_types::LogLine;
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
        let mut watch = Watch::new(client, &self.id).not_met_yet();
        loop {
            // The job first: what it wrote before it was done is then in the log.
            if let Some(answer) = watch.look().await? {
                let job = answer.read()?;
                let read = log.more().await;
                if watch.forgive(read)?.is_some() && job.state.is_final() {
                    return Ok(outcome(&job));
                }
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
            let page: Answer<List<LogLine, u64>> = self.client.get(&["jobs", self.id, "log"], &query).await?;
            let lines = page.read()?.items;
            let came = if self.json { page.read_as::<List<Value, u64>>()?.items } else { Vec::new() };
            for (place, line) in lines.iter().enumerate() {
                match came.get(place) {
                    Some(json) => print(&clean(&json.to_string()))?,
                    None => self.print(line)?,
                }
                self.last = line.seq.max(self.last);
            }
            if lines.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// One line, as people read it.
    fn print(&self, line: &LogLine) -> Result<(), Failure> {
        let (time, level) = (self.moment.clock(line.at), line.level.name().to_uppercase());
        print(&format!("{time} {level:<5} {:<6} {}", clean(&line.source), clean(&line.line)))
    }
}
