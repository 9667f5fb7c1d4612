//! Standard output and standard error of a guest: lines of the job's log.

use crate::limits::LOG_LINE_BYTES;
use crate::log::JobLog;
use anvil_types::LogLevel;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes that a guest may write in one go.
const PERMIT: usize = 64 * 1024;

/// The tail of standard error that is kept to explain a trap: a panic's message is written there.
const TAIL_LINES: usize = 4;

/// One of a guest's two outputs.
#[derive(Clone)]
pub(crate) struct Output(Arc<Shared>);

struct Shared {
    log: Arc<JobLog>,
    source: &'static str,
    level: LogLevel,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
    /// The rest of a line whose beginning has been logged is skipped.
    overlong: bool,
    tail: Vec<String>,
}

impl Output {
    pub(crate) fn stdout(log: Arc<JobLog>) -> Self {
        Self::new(log, "stdout", LogLevel::Info)
    }

    pub(crate) fn stderr(log: Arc<JobLog>) -> Self {
        Self::new(log, "stderr", LogLevel::Warn)
    }

    fn new(log: Arc<JobLog>, source: &'static str, level: LogLevel) -> Self {
        Self(Arc::new(Shared { log, source, level, lines: Mutex::default() }))
    }

    /// Logs a line that has begun and has no end.
    pub(crate) fn finish(&self) {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.begun.is_empty() {
            self.end_line(&mut lines);
        }
    }

    /// The last lines, for the message of a trap.
    pub(crate) fn tail(&self) -> Vec<String> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).tail.clone()
    }

    fn take(&self, bytes: &[u8]) {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = LOG_LINE_BYTES.saturating_sub(lines.begun.len());
            if !lines.overlong {
                lines.begun.extend_from_slice(&text[..text.len().min(room)]);
                if text.len() > room {
                    lines.overlong = true;
                }
            }
            if ended {
                self.end_line(&mut lines);
            }
        }
    }

    fn end_line(&self, lines: &mut Lines) {
        if lines.overlong {
            whole_characters(&mut lines.begun);
        }
        let line = String::from_utf8_lossy(&lines.begun).trim_end_matches('\r').to_owned();
        lines.begun.clear();
        lines.overlong = false;
        self.0.log.text(self.0.source, self.0.level, &line);
        if !line.trim().is_empty() {
            if lines.tail.len() == TAIL_LINES {
                lines.tail.remove(0);
            }
            lines.tail.push(line);
        }
    }
}

/// Takes the beginning of a character off the end of a line that was cut in the middle of it.
fn whole_characters(line: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(line)
        && error.error_len().is_none()
    {
        line.truncate(error.valid_up_to());
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_between_two_characters() {
        for (text, kept) in [("ab日", "ab日"), ("日本", "日本"), ("é🚀", "é🚀"), ("\u{fffd}", "\u{fffd}")]
        {
            let mut line = text.as_bytes().to_vec();
            whole_characters(&mut line);
            assert_eq!(String::from_utf8_lossy(&line), kept);
            line.pop();
            whole_characters(&mut line);
            let cut = String::from_utf8(line).expect("whole characters");
            assert!(text.starts_with(&cut) && cut.len() < text.len());
        }
    }
}
