//! `anvil cache`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Table, elapsed, size};
use anvil_api::ReplyCacheView;
use anvil_types::{ReplySize, UpstreamKind};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::time::Duration;

/// Replies that are kept to answer the same request again, at no cost.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: Option<CacheCommand>,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Show what is kept, and what it saved today.
    Status,
    /// Take kept replies out: the next request for each goes out and is paid for.
    Purge {
        /// Only those that this agent paid for.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        agent: Option<String>,
    },
}

impl CacheArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match &self.command {
            None | Some(CacheCommand::Status) => {
                client.get::<ReplyCacheView>(&["cache"], &[]).await?.show(globals.json, show)?;
            }
            Some(CacheCommand::Purge { agent }) => {
                let query: Vec<_> = agent.clone().map(|agent| ("agent", agent)).into_iter().collect();
                let gone = client.delete_of::<ReplySize>(&["cache"], &query).await?;
                gone.show(globals.json, |gone| format!("purged {}", kept(*gone)))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn kept(of: ReplySize) -> String {
    let replies = if of.entries == 1 { "reply" } else { "replies" };
    format!("{} {replies}, {}", of.entries, size(of.bytes))
}

fn show(cache: &ReplyCacheView) -> String {
    let simulated = if cache.upstream == UpstreamKind::Simulated { " (SIMULATED)" } else { "" };
    let mut out = format!("kept: {}{simulated}; at most {}\n", kept(cache.kept), kept(cache.most));
    let _ = if cache.enabled {
        writeln!(out, "a reply answers for {}", elapsed(Duration::from_secs(cache.ttl_s)))
    } else {
        writeln!(out, "switched off (saving.reply_cache): no new reply is kept, and none answers")
    };
    let _ = writeln!(out, "today: {} answered, {} saved", cache.hits_today, cache.saved_today);
    if !cache.agents.is_empty() {
        let mut table = Table::new(&["PAID FOR BY", "REPLIES", "SIZE"]).right(&[1, 2]);
        for one in &cache.agents {
            table.row([one.agent.as_str(), &one.kept.entries.to_string(), &size(one.kept.bytes)]);
        }
        let _ = write!(out, "\n{table}");
    }
    out
}
