//! When a message that did not arrive is sent again.

use crate::send::Answer;
use anvil_store::DeliveryNext;
use anvil_types::Timestamp;
use std::time::Duration;

/// How long after a try the next one comes: the schedule of the specification. The first try is at
/// once, so there are ten.
const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The longest wait that a receiver may ask for.
const LONGEST: Duration = Duration::from_hours(24);

/// The most that jitter adds, as a part of the wait: receivers that failed together are not called
/// together.
const JITTER: f64 = 0.1;

/// What follows a try: `tries` were made before it, `jitter` is from 0 to 1.
pub(crate) fn after(answer: &Answer, url: &str, tries: u32, now: Timestamp, jitter: f64) -> DeliveryNext {
    let retry_after = match answer {
        Answer::Status { status: 200..=299, .. } => return DeliveryNext::Delivered,
        Answer::Status { status: 410, .. } => return DeliveryNext::DisableWebhook { url: url.to_owned() },
        Answer::Status { retry_after, .. } => *retry_after,
        Answer::None { .. } => None,
    };
    let Some(wait) = usize::try_from(tries).ok().and_then(|tries| WAITS.get(tries)) else {
        return DeliveryNext::GiveUp;
    };
    // A receiver may ask for more patience than the schedule has, but not for haste.
    let asked = retry_after.unwrap_or_default().min(LONGEST);
    DeliveryNext::RetryAt(now + wait.mul_f64(1.0 + JITTER * jitter.clamp(0.0, 1.0)).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after_s: Option<u64>) -> Answer {
        let retry_after = retry_after_s.map(Duration::from_secs);
        Answer::Status { status, retry_after, said: String::new() }
    }

    fn wait(answer: &Answer, tries: u32, jitter: f64) -> Option<u64> {
        let now = Timestamp::from_secs(1_000);
        match after(answer, "u", tries, now, jitter) {
            DeliveryNext::RetryAt(at) => Some(at.since(now).as_secs()),
            DeliveryNext::GiveUp => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_dead_receiver_is_tried_on_the_schedule_of_the_specification() {
        let waits: Vec<_> = (0..10).map(|tries| wait(&status(500, None), tries, 0.0)).collect();
        let schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        assert_eq!(waits[..9], schedule.map(Some));
        assert_eq!(waits[9], None, "the tenth try is the last");
        let none = Answer::None { why: "nobody listens".to_owned() };
        assert_eq!(wait(&none, 1, 1.0), Some(330), "with all the jitter");
    }

    #[test]
    fn retry_after_is_obeyed_within_a_day() {
        for (asked, tries, waits) in [(60, 0, 60), (60, 1, 300), (0, 0, 5), (1_000_000, 0, 86_400)] {
            assert_eq!(wait(&status(429, Some(asked)), tries, 0.0), Some(waits), "{asked}");
        }
        assert_eq!(wait(&status(503, Some(60)), 9, 0.0), None);
    }

    #[test]
    fn two_hundreds_arrive_redirects_fail_and_gone_is_gone() {
        let next = |code| after(&status(code, None), "u", 0, Timestamp::default(), 0.0);
        for code in [200, 201, 202, 204, 299] {
            assert_eq!(next(code), DeliveryNext::Delivered, "{code}");
        }
        for code in [100, 199, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 504] {
            assert!(matches!(next(code), DeliveryNext::RetryAt(_)), "{code}");
        }
        assert_eq!(next(410), DeliveryNext::DisableWebhook { url: "u".to_owned() });
    }
}
