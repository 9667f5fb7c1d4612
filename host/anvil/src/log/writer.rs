//! The thread that writes the log's lines. Who logs never waits for who reads: a standard error that nobody reads any
//! more must not hold up a settlement.

use anvil_settings::LogFormat;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written; what comes beyond them is dropped and counted.
const WAITING: usize = 8_192;
/// How long the end of the process waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);
/// A shorter text is no secret, and would blot out ordinary words.
const SHORTEST_SECRET: usize = 8;
const BLOT: &str = "[redacted]";

enum Message {
    Lines(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Hands lines to the thread.
#[derive(Clone)]
pub(super) struct Writer {
    messages: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    secrets: Arc<RwLock<Vec<String>>>,
}

impl Writer {
    /// Starts the thread, which writes to `out`.
    pub(super) fn start(out: impl Write + Send + 'static, format: LogFormat) -> Self {
        let (messages, received) = mpsc::sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = dropped.clone();
        // Without the thread nothing is received, and nothing waits for it either.
        let _ = std::thread::Builder::new()
            .name("anvil-log".to_owned())
            .spawn(move || write_all(&received, out, format, &counted));
        Self { messages, dropped, secrets: Arc::default() }
    }

    /// Blots a secret out of what is written from now on.
    pub(super) fn hide(&self, secret: &str) {
        let secret = secret.trim();
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        if secret.len() >= SHORTEST_SECRET && !secrets.iter().any(|known| known == secret) {
            secrets.push(secret.to_owned());
        }
    }

    /// Has bytes written, some time soon.
    pub(super) fn write(&self, bytes: Vec<u8>) {
        if let Err(TrySendError::Full(_)) = self.messages.try_send(Message::Lines(self.blotted(bytes))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all that was handed over before is written, but not for ever.
    pub(super) fn flush(&self) {
        let until = Instant::now() + PATIENCE;
        let (done, written) = mpsc::sync_channel(1);
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(back)) = self.messages.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = back;
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = written.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    fn blotted(&self, bytes: Vec<u8>) -> Vec<u8> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        if secrets.is_empty() {
            return bytes;
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        for secret in secrets.iter() {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), BLOT);
            }
        }
        text.into_bytes()
    }
}

fn write_all(received: &Receiver<Message>, mut out: impl Write, format: LogFormat, dropped: &AtomicU64) {
    while let Ok(message) = received.recv() {
        // A standard error that is closed ends no host.
        match message {
            Message::Lines(bytes) => {
                let lost = dropped.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let _ = writeln!(out, "{}", lost_line(format, lost));
                }
                let _ = out.write_all(&bytes);
            }
            Message::Flush(done) => {
                let _ = out.flush();
                let _ = done.send(());
            }
        }
    }
}

fn lost_line(format: LogFormat, lost: u64) -> String {
    let said = "nobody read the log in time, and lines of it were dropped";
    match format {
        LogFormat::Human => format!("{said}: {lost}"),
        LogFormat::Json => {
            serde_json::json!({"level": "warn", "target": "anvil::log", "message": said, "lines": lost})
                .to_string()
        }
    }
}

/// One event's line.
pub(super) struct Pending<'a> {
    writer: &'a Writer,
    bytes: Vec<u8>,
}

impl Write for Pending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.writer.write(std::mem::take(&mut self.bytes));
        }
    }
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Pending<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Pending { writer: self, bytes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What was written; while `shut`, nobody reads.
    #[derive(Clone, Default)]
    struct Pipe {
        written: Arc<Mutex<Vec<u8>>>,
        shut: Arc<Mutex<()>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _open = self.shut.lock().expect("the gate");
            self.written.lock().expect("the bytes").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Pipe {
        fn text(&self) -> String {
            String::from_utf8(self.written.lock().expect("the bytes").clone()).expect("text")
        }
    }

    #[test]
    fn lines_come_in_their_order_and_known_secrets_in_none_of_them() {
        let pipe = Pipe::default();
        let writer = Writer::start(pipe.clone(), LogFormat::Human);
        writer.hide("sk-ant-0123456789\n");
        writer.hide("short");
        writer.write(b"key sk-ant-0123456789 in short\n".to_vec());
        writer.write(b"two\n".to_vec());
        writer.flush();
        assert_eq!(pipe.text(), "key [redacted] in short\ntwo\n");
    }

    #[test]
    fn nobody_waits_for_a_reader_that_has_gone_and_what_is_lost_is_counted() {
        let pipe = Pipe::default();
        let writer = Writer::start(pipe.clone(), LogFormat::Json);
        let shut = pipe.shut.lock().expect("the gate");
        // All of these return although nothing can be written.
        for _ in 0..WAITING + 100 {
            writer.write(b"line\n".to_vec());
        }
        drop(shut);
        writer.flush();
        writer.write(b"after\n".to_vec());
        writer.flush();
        let text = pipe.text();
        let lines = text.lines().filter(|line| *line == "line").count();
        assert!(lines >= WAITING, "{lines}");
        let lost = text.lines().find_map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).ok()?;
            json["lines"].as_u64()
        });
        assert_eq!(lines + usize::try_from(lost.expect("the loss is told")).expect("a count"), WAITING + 100);
    }
}
