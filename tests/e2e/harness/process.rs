//! A program that runs beside the test.

use rustix::process::{Pid, Signal, kill_process};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// A program that runs, with all that it said. It is killed when this is dropped; in a test that fails, what it said is
/// shown.
pub(crate) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    logged: Arc<Mutex<String>>,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (said, logged) = (Arc::default(), Arc::default());
        let (out, lines) = mpsc::unbounded_channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        tokio::spawn(listen(stdout, [Arc::clone(&said), Arc::default()], Some(out)));
        tokio::spawn(listen(stderr, [Arc::clone(&said), Arc::clone(&logged)], None));
        Self { child, said, logged, lines }
    }

    /// All that it said so far, on both outputs.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it said so far on its standard error.
    pub(crate) fn logged(&self) -> String {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next line of its standard output that contains `mark`.
    pub(crate) async fn line(&mut self, mark: &str, within: Duration) -> String {
        let found = tokio::time::timeout(within, async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(mark) {
                    return Some(line);
                }
            }
            None
        });
        let found = found
            .await
            .unwrap_or_else(|_| panic!("no line with `{mark}` within {within:?}:\n{}", self.said()));
        found.unwrap_or_else(|| panic!("it ended without a line with `{mark}`:\n{}", self.said()))
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("nobody has waited for its end")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id().cast_signed()).expect("an id of a process is not 0");
        kill_process(id, signal).expect("a child can be told");
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().await.expect("a child can be killed");
        self.said()
    }

    /// SIGTERM, and waits until it has ended by itself.
    pub(crate) async fn terminate(self, within: Duration) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        self.end(within).await
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn end(mut self, within: Duration) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("it did not end within {within:?}:\n{}", self.said()));
        // What it said last is read once its output is closed.
        while self.lines.recv().await.is_some() {}
        (status.expect("a child can be waited for"), self.said())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?} said:\n{}", self.child, self.said());
        }
    }
}

async fn listen(
    from: impl AsyncRead + Unpin,
    keep: [Arc<Mutex<String>>; 2],
    to: Option<mpsc::UnboundedSender<String>>,
) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        for kept in &keep {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&line);
            kept.push('\n');
        }
        if let Some(to) = &to {
            // The test may have no use for lines any more.
            let _ = to.send(line);
        }
    }
}
