//! The wall clock of one attempt, which stands still while the guest waits for Claude.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug)]
struct Reading {
    counted: Duration,
    /// Since when it runs; none while it stands.
    running: Option<Instant>,
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
        let reading = Reading { counted: Duration::ZERO, running: Some(Instant::now()) };
        Self { reading: Mutex::new(reading), changed: Notify::new() }
    }

    /// Stands until the guard is dropped.
    pub(crate) fn pause(&self) -> Paused<'_> {
        let mut reading = self.lock();
        if let Some(since) = reading.running.take() {
            reading.counted += since.elapsed();
        }
        Paused(self)
    }

    /// Returns when `limit` has been counted.
    pub(crate) async fn spent(&self, limit: Duration) {
        loop {
            let changed = self.changed.notified();
            let deadline = {
                let reading = self.lock();
                reading.running.map(|since| since + limit.saturating_sub(reading.counted))
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

/// While it lives the clock stands.
#[must_use]
pub(crate) struct Paused<'a>(&'a WallMeter);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.lock().running = Some(Instant::now());
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_claude_does_not_count() {
        let meter = WallMeter::started();
        let began = Instant::now();
        let work = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            {
                let _standing = meter.pause();
                tokio::time::sleep(Duration::from_hours(1)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => unreachable!("it never ends"),
            () = meter.spent(Duration::from_secs(5)) => {}
        }
        assert_eq!(began.elapsed(), Duration::from_secs(3605));
    }
}
