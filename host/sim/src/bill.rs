//! What the real API would have charged so far.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::usage::SimUsage;

/// The bill, as `GET /_sim/bill` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Requests to `/v1/messages`, refused ones included.
    pub requests: u64,
    /// Requests that cost something.
    pub billed_calls: u64,
    /// What all cost: each call summed exactly and rounded up once.
    pub nano_dollars: i64,
    /// Input tokens outside of the cache.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the five-minute cache.
    pub cache_write_5m_tokens: u64,
    /// Tokens written to the one-hour cache.
    pub cache_write_1h_tokens: u64,
    /// Requests that are being answered now.
    pub in_flight: u64,
    /// The most that were at once.
    pub max_in_flight: u64,
    /// Items of batches that cost something; the counts above have them too, but for `requests`.
    pub batch_calls: u64,
    /// What those cost.
    pub batch_nano_dollars: i64,
    /// The same by model id.
    pub by_model: BTreeMap<String, ModelBill>,
}

/// The part of one model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelBill {
    /// Calls that cost something.
    pub billed_calls: u64,
    /// What they cost.
    pub nano_dollars: i64,
    /// Input tokens outside of the cache.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the five-minute cache.
    pub cache_write_5m_tokens: u64,
    /// Tokens written to the one-hour cache.
    pub cache_write_1h_tokens: u64,
}

impl Bill {
    /// Replaces what a call was billed so far by what it is billed now. Counts never fall within a call.
    pub(crate) fn rebill(
        &mut self,
        model: &str,
        old: Option<(&SimUsage, i64)>,
        new: &SimUsage,
        nano_dollars: i64,
    ) {
        let zero = SimUsage::default();
        let (old_usage, old_cost) = old.unwrap_or((&zero, 0));
        let calls = u64::from(old.is_none());
        let cost = nano_dollars - old_cost;
        let input = new.input_tokens.saturating_sub(old_usage.input_tokens);
        let output = new.output_tokens.saturating_sub(old_usage.output_tokens);
        let read = new.cache_read_tokens.saturating_sub(old_usage.cache_read_tokens);
        let short = new.cache_write_5m_tokens.saturating_sub(old_usage.cache_write_5m_tokens);
        let long = new.cache_write_1h_tokens.saturating_sub(old_usage.cache_write_1h_tokens);
        self.billed_calls += calls;
        self.nano_dollars += cost;
        self.input_tokens += input;
        self.output_tokens += output;
        self.cache_read_tokens += read;
        self.cache_write_5m_tokens += short;
        self.cache_write_1h_tokens += long;
        if !self.by_model.contains_key(model) {
            self.by_model.insert(model.to_owned(), ModelBill::default());
        }
        if let Some(part) = self.by_model.get_mut(model) {
            part.billed_calls += calls;
            part.nano_dollars += cost;
            part.input_tokens += input;
            part.output_tokens += output;
            part.cache_read_tokens += read;
            part.cache_write_5m_tokens += short;
            part.cache_write_1h_tokens += long;
        }
    }
}
