//! The wall clock of one attempt, which stands still while the guest waits for Claude.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug)]
struct Reading {
    counted: Duration,
    /// What passed while it stood.
    waited: Duration,
    /// Since when it runs, or would if nothing waited.
    since: Instant,
    /// How many waits make it stand.
    waits: u32,
}

impl Reading {
    /// Counts up to now.
    fn count(&mut self) {
        let now = Instant::now();
        let passed = if self.waits == 0 { &mut self.counted } else { &mut self.waited };
        *passed += now - self.since;
        self.since = now;
    }
}

/// Counts the time that a limit on wall time is about.
#[derive(Debug)]
pub(crate) struct WallMeter {
    reading: Mutex<Reading>,
    changed: Notify,
}

impl WallMeter {
    /// Starts to count.
    pub(crate) fn started() -> Self {
        let reading =
            Reading { counted: Duration::ZERO, waited: Duration::ZERO, since: Instant::now(), waits: 0 };
        Self { reading: Mutex::new(reading), changed: Notify::new() }
    }

    /// What it has counted so far, and for how long it stood.
    pub(crate) fn read(&self) -> (Duration, Duration) {
        let mut reading = self.lock();
        reading.count();
        (reading.counted, reading.waited)
    }

    /// Returns when `limit` has been counted.
    pub(crate) async fn spent(&self, limit: Duration) {
        loop {
            let changed = self.changed.notified();
            let deadline = {
                let reading = self.lock();
                (reading.waits == 0).then(|| reading.since + limit.saturating_sub(reading.counted))
            };
            match deadline {
                // The clock may have stood for a while by then: look again.
                Some(deadline) if deadline > Instant::now() => tokio::time::sleep_until(deadline).await,
                Some(_) => return,
                None => changed.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a job's host say when its guest waits by no doing of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WallClock(Arc<WallMeter>);

impl WallClock {
    pub(crate) fn of(meter: Arc<WallMeter>) -> Self {
        Self(meter)
    }

    /// A clock that nobody looks at: for a job's host that is asked outside of a sandbox.
    pub fn unwatched() -> Self {
        Self(Arc::new(WallMeter::started()))
    }

    /// Stands until the guard is dropped: for as long as a call waits for Claude, pace or money, and no longer.
    pub fn waits(&self) -> Waits {
        let mut reading = self.0.lock();
        reading.count();
        reading.waits += 1;
        drop(reading);
        Waits(Arc::clone(&self.0))
    }
}

/// While it lives the clock stands.
#[must_use]
#[derive(Debug)]
pub struct Waits(Arc<WallMeter>);

impl Drop for Waits {
    fn drop(&mut self) {
        let mut reading = self.0.lock();
        reading.count();
        reading.waits = reading.waits.saturating_sub(1);
        drop(reading);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_claude_does_not_count() {
        let meter = Arc::new(WallMeter::started());
        let clock = WallClock::of(Arc::clone(&meter));
        let began = Instant::now();
        let work = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            {
                // Several calls at once: it stands until the last of them has its answer.
                let first = clock.waits();
                tokio::time::sleep(Duration::from_mins(20)).await;
                let last = clock.waits();
                tokio::time::sleep(Duration::from_mins(10)).await;
                drop(first);
                tokio::time::sleep(Duration::from_mins(30)).await;
                drop(last);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => unreachable!("it never ends"),
            () = meter.spent(Duration::from_secs(5)) => {}
        }
        assert_eq!(began.elapsed(), Duration::from_secs(3605));
        assert_eq!(meter.read(), (Duration::from_secs(5), Duration::from_hours(1)));
    }
}
