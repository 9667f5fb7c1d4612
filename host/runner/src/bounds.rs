//! What bounds the questions that cost nothing: each is a durable entry of the journal, and a guest may ask
//! them for as long as it has time.

use crate::journal::Answer;
use anvil_types::{CallError, CallErrorKind, Remaining};
use std::collections::HashMap;

/// How many entries a job's journal has of what it may still spend. Whoever asks more often is told the same again.
const ALLOWANCES: u32 = 100;

/// What a run of a guest has been told that it is told again, without another entry. It follows from the answers
/// alone, so that every run of the job, and a replay of it, has it the same.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    exhausted: Option<CallError>,
    allowances: u32,
    last: Option<Remaining>,
    calls: u32,
    people: HashMap<[u8; 32], u32>,
}

impl Bounds {
    /// A call is asked; answers how many were before it.
    pub(crate) fn call(&mut self) -> u32 {
        self.calls += 1;
        self.calls - 1
    }

    /// People are asked; answers how often they were asked just this before.
    pub(crate) fn asked_people(&mut self, request_hash: [u8; 32]) -> u32 {
        let asked = self.people.entry(request_hash).or_default();
        *asked += 1;
        *asked - 1
    }

    /// How many calls this run has asked.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// A call was answered: that the job's calls are spent, holds for all that follow.
    pub(crate) fn answered(&mut self, answer: &Answer) {
        if let Err(error) = answer
            && error.kind == CallErrorKind::CallsExhausted
        {
            self.exhausted = Some(error.clone());
        }
    }

    /// What every further call is answered once the job's calls are spent.
    pub(crate) fn exhausted(&self) -> Option<CallError> {
        self.exhausted.clone()
    }

    /// What the job may still spend was told.
    pub(crate) fn allowed(&mut self, remaining: &Remaining) {
        self.allowances += 1;
        self.last = Some(remaining.clone());
    }

    /// What it is told again where it has asked too often.
    pub(crate) fn last_allowance(&self) -> Option<Remaining> {
        self.last.clone().filter(|_| self.allowances >= ALLOWANCES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Nanodollars;

    #[test]
    fn after_the_last_entry_the_same_is_told_again() {
        let mut bounds = Bounds::default();
        let remaining = |calls| Remaining {
            job: Nanodollars::new(1),
            window: Nanodollars::new(1),
            calls,
            max_input_tokens: 1,
            max_output_tokens: 1,
            pressure: 0.0,
        };
        for asked in 0..ALLOWANCES {
            assert_eq!(bounds.last_allowance(), None, "{asked}");
            bounds.allowed(&remaining(asked));
        }
        assert_eq!(bounds.last_allowance(), Some(remaining(ALLOWANCES - 1)));
    }

    #[test]
    fn the_same_question_to_people_is_counted_by_what_is_asked() {
        let mut bounds = Bounds::default();
        let (one, other) = ([1; 32], [2; 32]);
        assert_eq!([one, other, one, one].map(|hash| bounds.asked_people(hash)), [0, 0, 1, 2]);
    }

    #[test]
    fn calls_that_are_spent_stay_spent() {
        let mut bounds = Bounds::default();
        bounds.answered(&Err(CallError::unsent(CallErrorKind::TooLarge, "too large")));
        assert_eq!(bounds.exhausted(), None);
        let spent = CallError::unsent(CallErrorKind::CallsExhausted, "a job may make 2 calls");
        bounds.answered(&Err(spent.clone()));
        assert_eq!(bounds.exhausted(), Some(spent));
        assert_eq!((bounds.call(), bounds.call(), bounds.calls()), (0, 1, 2));
    }
}
