//! Batches: what they saved in a stretch of time, what waits for one, and how the newest stand.

use crate::panel::kit::numbers::thousands;
use anvil_api::{BatchesView, Sum};
use anvil_budget::Windows;
use anvil_types::{BatchPause, BatchRecord, BatchState, GatheredCalls};
use askama::Template;
use askama::filters::HtmlSafe;

/// How many are shown.
const SHOWN: usize = 10;

/// The part of the page.
#[derive(Template)]
#[template(path = "spend/batches.html")]
pub(crate) struct SpendBatches {
    enabled: bool,
    saved: String,
    waiting: Option<String>,
    pause: Option<String>,
    rows: Vec<BatchRow>,
}

impl HtmlSafe for SpendBatches {}

struct BatchRow {
    number: u64,
    made: String,
    state: &'static str,
    calls: String,
    open: String,
    held: String,
    ends: String,
    trouble: Option<String>,
}

impl SpendBatches {
    /// From how they stand, and what calls of the stretch came to.
    pub(crate) fn new(view: &BatchesView, all: &Sum, windows: &Windows) -> Self {
        let saved = match all.batched.unwrap_or_default() {
            0 => "No call of this time went in one.".to_owned(),
            batched => {
                let calls = if batched == 1 { "call" } else { "calls" };
                let saved = all.batch_saved.unwrap_or_default().rounded();
                format!("{} {calls} of this time went in one and saved {saved}.", thousands(batched))
            }
        };
        Self {
            enabled: view.enabled,
            saved,
            waiting: waiting(&view.waiting, view.wait_s, windows),
            pause: view.pause.as_ref().map(|pause| paused(pause, windows)),
            rows: view.batches.iter().take(SHOWN).map(|batch| BatchRow::new(batch, windows)).collect(),
        }
    }
}

fn waiting(waiting: &GatheredCalls, wait_s: u64, windows: &Windows) -> Option<String> {
    let oldest = waiting.oldest?;
    let calls = if waiting.calls == 1 { "call waits" } else { "calls wait" };
    let due = windows.local(oldest + std::time::Duration::from_secs(wait_s));
    Some(format!(
        "{} {calls} for the next batch, which is made {due}, or as soon as it is full.",
        thousands(waiting.calls)
    ))
}

fn paused(pause: &BatchPause, windows: &Windows) -> String {
    let until = pause.until.map(|until| format!(" before {}", windows.local(until))).unwrap_or_default();
    format!("No batch is made{until}: {}.", pause.why)
}

impl BatchRow {
    fn new(batch: &BatchRecord, windows: &Windows) -> Self {
        let at = |time: Option<_>| time.map(|time| windows.local(time)).unwrap_or_default();
        Self {
            number: batch.number,
            made: at(Some(batch.made_at)),
            state: match batch.state {
                BatchState::Sending => "is being sent",
                BatchState::Lost => "looked for: its creation was not answered",
                BatchState::Doubtful => "looked for: its creation was answered by an error",
                BatchState::Sent => "under way",
                BatchState::Ended => "over",
            },
            calls: thousands(batch.calls),
            open: thousands(batch.open),
            held: batch.held.to_string(),
            ends: at(batch.ended_at.or(batch.expires_at)),
            trouble: batch
                .trouble
                .as_ref()
                .map(|trouble| format!("{}, since {}", trouble.why, windows.local(trouble.since))),
        }
    }
}
