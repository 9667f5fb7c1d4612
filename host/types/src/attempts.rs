//! How often a job is tried: what an attempt is, what uses none, when a job is given up, and how long the next attempt
//! waits. Whoever counts, ends or waits asks here.
//!
//! An attempt is the guest's own. It begins with a run that finds none open, and ends by what the guest did or a person
//! decided. A run that ends otherwise (a park, a stop of the host, a lost lease, the host's own trouble) leaves it open,
//! and the next run goes on with it.

use crate::words::JobFault;
use crate::{CallErrorKind, Job, JobEvent};
use std::ops::Range;
use std::time::Duration;

/// A job that was at work in this many crashes of the host without a new answer is given up, where it was alone in the
/// last one; else it runs again, alone.
pub const MOST_CRASHES: u32 = 3;
/// Each wait before another attempt is this much longer than the one before.
const BACK_OFF_FACTOR: f64 = 1.5;
/// The share of a back-off that is waited out lies somewhere in here.
pub const BACK_OFF_JITTER: Range<f64> = 0.5..1.0;
/// The longest back-off, as a multiple of the first.
const LONGEST_BACK_OFF: f64 = 1e6;
/// The most attempts that a job from another host may have had.
pub const MOST_ATTEMPTS: u32 = 1_000_000;
/// The word of a guest whose failure no other attempt mends.
const FINAL: &str = "final";

/// A job's attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// How many have begun.
    pub counted: u32,
    /// How many there may be.
    pub most: u32,
    /// Whether the last one is not over.
    pub open: bool,
}

/// What follows an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another attempt.
    Retry,
    /// The job is given up.
    GiveUp,
}

impl Attempts {
    /// Those of a job that runs.
    pub fn of_running(job: &Job) -> Self {
        Self { counted: job.attempts, most: job.max_attempts, open: true }
    }

    /// With the one under which a run begins: that which is open, else another.
    #[must_use]
    pub fn begun(self) -> Self {
        let counted = if self.open { self.counted } else { self.counted.saturating_add(1) };
        Self { counted, open: true, ..self }
    }

    /// What follows the failure of the one that runs.
    pub fn after_failure(self, kind: &str) -> AfterFailure {
        if mends_nothing(kind) || self.counted >= self.most {
            AfterFailure::GiveUp
        } else {
            AfterFailure::Retry
        }
    }

    /// Where a person runs the job again: as many more as a new job has.
    #[must_use]
    pub fn run_again(self, of_a_new_job: u32) -> Self {
        Self { counted: self.counted, most: self.counted.saturating_add(of_a_new_job), open: false }
    }

    /// The wait before the next one, where the first wait is this long. `jitter` is drawn from [`BACK_OFF_JITTER`].
    pub fn back_off(self, first: Duration, jitter: f64) -> Duration {
        let before = i32::try_from(self.counted.saturating_sub(1)).unwrap_or(i32::MAX);
        first.mul_f64((BACK_OFF_FACTOR.powi(before) * jitter).min(LONGEST_BACK_OFF))
    }
}

/// Whether another attempt would fail as this one did.
fn mends_nothing(kind: &str) -> bool {
    [JobFault::INVALID_INPUT, CallErrorKind::OverBudget.name(), FINAL].contains(&kind)
}

impl JobEvent {
    /// Whether it ends the attempt that is open.
    pub fn ends_attempt(self) -> bool {
        match self {
            Self::Succeed | Self::AttemptFailed | Self::Fail | Self::ParentFailed | Self::Cancel => true,
            Self::Due
            | Self::Claim
            | Self::Resume
            | Self::Park
            | Self::LeaseLost
            | Self::RetryByPerson
            | Self::ParentsDone
            | Self::ParentRetried
            | Self::PutOff => false,
        }
    }
}

/// What a job did when its host crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtCrash {
    /// Its call waited for pace or money: nothing of it ran.
    Waiting,
    /// It alone was at work.
    Alone,
    /// So were others.
    AmongOthers,
}

impl AtCrash {
    /// How many crashes in a row it was at work in, this one included.
    pub fn counted(self, before: u32) -> u32 {
        before.saturating_add(u32::from(self != Self::Waiting))
    }

    /// Whether it brings the host down, so that it is given up.
    pub fn is_poison(self, before: u32) -> bool {
        self == Self::Alone && self.counted(before) >= MOST_CRASHES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JobState;

    #[test]
    fn only_the_guest_and_a_person_use_an_attempt() {
        // What ends a run, and how many attempts there are once the next one begins.
        for (event, next) in [
            (JobEvent::Park, 1),
            (JobEvent::LeaseLost, 1),
            (JobEvent::AttemptFailed, 2),
            (JobEvent::Fail, 2),
            (JobEvent::Cancel, 2),
            (JobEvent::Succeed, 2),
        ] {
            let running = Attempts { counted: 0, most: 3, open: false }.begun();
            assert_eq!((running.counted, running.open), (1, true));
            let after = Attempts { open: running.open && !event.ends_attempt(), ..running };
            assert_eq!(after.begun().counted, next, "{event:?}");
        }
    }

    #[test]
    fn no_job_that_is_over_has_an_attempt_open() {
        for state in JobState::ALL {
            for event in JobEvent::ALL {
                let over = state.after(event).is_ok_and(JobState::is_final);
                assert!(!over || event.ends_attempt(), "{state:?} by {event:?}");
            }
        }
    }

    #[test]
    fn a_job_is_given_up_by_the_last_attempt_or_by_what_no_other_mends() {
        use AfterFailure::{GiveUp, Retry};
        for (counted, kind, follows) in [
            (1, "bad-reply", Retry),
            (2, "bad-reply", Retry),
            (3, "bad-reply", GiveUp),
            (4, "bad-reply", GiveUp),
            (1, "internal", Retry),
            (1, "trap", Retry),
            (1, "invalid-input", GiveUp),
            (1, "over-budget", GiveUp),
            (1, "final", GiveUp),
        ] {
            let attempts = Attempts { counted, most: 3, open: true };
            assert_eq!(attempts.after_failure(kind), follows, "attempt {counted}: {kind}");
        }
    }

    #[test]
    fn a_person_gives_as_many_more_as_a_new_job_has() {
        let failed = Attempts { counted: 3, most: 3, open: false };
        let again = failed.run_again(3);
        assert_eq!(again, Attempts { counted: 3, most: 6, open: false });
        assert_eq!(again.begun().after_failure("bad-reply"), AfterFailure::Retry);
        assert_eq!(Attempts { counted: u32::MAX, ..failed }.run_again(3).begun().counted, u32::MAX);
    }

    #[test]
    fn waits_grow_by_half_and_stay_bounded() {
        let first = Duration::from_secs(2);
        let wait = |counted| Attempts { counted, most: 9, open: true }.back_off(first, 1.0).as_secs_f64();
        for (counted, seconds) in [(0, 2.0), (1, 2.0), (2, 3.0), (3, 4.5), (4, 6.75)] {
            assert!((wait(counted) - seconds).abs() < 1e-6, "{counted}: {}", wait(counted));
        }
        for counted in [100, u32::MAX] {
            assert!((wait(counted) - 2e6).abs() < 1e-3, "{}", wait(counted));
        }
        let shortest = Attempts { counted: 2, most: 9, open: true }.back_off(first, BACK_OFF_JITTER.start);
        assert_eq!(shortest, Duration::from_millis(1_500));
    }

    #[test]
    fn a_job_is_poison_where_it_was_alone_in_the_last_of_three_crashes() {
        use AtCrash::{Alone, AmongOthers, Waiting};
        for (before, was, counted, poison) in [
            (0, Alone, 1, false),
            (1, Alone, 2, false),
            (2, Alone, 3, true),
            (2, AmongOthers, 3, false),
            (3, AmongOthers, 4, false),
            (3, Alone, 4, true),
            (2, Waiting, 2, false),
            (3, Waiting, 3, false),
        ] {
            assert_eq!((was.counted(before), was.is_poison(before)), (counted, poison), "{before}, {was:?}");
        }
    }
}
