//! The time that the simulator lives in.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

/// A clock: what time it is, and how to wait. The host hands in its own to drive the simulator through simulated time.
pub trait SimClock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC. Must never run backwards.
    fn now_ms(&self) -> i64;
    /// Completes when `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// Jumps ahead, and runs `rate` times as fast as the system's clock from then on, where that is given. Answers
    /// whether it can: a clock that another drives can't.
    fn drive(&self, _by: Duration, _rate: Option<f64>) -> bool {
        false
    }
}

/// The fastest that the clock of a simulator of its own runs.
pub(crate) const FASTEST: f64 = 3_600.0;

/// The latest time that a clock is driven to, about the year 8970: what is reckoned from it can still be written as a date.
pub(crate) const LATEST_MS: i64 = 7_000 * 31_556_952_000;

/// The system's time, read once at the start and carried on by the monotonic clock, so that a wall clock that jumps
/// changes neither pace nor limits. It can be driven ahead, and made to run faster.
#[derive(Debug)]
pub struct SimSystemClock {
    going: tokio::sync::watch::Sender<Going>,
}

/// How the clock goes since it was last driven.
#[derive(Clone, Copy, Debug)]
struct Going {
    since: Instant,
    shown: Duration,
    rate: f64,
}

impl Going {
    /// Time since 1970.
    fn now(&self) -> Duration {
        self.shown + self.since.elapsed().mul_f64(self.rate)
    }
}

impl SimSystemClock {
    /// A clock that starts at the system's present time.
    pub fn new() -> Self {
        let shown = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { going: tokio::sync::watch::Sender::new(Going { since: Instant::now(), shown, rate: 1.0 }) }
    }
}

impl Default for SimSystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl SimClock for SimSystemClock {
    fn now_ms(&self) -> i64 {
        i64::try_from(self.going.borrow().now().as_millis()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut changes = self.going.subscribe();
        let until = self.going.borrow().now() + duration;
        Box::pin(async move {
            loop {
                let going = *changes.borrow_and_update();
                let wait = until.saturating_sub(going.now()).div_f64(going.rate);
                if wait.is_zero() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    // The clock is gone with the simulator: the rest is slept as it was.
                    told = changes.changed() => if told.is_err() {
                        return tokio::time::sleep(wait).await;
                    },
                }
            }
        })
    }

    fn drive(&self, by: Duration, rate: Option<f64>) -> bool {
        self.going.send_modify(|going| {
            let shown = going.now() + by;
            let rate = rate.unwrap_or(going.rate).clamp(1.0, FASTEST);
            *going = Going { since: Instant::now(), shown, rate };
        });
        true
    }
}

/// A time as RFC 3339 in UTC.
pub(crate) fn rfc3339(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |t| t.to_string())
}
