//! The circuit breaker: an upstream that fails again and again is left alone for a while.
//!
//! Closed, it counts failures in a row. Open, nothing goes out until its time is over. Then one call is
//! let through: its success closes the circuit, its failure opens it again.

use anvil_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitRule {
    /// Failures in a row that open it; 0: never.
    pub failures: u32,
    /// How long it stays open.
    pub open_for: Duration,
}

/// How a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// Calls go out; so many failed in a row.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// No call goes out until then.
    Open {
        /// When one may try.
        until: Timestamp,
    },
    /// One call is under way to see whether the upstream is back.
    HalfOpen {
        /// When another may try, should nothing be heard of it.
        until: Timestamp,
    },
}

/// How the circuit to the upstream stands, as people are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CircuitReport {
    /// Calls go out.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// No call goes out before then; the first one after is the trial.
    Open {
        /// When.
        until: Timestamp,
    },
    /// One call tries whether the upstream is back.
    HalfOpen {
        /// When another may try, should nothing be heard of it.
        until: Timestamp,
    },
}

/// Whether a call may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may.
    Go,
    /// It may, as the trial: what becomes of it decides. One of which nothing was learnt has to be
    /// [given up](Circuit::give_up).
    Try,
    /// Not before then, unless the circuit closes earlier.
    Wait {
        /// When to ask again.
        until: Timestamp,
    },
}

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitChange {
    /// Nothing that anybody has to know.
    None,
    /// It opened, for the first time since it was closed.
    Opened,
    /// It closed.
    Closed,
}

/// One circuit. The time is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Circuit {
    rule: CircuitRule,
    state: CircuitState,
}

impl Circuit {
    /// A closed circuit.
    pub fn new(rule: CircuitRule) -> Self {
        Self { rule, state: CircuitState::Closed { failures: 0 } }
    }

    /// How it stands.
    pub fn state(&self) -> CircuitState {
        self.state
    }

    /// Until when no call would get through, where that is so.
    pub fn blocked(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            CircuitState::Open { until } | CircuitState::HalfOpen { until } if now < until => Some(until),
            _ => None,
        }
    }

    /// Lets a call through, or not. Where the time of an open circuit is over, the first that asks is
    /// the trial.
    pub fn pass(&mut self, now: Timestamp) -> Passage {
        if let Some(until) = self.blocked(now) {
            return Passage::Wait { until };
        }
        if matches!(self.state, CircuitState::Closed { .. }) {
            return Passage::Go;
        }
        self.state = CircuitState::HalfOpen { until: now + self.rule.open_for };
        Passage::Try
    }

    /// An answer came. While the circuit is open it is one of a call that left before that, and says
    /// nothing of now.
    pub fn succeeded(&mut self) -> CircuitChange {
        match self.state {
            CircuitState::Open { .. } => CircuitChange::None,
            CircuitState::Closed { .. } => {
                self.state = CircuitState::Closed { failures: 0 };
                CircuitChange::None
            }
            CircuitState::HalfOpen { .. } => {
                self.state = CircuitState::Closed { failures: 0 };
                CircuitChange::Closed
            }
        }
    }

    /// One failure that says all: it is open for as long as this, at the least, however many others there
    /// were.
    pub fn trip(&mut self, now: Timestamp, open_for: Duration) -> CircuitChange {
        let mut until = now + open_for;
        if let CircuitState::Open { until: earlier } = self.state {
            until = until.max(earlier);
        }
        let before = std::mem::replace(&mut self.state, CircuitState::Open { until });
        match before {
            CircuitState::Closed { .. } => CircuitChange::Opened,
            CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => CircuitChange::None,
        }
    }

    /// The trial never went out, or nothing was learnt of it: the next that asks is the trial.
    pub fn give_up(&mut self, now: Timestamp) {
        if matches!(self.state, CircuitState::HalfOpen { .. }) {
            self.state = CircuitState::Open { until: now };
        }
    }

    /// Somebody wants to know now: the next that asks is the trial, unless one is under way.
    pub fn look_again(&mut self, now: Timestamp) {
        if let CircuitState::Open { until } = self.state {
            self.state = CircuitState::Open { until: until.min(now) };
        }
    }

    /// What was counted so far is of something else.
    pub fn forget_failures(&mut self) {
        if matches!(self.state, CircuitState::Closed { .. }) {
            self.state = CircuitState::Closed { failures: 0 };
        }
    }

    /// The upstream did not answer, or with an error of its own. A failure of a call that left before
    /// the circuit opened keeps it open no longer.
    pub fn failed(&mut self, now: Timestamp) -> CircuitChange {
        let until = now + self.rule.open_for;
        match self.state {
            CircuitState::Closed { failures } => {
                let failures = failures.saturating_add(1);
                if self.rule.failures == 0 || failures < self.rule.failures {
                    self.state = CircuitState::Closed { failures };
                    return CircuitChange::None;
                }
                self.state = CircuitState::Open { until };
                CircuitChange::Opened
            }
            CircuitState::HalfOpen { .. } => {
                self.state = CircuitState::Open { until };
                CircuitChange::None
            }
            CircuitState::Open { .. } => CircuitChange::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CircuitChange::{Closed, None as Nothing, Opened};

    const RULE: CircuitRule = CircuitRule { failures: 5, open_for: Duration::from_mins(1) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default() + Duration::from_secs(seconds)
    }

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Fail,
        Succeed,
        Go,
        Try,
        Wait(u64),
        GiveUp,
        LookAgain,
        Trip(u64),
    }
    use Do::{Fail, GiveUp, Go, LookAgain, Succeed, Trip, Try, Wait};

    // Each row: the second, what happens, what it changes. `Go`, `Try` and `Wait` ask for passage.
    fn play(rule: CircuitRule, rows: &[(u64, Do, CircuitChange)]) -> Circuit {
        let mut circuit = Circuit::new(rule);
        for (row, (second, what, change)) in rows.iter().enumerate() {
            let now = at(*second);
            let changed = match what {
                Fail => circuit.failed(now),
                Succeed => circuit.succeeded(),
                Go => {
                    assert_eq!(circuit.pass(now), Passage::Go, "row {row}");
                    Nothing
                }
                Try => {
                    assert_eq!(circuit.pass(now), Passage::Try, "row {row}");
                    Nothing
                }
                GiveUp => {
                    circuit.give_up(now);
                    Nothing
                }
                LookAgain => {
                    circuit.look_again(now);
                    Nothing
                }
                Trip(seconds) => circuit.trip(now, Duration::from_secs(*seconds)),
                Wait(until) => {
                    assert_eq!(circuit.pass(now), Passage::Wait { until: at(*until) }, "row {row}");
                    Nothing
                }
            };
            assert_eq!(changed, *change, "row {row}: {what:?}");
        }
        circuit
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_a_minute_and_one_call_tries() {
        play(
            RULE,
            &[
                (0, Fail, Nothing),
                (0, Fail, Nothing),
                (1, Fail, Nothing),
                (1, Fail, Nothing),
                (2, Go, Nothing),
                (2, Fail, Opened),
                (3, Wait(62), Nothing),
                (61, Wait(62), Nothing),
                (62, Try, Nothing),
                (62, Wait(122), Nothing),
                (70, Succeed, Closed),
                (70, Go, Nothing),
            ],
        );
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let rows: Vec<_> =
            (0..40).map(|n| if n % 5 == 4 { (n, Succeed, Nothing) } else { (n, Fail, Nothing) }).collect();
        assert_eq!(play(RULE, &rows).state(), CircuitState::Closed { failures: 0 });
    }

    #[test]
    fn a_failed_trial_opens_it_again_without_a_second_alarm() {
        let mut rows = vec![(0, Fail, Nothing); 4];
        rows.extend([
            (0, Fail, Opened),
            (60, Try, Nothing),
            (61, Fail, Nothing),
            (61, Wait(121), Nothing),
            (121, Try, Nothing),
            (122, Succeed, Closed),
        ]);
        play(RULE, &rows);
    }

    #[test]
    fn a_late_failure_does_not_keep_it_open_longer_and_a_lost_trial_not_for_ever() {
        let mut rows = vec![(0, Fail, Nothing); 4];
        rows.extend([
            (0, Fail, Opened),
            (30, Fail, Nothing),
            (60, Try, Nothing),
            // Nothing is heard of the trial.
            (119, Wait(120), Nothing),
            (120, Try, Nothing),
        ]);
        play(RULE, &rows);
    }

    #[test]
    fn a_late_answer_does_not_close_it_and_a_trial_that_never_went_makes_room_for_another() {
        let mut rows = vec![(0, Fail, Nothing); 4];
        rows.extend([
            (0, Fail, Opened),
            (30, Succeed, Nothing),
            (31, Wait(60), Nothing),
            (60, Try, Nothing),
            (61, Wait(120), Nothing),
            (62, GiveUp, Nothing),
            (62, Try, Nothing),
            (63, Succeed, Closed),
            (64, GiveUp, Nothing),
            (64, Go, Nothing),
        ]);
        play(RULE, &rows);
    }

    #[test]
    fn one_failure_that_says_all_opens_it_for_as_long_as_it_says() {
        play(
            CircuitRule { failures: 0, ..RULE },
            &[
                (0, Trip(4), Opened),
                // Of calls that were under way: the longest wait counts.
                (1, Trip(10), Nothing),
                (1, Trip(1), Nothing),
                (5, Wait(11), Nothing),
                (11, Try, Nothing),
                (11, Trip(4), Nothing),
                (14, Wait(15), Nothing),
                (14, LookAgain, Nothing),
                (14, Try, Nothing),
                (14, LookAgain, Nothing),
                (14, Wait(74), Nothing),
                (15, Succeed, Closed),
            ],
        );
    }

    #[test]
    fn without_a_number_of_failures_it_never_opens() {
        let rows: Vec<_> = (0..100).flat_map(|n| [(n, Fail, Nothing), (n, Go, Nothing)]).collect();
        play(CircuitRule { failures: 0, ..RULE }, &rows);
    }
}
