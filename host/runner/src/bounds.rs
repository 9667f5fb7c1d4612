//! What bounds the questions that cost nothing: each is a durable entry of the journal, and a guest may ask
//! them for as long as it has time.

use crate::journal::Answer;
use anvil_types::words::StateRefusal;
use anvil_types::{CallError, CallErrorKind, Remaining, StateAnswer};
use std::collections::HashMap;

/// How many entries a job's journal has of what it may still spend. Whoever asks more often is told the same again.
const ALLOWANCES: u32 = 100;
/// How often a run asks the agent's state: each is an entry, and a commit.
const STATE_ASKS: u32 = 1_000;
/// How many bytes of it a run is told: the journal has them.
const STATE_BYTES: usize = 16 * 1024 * 1024;

/// What a run of a guest has been told that it is told again, without another entry. It follows from the answers
/// alone, so that every run of the job, and a replay of it, has it the same.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    exhausted: Option<CallError>,
    allowances: u32,
    last: Option<Remaining>,
    calls: u32,
    people: HashMap<[u8; 32], u32>,
    state_asks: u32,
    state_bytes: usize,
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

    /// The agent's state was asked, and this was told.
    pub(crate) fn state_told(&mut self, answer: &StateAnswer) {
        self.state_asks += 1;
        self.state_bytes = self.state_bytes.saturating_add(answer.bytes());
    }

    /// What every further question to the agent's state is answered once a run has asked too often, or was told
    /// too much.
    pub(crate) fn state_spent(&self) -> Option<StateRefusal> {
        if self.state_asks >= STATE_ASKS {
            return Some(StateRefusal::AsksSpent { most: STATE_ASKS });
        }
        (self.state_bytes >= STATE_BYTES).then_some(StateRefusal::BytesSpent { most: STATE_BYTES })
    }

    /// What it is told again where it has asked too often.
    pub(crate) fn last_allowance(&self) -> Option<Remaining> {
        self.last.clone().filter(|_| self.allowances >= ALLOWANCES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Nanodollars, StateValue};

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
    fn a_run_asks_its_state_only_so_often_and_is_told_only_so_much() {
        let mut bounds = Bounds::default();
        for asked in 0..STATE_ASKS {
            assert_eq!(bounds.state_spent(), None, "{asked}");
            bounds.state_told(&StateAnswer::Value(None));
        }
        assert_eq!(bounds.state_spent(), Some(StateRefusal::AsksSpent { most: STATE_ASKS }));
        let mut bounds = Bounds::default();
        let mebibyte = StateAnswer::Value(Some(StateValue { value: vec![0; 1024 * 1024], version: 1 }));
        for told in 0..16 {
            assert_eq!(bounds.state_spent(), None, "{told}");
            bounds.state_told(&mebibyte);
        }
        assert_eq!(bounds.state_spent(), Some(StateRefusal::BytesSpent { most: STATE_BYTES }));
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
