//! The planner's time: it is where the event is that is looked at.

use anvil_types::clock::Sleep;
use anvil_types::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that shows what it is told, and on which nobody sleeps.
#[derive(Debug)]
pub(crate) struct ToldClock(AtomicI64);

impl ToldClock {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.micros()))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::Relaxed);
    }
}

impl Clock for ToldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn sleep_until(&self, _time: Timestamp) -> Sleep<'_> {
        Box::pin(std::future::pending())
    }
}
