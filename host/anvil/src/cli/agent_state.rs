//! `anvil agents state`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, print_raw, size};
use anvil_api::StateList;
use anvil_types::StateSize;
use clap::Subcommand;
use std::fmt::Write as _;

/// What an agent keeps beyond its jobs, and clearing it. An agent whose plugin is gone has its state still.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Show the keys that an agent keeps, and how much of its quota they take.
    List {
        /// The agent.
        agent: String,
        /// Only keys that begin so.
        #[arg(long, value_name = "TEXT")]
        prefix: Option<String>,
        /// Begin behind this key: `next` of the page before.
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
        /// The most keys.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Write the value of a key to standard output, as it is.
    Get {
        /// The agent.
        agent: String,
        /// The key.
        key: String,
    },
    /// Clear all that an agent keeps, or one key.
    Clear {
        /// The agent.
        agent: String,
        /// This key only.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Do it: it cannot be undone.
        #[arg(long, required = true)]
        yes: bool,
    },
}

impl StateCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List { agent, prefix, after, limit } => {
                let mut query = vec![("limit", limit.to_string())];
                query.extend(prefix.clone().map(|prefix| ("prefix", prefix)));
                query.extend(after.clone().map(|after| ("after", after)));
                let path = ["agents", agent, "state"];
                client
                    .get::<StateList>(&path, &query)
                    .await?
                    .show(globals.json, |kept| list(kept, &client.moment()))?;
            }
            Self::Get { agent, key } => {
                let query = [("key", key.clone())];
                print_raw(&client.bytes_of(&["agents", agent, "state", "value"], &query).await?)?;
            }
            Self::Clear { agent, key, .. } => {
                let gone = match key {
                    Some(key) => {
                        let query = [("key", key.clone())];
                        client.delete_of::<StateSize>(&["agents", agent, "state", "value"], &query).await?
                    }
                    None => client.delete_of::<StateSize>(&["agents", agent, "state"], &[]).await?,
                };
                gone.show(globals.json, |gone| format!("cleared {}", kept(*gone)))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn kept(size_of: StateSize) -> String {
    let keys = if size_of.keys == 1 { "key" } else { "keys" };
    format!("{} {keys}, {}", size_of.keys, size(size_of.bytes))
}

fn list(list: &StateList, now: &Moment) -> String {
    let (use_of, quota) = (list.whole.kept, list.whole.quota);
    let mut out = format!("{} keeps {} of {}\n", clean(&list.whole.agent), kept(use_of), kept(quota));
    if !list.items.is_empty() {
        let mut table = Table::new(&["KEY", "SIZE", "VERSION", "WRITTEN", "JOB"]);
        for item in &list.items {
            let (bytes, version) = (size(item.size), item.version.to_string());
            let (written, job) = (now.full(item.written_at), item.job.to_string());
            table.row([item.key.as_str(), &bytes, &version, &written, &job]);
        }
        let _ = write!(out, "{table}");
    }
    if let Some(next) = &list.next {
        let _ = write!(out, "\nThere are more: --after '{}'", clean(next));
    }
    out
}
