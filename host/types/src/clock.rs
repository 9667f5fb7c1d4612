//! The one clock of the house: now, and sleeping until a time.

use crate::Timestamp;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
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
    /// clock has jumped.
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

/// A clock that is driven from outside, on top of another: it goes on as the other does, and jumps
/// forward when told. Everything that sleeps on it wakes when its time has come.
#[derive(Debug)]
pub struct DrivenClock {
    base: SystemClock,
    ahead: watch::Sender<Duration>,
    // A sum of jumps is made under this lock, so that two at once do not lose one.
    jumping: Mutex<()>,
}

impl DrivenClock {
    /// A clock that goes as `base` does until it is driven.
    pub fn new(base: SystemClock) -> Self {
        Self { base, ahead: watch::Sender::new(Duration::ZERO), jumping: Mutex::new(()) }
    }

    /// Jumps ahead; returns the time after it.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let _jumping = self.jumping.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.ahead.send_modify(|ahead| *ahead = ahead.saturating_add(by));
        self.now()
    }
}

impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        self.base.now() + *self.ahead.borrow()
    }

    fn wall(&self) -> Option<Timestamp> {
        self.base.wall().map(|wall| wall + *self.ahead.borrow())
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        let mut jumps = self.ahead.subscribe();
        Box::pin(async move {
            loop {
                let wait = time.since(self.base.now() + *jumps.borrow_and_update());
                if wait.is_zero() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = jumps.changed() => {}
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

    #[test]
    fn a_clock_starts_no_earlier_than_the_store_has_seen() {
        let future = SystemClock::new().now() + Duration::from_hours(1);
        assert!(SystemClock::not_before(future).now() >= future);
    }
}
