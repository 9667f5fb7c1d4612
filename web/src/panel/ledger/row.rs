//! A call in the ledger: a line, and all of its fields once it is opened.

use crate::panel::jobs::calls::CallRow;
use crate::panel::kit::numbers::millis;
use crate::panel::kit::numbers::thousands;
use crate::panel::kit::when::{absolute, local};
use anvil_budget::Windows;
use anvil_types::{CacheMiss, CallRecord, CallState, CostCorrection, Nanodollars, Timestamp};

/// A call with all of its fields.
pub(crate) struct LedgerRow {
    pub(crate) call: CallRow,
    pub(crate) at: String,
    pub(crate) fields: Vec<Field>,
}

/// A field as it is told.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) href: Option<String>,
}

impl LedgerRow {
    pub(crate) fn new(call: &CallRecord, now: Timestamp, windows: &Windows) -> Self {
        Self { at: local(call.held_at, now, windows), fields: fields(call), call: CallRow::new(call, now) }
    }
}

/// A miss of the prompt cache in words.
fn missed(miss: CacheMiss) -> String {
    format!(
        "{}: {} tokens that cost {} more than reading them",
        miss.reason,
        thousands(miss.tokens),
        miss.cost
    )
}

fn fields(call: &CallRecord) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut say = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.push(Field { name, value, href: None });
        }
    };
    let usage = &call.usage;
    let tokens = |count: u64| (count > 0).then(|| thousands(count));
    say("Call", Some(call.id.to_string()));
    say("Held", Some(call.held_at.to_string()));
    say("Ended", call.settled_at.map(|at| at.to_string()));
    say("Took", call.duration_ms.map(millis));
    say("Job", call.job.map(|job| job.to_string()));
    say("Attempt", call.attempt.map(|attempt| attempt.to_string()));
    say("Place in the journal", call.position.map(|position| position.to_string()));
    say("Agent", call.agent.clone());
    say("API key", call.api_key.clone());
    say("Session", call.session.clone());
    say("Tags", Some(call.tags.join(", ")));
    say("Tier asked for", Some(call.tier_asked.to_string()));
    say("Tier given", Some(call.tier_given.to_string()));
    say("Why this tier", call.tier_reason.clone());
    say("Why before its turn", call.early.clone());
    say("Model", Some(call.model.clone()));
    say("Model that answered", call.model_answered.clone());
    say("Input tokens", tokens(usage.input_tokens));
    say("Output tokens", tokens(usage.output_tokens));
    say("Read from the prompt cache", tokens(usage.cache_read_tokens));
    say("Written to it for 5 min", tokens(usage.cache_write_5m_tokens));
    say("Written to it for 1 h", tokens(usage.cache_write_1h_tokens));
    say("Saved by the prompt cache", (call.saved != Nanodollars::ZERO).then(|| call.saved.to_string()));
    say("Answered by the reply of", call.reply_of.map(|call| call.to_string()));
    say("Saved by that", call.reply_of.map(|_| call.reply_saved.to_string()));
    say("Saved by its batch", call.batched.then(|| call.batch_saved.to_string()));
    say("Missed in the prompt cache", call.miss.map(missed));
    say("Price row", Some(call.price_row.clone()));
    say("Service tier", usage.service_tier.clone());
    say("Inference geo", usage.inference_geo.clone());
    say("Speed", usage.speed.clone());
    say("Hold", Some(call.hold.to_string()));
    let cost = match call.state {
        CallState::Held => "not known yet".to_owned(),
        CallState::Unknown => format!("{}, the most it can be: nobody knows the outcome", call.cost),
        CallState::Settled | CallState::Released => call.cost.to_string(),
    };
    say("Cost", Some(cost));
    say("Ended by", call.detail.clone());
    for correction in &call.corrections {
        let CostCorrection { at, cost, by, reason } = correction;
        say("Corrected", Some(format!("{}: to {cost} by {by}: {reason}", absolute(*at))));
    }
    if let Some(job) = call.job
        && let Some(field) = fields.iter_mut().find(|field| field.name == "Job")
    {
        field.href = Some(format!("/jobs/{job}"));
    }
    fields
}
