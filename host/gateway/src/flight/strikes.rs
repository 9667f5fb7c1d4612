//! When the upstream's failures are a call's own doing.
//!
//! A request can provoke a 502, a 504 or a cut by itself. It is taken to, after three failures each of
//! which came while other calls of its model succeeded; and after six that cost money, whatever others did.

use anvil_types::JobId;
use std::collections::HashMap;

/// Failures while others succeed that make it the call's own.
const LONELY: u32 = 3;
/// Failures that cost money that make it the call's own.
pub(crate) const COSTLY: u32 = 6;
/// Calls that are remembered at once; beyond it all begin anew, which forgives and blames nobody.
const MOST: usize = 10_000;

/// One call of a job: the job, and the place in its journal. Without a job it is the host's own.
pub(crate) type Place = (Option<JobId>, u32);

/// The failures of calls that have not been answered yet.
#[derive(Debug, Default)]
pub(crate) struct Strikes {
    calls: HashMap<Place, Strike>,
    /// How many calls of a model succeeded.
    successes: HashMap<String, u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Strike {
    lonely: u32,
    /// Successes of the model at the last failure.
    then: u64,
}

impl Strikes {
    /// How many calls of this model have succeeded so far.
    pub(crate) fn successes(&self, model: &str) -> u64 {
        self.successes.get(model).copied().unwrap_or(0)
    }

    /// A call failed. `since` is what the model's successes were when it first went out. Answers whether it is
    /// taken to be its own doing.
    pub(crate) fn failed(&mut self, call: Place, model: &str, since: u64) -> bool {
        let now = self.successes(model);
        if self.calls.len() >= MOST && !self.calls.contains_key(&call) {
            self.calls.clear();
        }
        let strike = self.calls.entry(call).or_insert(Strike { lonely: 0, then: since });
        if now > strike.then {
            strike.lonely += 1;
        }
        strike.then = now;
        strike.lonely >= LONELY
    }

    /// A call was answered by this model.
    pub(crate) fn succeeded(&mut self, call: Place, model: &str) {
        self.calls.remove(&call);
        *self.successes.entry(model.to_owned()).or_default() += 1;
    }

    /// A call came to an end of its own.
    pub(crate) fn ended(&mut self, call: Place) {
        self.calls.remove(&call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Timestamp;

    fn place(number: u32) -> Place {
        (Some(JobId::new(Timestamp::default(), 1)), number)
    }

    #[test]
    fn three_failures_while_others_of_the_model_succeed_are_the_calls_own() {
        let mut strikes = Strikes::default();
        for other in 1..=3 {
            strikes.succeeded(place(other), "haiku");
            assert_eq!(strikes.failed(place(0), "haiku", 0), other == 3, "{other}");
        }
        strikes.ended(place(0));
        assert!(!strikes.failed(place(0), "haiku", strikes.successes("haiku")), "it begins anew");
    }

    #[test]
    fn failures_of_an_outage_are_nobodys_own_however_many() {
        let mut strikes = Strikes::default();
        strikes.succeeded(place(9), "haiku");
        let before = strikes.successes("haiku");
        for _ in 0..100 {
            assert!(!strikes.failed(place(0), "haiku", before));
            // Another model's successes say nothing of this one's.
            strikes.succeeded(place(9), "opus");
        }
        // It was back twice, which is not three times.
        for _ in 0..2 {
            strikes.succeeded(place(9), "haiku");
            assert!(!strikes.failed(place(0), "haiku", before));
        }
        strikes.succeeded(place(0), "haiku");
        assert!(!strikes.failed(place(0), "haiku", 0), "an answer wipes them out");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut strikes = Strikes::default();
        for call in 0..25_000 {
            strikes.failed(place(call), "haiku", 0);
        }
        assert!(strikes.calls.len() <= MOST);
    }
}
