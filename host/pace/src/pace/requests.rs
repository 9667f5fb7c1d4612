//! Spreads requests over a minute, by `governor`: the exact count of a minute is the pace's own.

use anvil_types::Clock;
use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

/// The house's clock in `governor`'s terms, so that a driven clock drives the pace too.
#[derive(Clone, Debug)]
struct PaceClock(Arc<dyn Clock>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instant(u64);

impl Add<Nanos> for Instant {
    type Output = Self;
    fn add(self, length: Nanos) -> Self {
        Self(self.0.saturating_add(length.as_u64()))
    }
}

impl Reference for Instant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }
    fn saturating_sub(&self, length: Nanos) -> Self {
        Self(self.0.checked_sub(length.as_u64()).unwrap_or(self.0))
    }
}

impl GovernorClock for PaceClock {
    type Instant = Instant;
    fn now(&self) -> Instant {
        Instant(u64::try_from(self.0.now().micros()).unwrap_or(0).saturating_mul(1_000))
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Instant>>;

/// A rate of requests with a burst, so that a limit that is used up in its first second is not followed
/// by a minute in which the most urgent call has to wait.
#[derive(Debug)]
pub(crate) struct RequestRate {
    limiter: Limiter,
    clock: PaceClock,
}

impl RequestRate {
    /// A rate of which one request may leave at once; the rest of its burst is earned.
    pub(crate) fn new(per_minute: u32, burst: u32, clock: &Arc<dyn Clock>) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst));
        let clock = PaceClock(clock.clone());
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        if let Some(unearned) = NonZeroU32::new(burst.saturating_sub(1)) {
            let _ = limiter.check_n(unearned);
        }
        Self { limiter, clock }
    }

    /// Takes one, or tells how long it will be until there is one.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        self.limiter
            .check()
            .map_err(|refused| refused.wait_time_from(self.clock.now()).max(Duration::from_millis(1)))
    }
}
