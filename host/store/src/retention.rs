//! How long the past is kept.

use std::time::Duration;

/// How long the past is kept. The ledger is kept for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A finished job, with all that hangs on it.
    pub finished_for: Duration,
    /// The most finished jobs.
    pub finished_jobs: u64,
    /// A resolved alert, with what was sent of it.
    pub alerts_for: Duration,
}

/// What one batch took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Jobs.
    pub jobs: u64,
    /// Alerts.
    pub alerts: u64,
    /// There is more to take out.
    pub more: bool,
}
