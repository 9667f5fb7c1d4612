//! A live line while a job is waited for.

use crate::answer::Answer;
use crate::client::Client;
use crate::failure::Failure;
use crate::show::{clean, first_line};
use crate::watch::{Change, Watch};
use anvil_types::{Event, EventKind, Job, JobState, Nanodollars};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;

/// Waits until the job is done; none where the wait was interrupted.
pub(super) async fn wait(client: &Client, id: &str, quiet: bool) -> Result<Option<Answer<Job>>, Failure> {
    let mut line = Line::new(quiet);
    let mut watch = Watch::new(client, id);
    let mut change = Change::Look;
    loop {
        let look = match &change {
            Change::Event(event) => line.event(event.as_ref()),
            Change::Text(text) => line.text(text),
            Change::Look => true,
        };
        if look {
            match watch.look().await? {
                Some(answer) => {
                    let job = answer.read()?;
                    if job.state.is_final() {
                        line.end();
                        return Ok(Some(answer));
                    }
                    line.job(&job);
                }
                None => line.away(),
            }
        }
        change = tokio::select! {
            change = watch.next() => change,
            _ = tokio::signal::ctrl_c() => {
                line.end();
                return Ok(None);
            }
        };
    }
}

/// What is shown: a bar on a terminal, else a line whenever something changes.
struct Line {
    bar: Option<ProgressBar>,
    lines: bool,
    said: String,
    /// Characters of the answer that Claude writes now.
    written: usize,
}

impl Line {
    fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
            // The template is fixed; where it were wrong, the usual one serves.
            let style = ProgressStyle::with_template("{spinner} {elapsed} [{bar:20}] {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, lines: !terminal && !quiet, said: String::new(), written: 0 }
    }

    /// Shows an event; whether the job itself has to be looked at.
    fn event(&mut self, event: Option<&Event>) -> bool {
        let Some(Event { kind: EventKind::Progress { fraction, line }, .. }) = event else { return true };
        self.show(Some(*fraction), &format!("running: {}", first_line(line, 100)));
        false
    }

    /// Counts the text that streams; a line of its own only on a terminal.
    fn text(&mut self, piece: &str) -> bool {
        self.written += piece.chars().count();
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} · {} characters written", self.said, self.written));
        }
        false
    }

    fn job(&mut self, job: &Job) {
        let detail = match job.state {
            JobState::Running => job.progress_line.as_deref(),
            _ => job.waiting_for.as_ref().map(|wait| wait.detail.as_str()),
        };
        let mut said = match detail.unwrap_or_default() {
            "" => job.state.to_string(),
            detail => format!("{}: {}", job.state, first_line(detail, 100)),
        };
        if job.attempts > 1 {
            said = format!("{said} · attempt {}", job.attempts);
        }
        if job.cost > Nanodollars::ZERO && self.bar.is_some() {
            said = format!("{said} · {}", job.cost);
        }
        self.show(job.progress, &said);
    }

    fn away(&mut self) {
        self.show(None, "the host does not answer; the job is safe with it, so the wait goes on");
    }

    fn show(&mut self, fraction: Option<f64>, said: &str) {
        let said = clean(said);
        if let Some(bar) = &self.bar {
            bar.set_position(percent(fraction.unwrap_or(0.0)).max(bar.position()));
            bar.set_message(said.clone());
        } else if self.lines && said != self.said {
            eprintln!("{said}");
        }
        self.said = said;
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100 first")]
fn percent(fraction: f64) -> u64 {
    (fraction * 100.0).clamp(0.0, 100.0) as u64
}
