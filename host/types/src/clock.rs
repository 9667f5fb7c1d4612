//! The one clock of the house: now, and sleeping until a time.

use crate::Timestamp;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// A future that ends when its time has come.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Now, and sleeping. Handed in everywhere, so that months can pass in a test.
pub trait Clock: Send + Sync + Debug {
    /// The present time. Never runs backwards within one clock.
    fn now(&self) -> Timestamp;

    /// Waits until `time`; ends at once when it is past.
    fn sleep_until(&self, time: Timestamp) -> Sleep<'_>;

    /// The wall's own time, where this clock has one beside it: apart from [`Clock::now`] once the wall's
    /// clock has jumped. A clock that is driven has none.
    fn wall(&self) -> Option<Timestamp> {
        None
    }

    /// Waits for `length`.
    fn sleep(&self, length: Duration) -> Sleep<'_> {
        self.sleep_until(self.now() + length)
    }
}

/// The machine's clock: the wall's time at the start, carried on by the monotonic clock.
///
/// So a wall clock that is set back does not take the host back with it.
#[derive(Debug)]
pub struct SystemClock {
    began: Timestamp,
    instant: Instant,
}

impl SystemClock {
    /// A clock that starts at the wall's time, or at `floor` where the wall is behind it (the latest
    /// time that the store has seen: ledger time never runs backwards, a restart included).
    pub fn not_before(floor: Timestamp) -> Self {
        Self { began: wall_time().max(floor), instant: Instant::now() }
    }

    /// A clock that starts at the wall's time.
    pub fn new() -> Self {
        Self::not_before(Timestamp::default())
    }
}

fn wall_time() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.began + self.instant.elapsed()
    }

    fn wall(&self) -> Option<Timestamp> {
        Some(wall_time())
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        let wait = time.since(self.now());
        Box::pin(tokio::time::sleep(wait))
    }
}

/// The fastest that a driven clock runs: an hour in a second.
pub const FASTEST: f64 = 3_600.0;

/// How a driven clock goes since it was last driven.
#[derive(Clone, Copy, Debug)]
struct Going {
    /// The base's time at that moment,
    base: Timestamp,
    /// what the driven clock showed then,
    shown: Timestamp,
    /// and how many of its seconds a second of the base is, from then on.
    rate: f64,
}

impl Going {
    fn at(&self, base: Timestamp) -> Timestamp {
        self.shown + base.since(self.base).mul_f64(self.rate)
    }
}

/// A clock that is driven from outside, on top of another: it jumps ahead when told, and runs faster
/// when told. Everything that sleeps on it wakes when its time has come.
#[derive(Debug)]
pub struct DrivenClock {
    base: SystemClock,
    going: watch::Sender<Going>,
}

impl DrivenClock {
    /// A clock that goes as `base` does until it is driven.
    pub fn new(base: SystemClock) -> Self {
        let now = base.now();
        Self { base, going: watch::Sender::new(Going { base: now, shown: now, rate: 1.0 }) }
    }

    /// Jumps ahead; returns the time after it.
    pub fn advance(&self, by: Duration) -> Timestamp {
        self.drive(by, None)
    }

    /// Jumps ahead, and from then on runs `rate` times as fast as the machine's clock, where that is
    /// given; at least as fast, and at most [`FASTEST`] times. Returns the time after the jump.
    pub fn drive(&self, by: Duration, rate: Option<f64>) -> Timestamp {
        let mut shown = Timestamp::default();
        // Under the channel's lock, so that two jumps at once are both made.
        self.going.send_modify(|going| {
            let base = self.base.now();
            shown = going.at(base) + by;
            let rate = rate.unwrap_or(going.rate).clamp(1.0, FASTEST);
            *going = Going { base, shown, rate };
        });
        shown
    }

    /// How many of its seconds pass in one of the machine's.
    pub fn rate(&self) -> f64 {
        self.going.borrow().rate
    }
}

impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        // The lock is held over the reading, so that a jump meanwhile does not take time back.
        let going = self.going.borrow();
        going.at(self.base.now())
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        let mut changes = self.going.subscribe();
        Box::pin(async move {
            loop {
                let going = *changes.borrow_and_update();
                let wait = time.since(going.at(self.base.now())).div_f64(going.rate);
                if wait.is_zero() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = changes.changed() => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_jump_wakes_whoever_sleeps() {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let tomorrow = clock.now() + Duration::from_hours(24);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(tomorrow).await }
        });
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        assert!(clock.advance(Duration::from_hours(24)) >= tomorrow);
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.expect("woken").expect("no panic");
    }

    #[tokio::test]
    async fn a_faster_clock_shortens_what_is_slept() {
        let clock = DrivenClock::new(SystemClock::new());
        let before = clock.now();
        clock.drive(Duration::ZERO, Some(FASTEST));
        let began = Instant::now();
        // A tenth of a second at this rate; the bound is for a machine that is busy.
        clock.sleep(Duration::from_mins(6)).await;
        assert!(began.elapsed() < Duration::from_mins(1));
        assert!(clock.now().since(before) >= Duration::from_mins(6));
        // Slowing down takes nothing back.
        let fast = clock.now();
        clock.drive(Duration::ZERO, Some(1.0));
        assert!(clock.now() >= fast);
    }

    #[test]
    fn a_clock_starts_no_earlier_than_the_store_has_seen() {
        let future = SystemClock::new().now() + Duration::from_hours(1);
        assert!(SystemClock::not_before(future).now() >= future);
    }
}
