//! What a guest says while it runs: log lines and progress, gathered and written in few transactions.

use anvil_store::{Store, StoreError};
use anvil_types::words::JobNote;
use anvil_types::{Lease, LogLevel, LogLine, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A guest that writes faster than the store takes it is told by a dropped line, not by memory.
const MOST_PENDING: usize = 20_000;
/// How often progress is written at most: each time is a row, and an event for everyone who looks.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Pending {
    lines: Vec<LogLine>,
    progress: Option<(f64, String)>,
    dropped: u64,
    /// What was written of its progress last, and when.
    told: Option<((f64, String), Instant)>,
}

impl Pending {
    /// The progress that is to be written now.
    fn take_progress(&mut self, last: bool) -> Option<(f64, String)> {
        let now = Instant::now();
        let is_new = |told: &(f64, String)| self.progress.as_ref().is_some_and(|progress| progress != told);
        match &self.told {
            Some((told, _)) if !is_new(told) => {
                self.progress = None;
                return None;
            }
            Some((_, at)) if !last && now - *at < PROGRESS_EVERY => return None,
            _ => {}
        }
        let progress = self.progress.take()?;
        self.told = Some((progress.clone(), now));
        Some(progress)
    }
}

/// What one attempt has said and is not written yet.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    lease: Lease,
    attempt: u32,
    store: Arc<dyn Store>,
    pending: Mutex<Pending>,
    // One writer at a time, so that lines keep their order.
    writing: tokio::sync::Mutex<()>,
}

impl LogBuffer {
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

    /// Writes what has gathered, progress as often as that may be written. A lost lease loses it: another attempt
    /// tells the job's story now.
    pub(crate) async fn flush(&self, now: Timestamp) {
        self.write(now, false).await;
    }

    /// Writes all that has gathered: no more follows.
    pub(crate) async fn finish(&self, now: Timestamp) {
        self.write(now, true).await;
    }

    async fn write(&self, now: Timestamp, last: bool) {
        let _writing = self.writing.lock().await;
        let (mut lines, dropped, progress) = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let progress = pending.take_progress(last);
            (std::mem::take(&mut pending.lines), std::mem::take(&mut pending.dropped), progress)
        };
        if dropped > 0 {
            lines.push(LogLine {
                seq: 0,
                at: now,
                attempt: self.attempt,
                level: LogLevel::Warn,
                source: "host".to_owned(),
                line: JobNote::LinesDropped { count: dropped }.to_string(),
            });
        }
        if !lines.is_empty() {
            self.told(self.store.append_log(self.lease, lines).await);
        }
        if let Some((fraction, line)) = progress {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_written_once_a_second_where_it_is_new_and_at_the_end() {
        let mut pending = Pending::default();
        assert_eq!(pending.take_progress(false), None);
        pending.progress = Some((0.1, "one".into()));
        assert_eq!(pending.take_progress(false), Some((0.1, "one".into())), "the first comes at once");
        pending.progress = Some((0.2, "two".into()));
        assert_eq!(pending.take_progress(false), None, "the next waits for its second");
        assert_eq!(pending.take_progress(true), Some((0.2, "two".into())), "and the last is not lost");
        pending.progress = Some((0.2, "two".into()));
        assert_eq!(pending.take_progress(true), None, "what is not new is not written");
    }
}
