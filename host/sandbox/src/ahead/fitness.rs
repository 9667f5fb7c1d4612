//! Whether a version's instances may be made ahead of its jobs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What speaks for and against making instances of one version ahead. At first it is not in force.
#[derive(Debug, Default)]
pub(crate) struct Fitness {
    is_in_force: AtomicBool,
    is_unfit: AtomicBool,
    came: Mutex<Option<Instant>>,
}

impl Fitness {
    /// Whether they may.
    pub(crate) fn is_fit(&self) -> bool {
        self.is_in_force.load(Ordering::Acquire) && !self.is_unfit.load(Ordering::Relaxed)
    }

    /// Jobs of the version may come, or none does that has not begun on it.
    pub(crate) fn put_in_force(&self, is_in_force: bool) {
        self.is_in_force.store(is_in_force, Ordering::Release);
    }

    /// A job of the version has come: how long after the one before it; none where it is the first.
    pub(crate) fn comes(&self) -> Option<Duration> {
        let now = Instant::now();
        let before = self.came.lock().unwrap_or_else(PoisonError::into_inner).replace(now);
        before.map(|before| now.saturating_duration_since(before))
    }

    /// Its start was seen to do what nobody may do ahead of a job: none is made ahead from here on.
    pub(crate) fn rule_out(&self, why: &str) {
        if !self.is_unfit.swap(true, Ordering::Relaxed) {
            tracing::debug!(why, "no guest of this version is instantiated ahead");
        }
    }
}
