//! What a guest writes, on its way to the job's log.

use crate::gauge::Gauge;
use crate::limits::LOG_LINE_BYTES;
use crate::{AttemptLimits, JobHost};
use anvil_types::LogLevel;
use std::sync::{Arc, Mutex, PoisonError};

/// One attempt's log: `job.log`, standard output and standard error share its limits. What is beyond
/// them is dropped and counted; it never traps the guest.
pub(crate) struct JobLog {
    host: Option<Arc<dyn JobHost>>,
    room: Mutex<Room>,
    gauge: Arc<Gauge>,
}

struct Room {
    lines: u32,
    bytes: usize,
    dropped_lines: u64,
    dropped_bytes: u64,
}

impl JobLog {
    pub(crate) fn new(host: Option<Arc<dyn JobHost>>, limits: &AttemptLimits, gauge: Arc<Gauge>) -> Self {
        let room =
            Room { lines: limits.log_lines, bytes: limits.log_bytes, dropped_lines: 0, dropped_bytes: 0 };
        Self { host, room: Mutex::new(room), gauge }
    }

    /// Takes what a guest logged in one go: as a rule one line.
    pub(crate) fn text(&self, source: &'static str, level: LogLevel, text: &str) {
        let text = cut(text, LOG_LINE_BYTES);
        if text.is_empty() {
            self.line(source, level, text);
        }
        text.lines().for_each(|line| self.line(source, level, line));
    }

    fn line(&self, source: &'static str, level: LogLevel, line: &str) {
        let Some(host) = &self.host else { return };
        let fits = {
            let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = room.lines > 0 && room.bytes >= line.len();
            if fits {
                room.lines -= 1;
                room.bytes -= line.len();
            } else {
                // After the first line that does not fit none does: a log with holes misleads.
                room.lines = 0;
                room.dropped_lines += 1;
                room.dropped_bytes += line.len() as u64;
            }
            fits
        };
        if fits {
            self.gauge.line(line.len());
            host.log(source, level, line.to_owned());
        }
    }

    /// Says once, at the end, what was dropped.
    pub(crate) fn close(&self) {
        let (lines, bytes) = {
            let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut room.dropped_lines), std::mem::take(&mut room.dropped_bytes))
        };
        if let (Some(host), true) = (&self.host, lines > 0) {
            let line =
                format!("[{lines} more lines ({bytes} bytes) were dropped: the log's limit is reached]");
            host.log("guest", LogLevel::Warn, line);
        }
    }
}

/// The longest part of `text` of at most `bytes` that ends between two characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
