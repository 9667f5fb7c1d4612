//! `anvil batches`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, elapsed};
use anvil_api::BatchesView;
use anvil_types::{Clock as _, SystemClock, UpstreamKind};
use clap::Args;
use std::fmt::Write as _;
use std::time::Duration;

/// Calls of jobs that are marked `economy` go in batches, at half price.
#[derive(Debug, Args)]
pub(crate) struct BatchesArgs {}

impl BatchesArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        client.get::<BatchesView>(&["batches"], &[]).await?.show(globals.json, show)?;
        Ok(Exit::Done)
    }
}

fn show(view: &BatchesView) -> String {
    let moment = Moment::at(SystemClock::new().now());
    let simulated = if view.upstream == UpstreamKind::Simulated { " (SIMULATED)" } else { "" };
    let mut out = format!("waiting: {} calls{simulated}", view.waiting.calls);
    if let Some(oldest) = view.waiting.oldest {
        let _ = write!(out, ", the first since {}", moment.relative(oldest));
    }
    out += "\n";
    if let Some(pause) = &view.pause {
        let until =
            pause.until.map(|until| format!(" before {}", moment.relative(until))).unwrap_or_default();
        let _ = writeln!(out, "no batch is made{until}: {}", pause.why);
    }
    let _ = if view.enabled {
        let wait = elapsed(Duration::from_secs(view.wait_s));
        writeln!(out, "a batch is made of {} calls, or when the first has waited for {wait}", view.most_calls)
    } else {
        writeln!(out, "switched off (saving.batches): every call goes out by itself")
    };
    let _ = writeln!(out, "today: {} answered in batches, {} saved", view.batched_today, view.saved_today);
    if !view.batches.is_empty() {
        let mut table =
            Table::new(&["BATCH", "MADE", "STATE", "CALLS", "OPEN", "HELD", "ENDS", "UPSTREAM ID"])
                .right(&[0, 3, 4, 5]);
        for batch in &view.batches {
            table.row([
                batch.number.to_string(),
                moment.relative(batch.made_at),
                batch.state.to_string(),
                batch.calls.to_string(),
                batch.open.to_string(),
                batch.held.to_string(),
                moment.relative(batch.ended_at.or(batch.expires_at)),
                batch.upstream_id.clone().unwrap_or_default(),
            ]);
        }
        let _ = write!(out, "\n{table}");
        for batch in &view.batches {
            if let Some(trouble) = &batch.trouble {
                let since = moment.relative(trouble.since);
                let _ = writeln!(out, "batch {}: {}, since {since}", batch.number, trouble.why);
            }
        }
    }
    out
}
