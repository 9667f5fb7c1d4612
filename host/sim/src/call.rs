//! One request to `/v1/messages` while it is answered, and its share of the bill.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cache::CachePlan;
use crate::clock::rfc3339;
use crate::log::{LogEntry, Outcome};
use crate::models::Model;
use crate::prices::cost_nano_dollars;
use crate::question::Question;
use crate::state::Shared;
use crate::usage::SimUsage;

/// From arrival to outcome. Dropped without an outcome, the client went away.
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: u64,
    time_ms: i64,
    model: Option<&'static Model>,
    /// What a whole answer uses.
    full: Option<SimUsage>,
    /// What of the prompt cache it uses, until the answer begins.
    cache: Option<CachePlan>,
    billed: Option<(SimUsage, i64)>,
    ended: bool,
}

impl Call {
    /// Counts the request and opens its log entry.
    pub(crate) fn open(shared: &Arc<Shared>, headers: BTreeMap<String, String>, hash: u64) -> Self {
        let time_ms = shared.clock.now_ms();
        let mut state = shared.state();
        let index = state.next_index;
        state.next_index += 1;
        state.bill.requests += 1;
        state.bill.in_flight += 1;
        state.bill.max_in_flight = state.bill.max_in_flight.max(state.bill.in_flight);
        state.log.push(LogEntry {
            index,
            time: rfc3339(time_ms),
            time_ms,
            took_ms: None,
            request_id: request_id(index),
            model: None,
            max_tokens: None,
            stream: false,
            hash: format!("{hash:016x}"),
            question: String::new(),
            outcome: Outcome::InFlight,
            status: None,
            fault: None,
            stop_reason: None,
            usage: None,
            nano_dollars: 0,
            headers,
        });
        drop(state);
        Self {
            shared: Arc::clone(shared),
            index,
            time_ms,
            model: None,
            full: None,
            cache: None,
            billed: None,
            ended: false,
        }
    }

    pub(crate) fn request_id(&self) -> String {
        request_id(self.index)
    }

    /// Writes into the log what was asked.
    pub(crate) fn asks(&mut self, question: &Question) {
        self.model = Some(question.model);
        self.note(|entry| {
            entry.model = Some(question.model.id.to_owned());
            entry.max_tokens = Some(question.max_tokens);
            entry.stream = question.stream;
            entry.question = question.last_user.chars().take(200).collect();
        });
    }

    /// Changes the log entry, where it is still kept.
    pub(crate) fn note(&self, change: impl FnOnce(&mut LogEntry)) {
        if let Some(entry) = self.shared.state().log.get_mut(self.index) {
            change(entry);
        }
    }

    /// What the whole answer will use, of tokens and of the prompt cache.
    pub(crate) fn expects(&mut self, full: SimUsage, cache: CachePlan) {
        self.full = Some(full);
        self.cache = Some(cache);
    }

    /// Bills the call at this usage, in place of what it was billed before. With its first bill the answer has begun:
    /// from then on others can read what it wrote to the cache.
    pub(crate) fn bill(&mut self, usage: &SimUsage) {
        let Some(model) = self.model else { return };
        if self.billed.as_ref().is_some_and(|(billed, _)| billed == usage) {
            return;
        }
        let cost = cost_nano_dollars(model.id, usage, self.time_ms).unwrap_or(0);
        let now_ms = self.shared.clock.now_ms();
        let before = self.billed.as_ref().map_or(0, |(usage, _)| usage.output_tokens);
        let mut state = self.shared.state();
        state.bill.rebill(model.id, self.billed.as_ref().map(|(usage, cost)| (usage, *cost)), usage, cost);
        state.limiter.produced(model, usage.output_tokens.saturating_sub(before), now_ms);
        if let Some(plan) = self.cache.take() {
            state.cache.commit(model.id, &plan, self.time_ms);
        }
        drop(state);
        self.billed = Some((usage.clone(), cost));
    }

    /// Bills the whole answer.
    pub(crate) fn bill_full(&mut self) {
        if let Some(full) = self.full.clone() {
            self.bill(&full);
        }
    }

    /// The outcome; the first one counts.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let took = self.shared.clock.now_ms() - self.time_ms;
        let mut state = self.shared.state();
        state.bill.in_flight = state.bill.in_flight.saturating_sub(1);
        if let Some(entry) = state.log.get_mut(self.index) {
            entry.outcome = outcome;
            entry.took_ms = Some(took);
            if let Some((usage, cost)) = &self.billed {
                entry.usage = Some(usage.clone());
                entry.nano_dollars = *cost;
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            if self.shared.config.bill_full_on_disconnect {
                self.bill_full();
            }
            self.end(Outcome::Disconnected);
        }
    }
}

/// The id that is answered in `request-id`.
pub(crate) fn request_id(index: u64) -> String {
    format!("req_sim{index:017}")
}
