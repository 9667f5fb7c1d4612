//! The time that the simulator lives in.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

/// A clock: what time it is, and how to wait. The host hands in its own to drive the simulator through simulated time.
pub trait SimClock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC. Must never run backwards.
    fn now_ms(&self) -> i64;
    /// Completes when `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The system's time, read once at the start and carried on by the monotonic clock, so that a wall clock that jumps
/// changes neither pace nor limits.
#[derive(Debug)]
pub struct SystemClock {
    start_ms: i64,
    start: Instant,
}

impl SystemClock {
    /// A clock that starts at the system's present time.
    pub fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX), start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl SimClock for SystemClock {
    fn now_ms(&self) -> i64 {
        self.start_ms.saturating_add(i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A time as RFC 3339 in UTC.
pub(crate) fn rfc3339(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |t| t.to_string())
}
