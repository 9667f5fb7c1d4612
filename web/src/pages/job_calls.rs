//! A call as a line of a table: on a job's page and in the ledger.

use super::job::millis;
use super::money::Money;
use super::pill::Pill;
use super::when::When;
use anvil_types::{CallRecord, CallState, Timestamp, Usage};

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
    pub(crate) cache: String,
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
            model: call.model.clone(),
            input: thousands(usage.input_tokens),
            output: thousands(usage.output_tokens),
            cache: cache(usage),
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

/// Digits in groups of three, by a narrow space that does not break.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
