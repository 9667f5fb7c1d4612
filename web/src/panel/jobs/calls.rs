//! A call as a line of a table: on a job's page and in the ledger.

use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::{millis, thousands};
use crate::panel::kit::pill::Pill;
use crate::panel::kit::when::When;
use anvil_types::{CallRecord, CallState, Nanodollars, Timestamp, Usage};

/// A call as a line of a table.
pub(crate) struct CallRow {
    pub(crate) id: String,
    pub(crate) held_at: When,
    pub(crate) job: Option<String>,
    pub(crate) agent: String,
    pub(crate) tier: String,
    /// The tier that was asked for, where another one answered.
    pub(crate) asked: Option<String>,
    pub(crate) model: String,
    pub(crate) input: String,
    pub(crate) output: String,
    /// Why this tier, where money is short.
    pub(crate) why: String,
    /// Why it went out before its turn, where it did.
    pub(crate) early: Option<String>,
    pub(crate) cache: String,
    /// What a kept reply or the prompt cache saved it, where one saved or cost anything.
    pub(crate) saved: Option<Money>,
    /// Whether a kept reply answered it.
    pub(crate) hit: bool,
    /// Why the cache was missed, and what that cost.
    pub(crate) miss: Option<(String, Money)>,
    pub(crate) hold: Money,
    pub(crate) cost: Money,
    pub(crate) open: bool,
    pub(crate) pill: Pill,
    pub(crate) took: String,
    pub(crate) detail: String,
}

impl CallRow {
    pub(crate) fn new(call: &CallRecord, now: Timestamp) -> Self {
        let usage = &call.usage;
        Self {
            id: call.id.to_string(),
            held_at: When::relative(call.held_at, now),
            job: call.job.map(|job| job.to_string()),
            agent: call.agent.clone().or_else(|| call.api_key.clone()).unwrap_or_default(),
            tier: call.tier_given.to_string(),
            asked: (call.tier_asked != call.tier_given).then(|| call.tier_asked.to_string()),
            why: call.tier_reason.clone().unwrap_or_default(),
            early: call.early.clone(),
            model: call.model.clone(),
            input: thousands(usage.input_tokens),
            output: thousands(usage.output_tokens),
            cache: cache(usage),
            saved: {
                let saved = call.saved + call.reply_saved + call.batch_saved;
                (saved != Nanodollars::ZERO).then(|| saved.into())
            },
            hit: call.reply_of.is_some(),
            miss: call.miss.map(|miss| (miss.reason.to_string(), miss.cost.into())),
            hold: call.hold.into(),
            cost: call.cost.into(),
            open: call.state == CallState::Held,
            pill: call.state.into(),
            took: call.duration_ms.map(millis).unwrap_or_default(),
            detail: call.detail.clone().unwrap_or_default(),
        }
    }
}

/// Read and written, where there is either.
fn cache(usage: &Usage) -> String {
    let written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
    match (usage.cache_read_tokens, written) {
        (0, 0) => String::new(),
        (read, 0) => thousands(read),
        (read, written) => format!("{} + {} written", thousands(read), thousands(written)),
    }
}
