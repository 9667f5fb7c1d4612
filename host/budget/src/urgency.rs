//! The order of waiting, of jobs for a slot as of calls for money and pace: critical ones first; the others by age, of
//! which [`STEP`] is worth a step of priority, so that low priority never starves; after [`MOST_OVERTAKING`] critical ones
//! that overtook others the first of the others has its turn.

use anvil_types::{Priority, Timestamp};
use std::time::Duration;

/// The age that is worth a step of priority.
pub const STEP: Duration = Duration::from_mins(10);
/// After so many critical ones in a row that overtook others, the first of the others has its turn.
pub const MOST_OVERTAKING: u32 = 9;

/// The longest that one waits behind others of its priority that came later, for what their prompts begin with to be read
/// in a model's cache once more before it is gone from there.
pub const WARM_FIRST: Duration = Duration::from_secs(30);

/// The first place of critical ones: before everything, whatever its age.
const CRITICAL: Timestamp = Timestamp::from_micros(0);
const END_OF_TIME: Timestamp = Timestamp::from_micros(i64::MAX);

/// How urgent something is, the more urgent the smaller: the time at which it would be first (its arrival, later for
/// lower priority), then the arrival itself. It never changes while something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency(Timestamp, Timestamp);

impl Urgency {
    /// The place after that of every critical one and before every other.
    pub const LAST_CRITICAL: Self = Self(CRITICAL, END_OF_TIME);

    /// Of what has waited since then with this priority.
    pub fn of(priority: Priority, since: Timestamp) -> Self {
        match priority {
            Priority::Critical => Self(CRITICAL, since),
            _ => Self(since + STEP * u32::from(priority.rank()), since),
        }
    }

    /// Whether nothing but its arrival counts.
    pub fn is_critical(self) -> bool {
        self.0 == CRITICAL
    }

    /// When it came.
    pub fn since(self) -> Timestamp {
        self.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(priority: Priority, minute: u64) -> Urgency {
        Urgency::of(priority, Timestamp::from_secs(1_000_000) + Duration::from_mins(minute))
    }

    #[test]
    fn age_makes_up_for_priority_but_never_for_critical() {
        let mut order = [
            at(Priority::Low, 0),
            at(Priority::Normal, 15),
            at(Priority::Normal, 5),
            at(Priority::Critical, 40),
            at(Priority::High, 3),
        ];
        order.sort();
        let minutes =
            order.map(|urgency| urgency.since().since(Timestamp::from_secs(1_000_000)).as_secs() / 60);
        assert_eq!(minutes, [40, 3, 5, 0, 15]);
    }

    #[test]
    fn every_critical_one_comes_before_the_others() {
        assert!(at(Priority::Critical, 1_000) < Urgency::LAST_CRITICAL);
        assert!(Urgency::LAST_CRITICAL < at(Priority::High, 0));
        assert!(at(Priority::Critical, 0).is_critical() && !at(Priority::High, 0).is_critical());
    }
}
