//! At which hours of a day calls come that are in no hurry.

use anvil_types::Timestamp;
use std::time::Duration;

const HOURS: i64 = 24;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const MICROS_PER_SECOND: i64 = 1_000_000;

/// How many calls in no hurry come in each hour of a day (UTC), on an average of the latest days: told by the batches that
/// were made of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayShape {
    /// Calls by the hour.
    hours: [f64; 24],
}

impl DayShape {
    /// So far back batches tell of it.
    pub const LATEST: Duration = Duration::from_hours(7 * 24);
    /// So long a first call waits for others in any case: what comes together does not come at the same moment.
    pub const LEAST_WAIT: Duration = Duration::from_secs(30);

    /// By batches, each with the time at which it was made and its calls. None where they are of less than a day.
    pub fn of(batches: impl IntoIterator<Item = (Timestamp, u64)>, now: Timestamp) -> Option<Self> {
        let (mut hours, mut first) = ([0.0; 24], now);
        for (made_at, calls) in batches {
            if made_at <= now && now.since(made_at) <= Self::LATEST {
                first = first.min(made_at);
                #[expect(clippy::cast_precision_loss, reason = "so many calls are told about")]
                let calls = calls as f64;
                hours[hour(made_at)] += calls;
            }
        }
        let days = now.since(first).as_secs_f64() / DAY.as_secs_f64();
        (days >= 1.0).then(|| Self { hours: hours.map(|calls| calls / days) })
    }

    /// How many calls come within so long from now.
    pub fn expected(&self, now: Timestamp, within: Duration) -> f64 {
        let whole_days = within.as_secs() / DAY.as_secs();
        let day: f64 = self.hours.iter().sum();
        let end = now + within;
        #[expect(clippy::cast_precision_loss, reason = "so many days are told about")]
        let mut expected = day * whole_days as f64;
        let mut at = now + DAY * u32::try_from(whole_days).unwrap_or(u32::MAX);
        // Hour by hour, less than a day of them.
        while at < end {
            let next = end.min(hour_after(at));
            expected += self.hours[hour(at)] * next.since(at).as_secs_f64() / HOUR.as_secs_f64();
            at = next;
        }
        expected
    }

    /// How long a first call that has waited since `oldest` is to wait for others, at most `most`: no longer than until
    /// not one more is expected before it has waited so long.
    pub fn wait(&self, oldest: Timestamp, now: Timestamp, most: Duration) -> Duration {
        let waited = now.since(oldest);
        let left = most.saturating_sub(waited);
        if self.expected(now, left) < 1.0 { most.min(waited.max(Self::LEAST_WAIT)) } else { most }
    }
}

fn hours_since_epoch(at: Timestamp) -> i64 {
    at.micros().div_euclid(3_600 * MICROS_PER_SECOND)
}

fn hour(at: Timestamp) -> usize {
    usize::try_from(hours_since_epoch(at).rem_euclid(HOURS)).unwrap_or(0)
}

fn hour_after(at: Timestamp) -> Timestamp {
    Timestamp::from_secs((hours_since_epoch(at) + 1) * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_secs(((20_000 + day) * 24 + hour) * 3_600 + minute * 60)
    }

    /// 120 calls from two to three in each of the two nights before.
    fn nights() -> DayShape {
        DayShape::of([(at(0, 2, 10), 60), (at(0, 2, 50), 60), (at(1, 2, 30), 120)], at(2, 2, 10))
            .expect("two days of it")
    }

    #[test]
    fn it_is_of_the_latest_days_and_of_one_at_least() {
        assert_eq!(DayShape::of([], at(2, 0, 0)), None);
        assert_eq!(DayShape::of([(at(1, 1, 0), 5)], at(2, 0, 59)), None);
        assert!(DayShape::of([(at(1, 1, 0), 5)], at(2, 1, 0)).is_some());
        // What is older, or said to be yet to come, tells nothing.
        assert_eq!(DayShape::of([(at(0, 1, 0), 5), (at(12, 1, 0), 5)], at(8, 1, 0)), None);
    }

    #[test]
    fn what_is_expected_is_of_the_hours_that_lie_within() {
        let shape = nights();
        let near = |expected: f64, wanted: f64| assert!((expected - wanted).abs() < 1e-6, "{expected}");
        near(shape.expected(at(2, 2, 0), MINUTE * 60), 120.0);
        near(shape.expected(at(2, 2, 30), MINUTE * 60), 60.0);
        near(shape.expected(at(2, 1, 59), MINUTE * 2), 2.0);
        near(shape.expected(at(2, 4, 0), MINUTE * 60), 0.0);
        near(shape.expected(at(2, 4, 0), DAY), 120.0);
        near(shape.expected(at(2, 2, 30), DAY * 3 + MINUTE * 30), 3.0 * 120.0 + 60.0);
        near(shape.expected(at(2, 2, 30), Duration::ZERO), 0.0);
    }

    #[test]
    fn nobody_waits_for_what_is_not_expected() {
        let (shape, most) = (nights(), MINUTE * 5);
        // Ten come in five minutes of that hour.
        assert_eq!(shape.wait(at(2, 2, 0), at(2, 2, 0), most), most);
        // Two in the last of them, and in its last second none.
        assert_eq!(shape.wait(at(2, 2, 0), at(2, 2, 4), most), most);
        assert_eq!(shape.wait(at(2, 9, 0), at(2, 9, 0), most), DayShape::LEAST_WAIT);
        assert_eq!(shape.wait(at(2, 9, 0), at(2, 9, 2), most), MINUTE * 2);
        assert_eq!(shape.wait(at(2, 9, 0), at(2, 9, 30), most), most);
        assert_eq!(shape.wait(at(2, 9, 0), at(2, 9, 0), Duration::from_secs(2)), Duration::from_secs(2));
        // The night is expected before a day is over.
        assert_eq!(shape.wait(at(2, 9, 0), at(2, 9, 0), DAY), DAY);
    }
}
