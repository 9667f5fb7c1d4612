//! A clock that can be stopped together with all that look at it.

use anvil_types::clock::Sleep;
use anvil_types::{Clock, Timestamp};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A clock at which everybody who looks stands still, thread and all, from [`stall`](Self::stall) until
/// [`wake`](Self::wake): what stands on it is as a process that the system gives no time.
#[derive(Debug)]
pub(crate) struct StallingClock {
    clock: Arc<dyn Clock>,
    stalled: Mutex<bool>,
    woken: Condvar,
}

impl StallingClock {
    /// A clock that shows what `clock` shows.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, stalled: Mutex::new(false), woken: Condvar::new() }
    }

    /// Whoever looks from now on stands still.
    pub(crate) fn stall(&self) {
        *self.stalled.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// They go on.
    pub(crate) fn wake(&self) {
        *self.stalled.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.woken.notify_all();
    }
}

impl Clock for StallingClock {
    fn now(&self) -> Timestamp {
        let stalled = self.stalled.lock().unwrap_or_else(PoisonError::into_inner);
        let going = self.woken.wait_while(stalled, |stalled| *stalled);
        drop(going.unwrap_or_else(PoisonError::into_inner));
        self.clock.now()
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        Box::pin(async move {
            self.clock.sleep_until(time).await;
            // Who wakes up while it is stalled sees that it is.
            self.now();
        })
    }
}
