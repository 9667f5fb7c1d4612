//! What a guest says while it runs: log lines and progress, gathered and written in few transactions.

use anvil_store::{Store, StoreError};
use anvil_types::{Lease, LogLevel, LogLine, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// A guest that writes faster than the store takes it is told by a dropped line, not by memory.
const MOST_PENDING: usize = 20_000;

#[derive(Debug, Default)]
struct Pending {
    lines: Vec<LogLine>,
    progress: Option<(f64, String)>,
    dropped: u64,
}

/// The notes of one attempt.
#[derive(Debug)]
pub(crate) struct Notes {
    lease: Lease,
    attempt: u32,
    store: Arc<dyn Store>,
    pending: Mutex<Pending>,
    // One writer at a time, so that lines keep their order.
    writing: tokio::sync::Mutex<()>,
}

impl Notes {
    pub(crate) fn new(lease: Lease, attempt: u32, store: Arc<dyn Store>) -> Self {
        Self { lease, attempt, store, pending: Mutex::default(), writing: tokio::sync::Mutex::new(()) }
    }

    pub(crate) fn line(&self, at: Timestamp, source: &str, level: LogLevel, line: String) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.lines.len() >= MOST_PENDING {
            pending.dropped += 1;
            return;
        }
        pending.lines.push(LogLine {
            seq: 0,
            at,
            attempt: self.attempt,
            level,
            source: source.to_owned(),
            line,
        });
    }

    pub(crate) fn progress(&self, fraction: f64, line: String) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).progress = Some((fraction, line));
    }

    /// Writes what has gathered. A lost lease loses it: another attempt tells the job's story now.
    pub(crate) async fn flush(&self, now: Timestamp) {
        let _writing = self.writing.lock().await;
        let mut pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if pending.dropped > 0 {
            pending.lines.push(LogLine {
                seq: 0,
                at: now,
                attempt: self.attempt,
                level: LogLevel::Warn,
                source: "host".to_owned(),
                line: format!(
                    "{} lines came faster than they can be stored, and were dropped",
                    pending.dropped
                ),
            });
        }
        if !pending.lines.is_empty() {
            self.told(self.store.append_log(self.lease, pending.lines).await);
        }
        if let Some((fraction, line)) = pending.progress {
            self.told(self.store.progress(self.lease, fraction, &line).await);
        }
    }

    fn told(&self, written: Result<(), StoreError>) {
        if let Err(error) = written
            && !matches!(error, StoreError::LeaseLost | StoreError::Refused(_))
        {
            tracing::warn!(job = %self.lease.job, %error, "a job's log or progress could not be written");
        }
    }
}
