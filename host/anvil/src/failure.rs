//! What ends a command, and the exit code that says so.

use crate::show::{clean, clean_lines, indented};
use anvil_types::{clip, clip_at};
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// The exit codes, as `anvil --help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --wait: the job succeeded
  1  the job failed, a replay differs, the doctor found something wrong, or something went wrong here
     (a file, a port)
  2  the command line or the settings are wrong
  3  the job was cancelled
  4  the host cannot be reached
  5  the host refused (the request is wrong, not allowed, or over a limit); with --bulk: some of it
  6  the host failed";

/// What is said where the host ended the connection before its reason came: it does while more is sent than it takes.
const TOO_MUCH: &str = "more was sent than it takes. The files of a job are bounded by jobs.input_files, \
    jobs.input_file_bytes and jobs.input_bytes, any other body by server.max_body_bytes";

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Done,
    /// The job that it waited for failed.
    JobFailed,
    /// What it compared is not the same.
    Different,
    /// Something is wrong here, and each is told of.
    Unwell,
    /// The job that it waited for was cancelled.
    JobCancelled,
    /// Of many, some were refused; each is told of.
    SomeRefused,
    /// It was interrupted while it waited; the job goes on.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::JobFailed | Exit::Different | Exit::Unwell => 1,
            Exit::JobCancelled => 3,
            Exit::SomeRefused => 5,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the settings are wrong.
    Usage(String),
    /// The host cannot be reached.
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The host refused, or failed.
    Problem(Problem),
    /// The host's answer has a word that this version does not know.
    Unread {
        /// Which.
        reason: String,
        /// The answer.
        json: String,
    },
    /// Whoever read the output has closed it.
    OutputClosed,
    /// Anything else.
    Other(anyhow::Error),
}

/// Characters of what a host says that are shown.
const LONGEST_DETAIL: usize = 4_000;

/// An error of the host: `application/problem+json`, or whatever else came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// The last part of its `type`, as in `queue-full`.
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) retry_after_s: Option<u64>,
}

impl Problem {
    /// Reads an error's body.
    pub(crate) fn read(status: u16, body: &str) -> Self {
        let told =
            serde_json::from_str::<anvil_api::Problem>(body).ok().filter(|told| !told.title.is_empty());
        // Something between here and the host answers, or a host of another kind: shown as it came.
        let Some(told) = told else {
            let start = if body.len() > 300 && body.trim_start().starts_with('<') {
                "what answers there is a page, and not the API of an Anvil host".to_owned()
            } else if status == 413 && body.trim().is_empty() {
                TOO_MUCH.to_owned()
            } else {
                clean(&body.chars().take(300).collect::<String>())
            };
            let title = format!("the host answered {status}");
            return Self { status, slug: String::new(), title, detail: start, retry_after_s: None };
        };
        let slug = told.kind.rsplit([':', '/']).next().unwrap_or_default();
        Self {
            status,
            slug: clean(slug),
            title: clean(&told.title),
            detail: clip_at(&clean(&told.detail), LONGEST_DETAIL),
            retry_after_s: told.retry_after,
        }
    }

    fn next(&self) -> Option<String> {
        let next = match (self.status, self.slug.as_str()) {
            (401, _) => {
                "set ANVIL_TOKEN, or name the host's data folder with --data (its token is in DIR/token)"
            }
            (_, "unknown-agent" | "no-such-agent") => "`anvil agents list` shows the agents",
            (_, "unknown-action" | "invalid-payload") => {
                "`anvil agents show AGENT` shows its actions and their schemas"
            }
            (_, "queue-full") => {
                "`anvil jobs list --state queued` shows what waits; `anvil status` shows why"
            }
            (_, "invalid-answer") => {
                "`anvil questions show ID` shows what it takes; what has a schema is answered with --value JSON"
            }
            (_, "no-such-job") => "`anvil jobs list` shows the jobs",
            _ => return self.retry_after_s.map(|seconds| format!("try again in {seconds} s")),
        };
        Some(next.to_owned())
    }
}

impl Failure {
    /// Says on standard error what went wrong and what to do next; the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self, Self::OutputClosed) {
            return ExitCode::from(self.code());
        }
        if crate::log::is_json() {
            tracing::error!("the host ended: {self}");
        } else {
            for line in self.to_string().lines() {
                crate::log::say(&format!("error: {line}\n"));
            }
            if let Some(next) = self.next() {
                crate::log::say(&format!("next: {next}\n"));
            }
        }
        if let Self::Unread { json, .. } = self {
            // What it says is not kept back: a newer host has new words now and then.
            let _ = writeln!(std::io::stdout(), "{}", indented(json));
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Other(_) | Self::Unread { .. } => 1,
            Self::Usage(_) => 2,
            Self::Unreachable { .. } => 4,
            Self::Problem(problem) if problem.status < 500 => 5,
            Self::Problem(_) => 6,
        }
    }

    fn next(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => Some(
                "start the host with `anvil serve`, or say where it is with --url or ANVIL_URL".to_owned(),
            ),
            Self::Problem(problem) => problem.next(),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => f.write_str(message),
            Self::Unreachable { url, reason } => write!(f, "cannot reach the host at {url}: {reason}"),
            Self::Problem(Problem { title, detail, .. }) if detail.is_empty() => f.write_str(title),
            Self::Problem(Problem { title, detail, .. }) if says_it_all(detail, title) => {
                let mut rest = detail.chars();
                let first = rest.next().into_iter().flat_map(char::to_uppercase);
                write!(f, "{}{}", first.collect::<String>(), rest.as_str())
            }
            Self::Problem(Problem { title, detail, .. }) => write!(f, "{title}: {detail}"),
            Self::Unread { reason, .. } => write!(
                f,
                "this version of anvil ({}) cannot read all that the host says ({}); it is shown as it came",
                env!("CARGO_PKG_VERSION"),
                clip(&clean(reason))
            ),
            Self::OutputClosed => f.write_str("the output was closed"),
            Self::Other(error) => f.write_str(&clean_lines(&chain(error))),
        }
    }
}

/// An error and its causes, without those whose words an outer one has already.
fn chain(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

/// Whether a detail has the title in it, with the name.
fn says_it_all(detail: &str, title: &str) -> bool {
    title.starts_with("There is no") || detail.to_lowercase().starts_with(&title.to_lowercase())
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<anvil_settings::SettingsError>() {
            Ok(error) => error.into(),
            Err(error) => Self::Other(error),
        }
    }
}

impl From<anvil_settings::SettingsError> for Failure {
    fn from(error: anvil_settings::SettingsError) -> Self {
        Self::Usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_problem_is_shown_as_it_came_without_its_control_characters() {
        let page = Problem::read(502, &format!(" <!DOCTYPE html>{}", "<p>Bad gateway".repeat(30)));
        assert!(page.detail.contains("is a page"), "{}", page.detail);
        let long = serde_json::json!({ "title": "no", "detail": "x".repeat(100_000) }).to_string();
        assert_eq!(Problem::read(404, &long).detail.chars().count(), LONGEST_DETAIL + 1);
        let cut = Problem::read(413, "").detail;
        assert!(cut.contains("jobs.input_file_bytes") && cut.contains("server.max_body_bytes"), "{cut}");
        let problem = Problem::read(502, "\u{1b}[31mBad gateway");
        assert_eq!(problem.title, "the host answered 502");
        assert!(!problem.detail.contains('\u{1b}'));
        assert_eq!(Failure::Problem(problem).code(), 6);
        let other = Problem::read(403, r#"{"title": 5, "error": "no"}"#);
        assert_eq!(
            (other.title.as_str(), other.detail.as_str()),
            ("the host answered 403", r#"{"title": 5, "error": "no"}"#)
        );
    }

    #[test]
    fn an_errors_causes_are_told_once() {
        let inner = anyhow::anyhow!("Error code 11: it is malformed");
        let error = inner.context("it is malformed").context("the store failed: it is malformed");
        assert_eq!(chain(&error), "the store failed: it is malformed: Error code 11: it is malformed");
        let plain = anyhow::anyhow!("no space").context("cannot write the file");
        assert_eq!(chain(&plain), "cannot write the file: no space");
    }

    #[test]
    fn nothing_is_said_twice() {
        let told = |title: &str, detail: &str| {
            let body = serde_json::json!({ "title": title, "detail": detail }).to_string();
            Failure::Problem(Problem::read(422, &body)).to_string()
        };
        let schema = "The payload does not match the schema";
        assert_eq!(
            told(schema, "the payload does not match the schema of a/b: /x"),
            format!("{schema} of a/b: /x")
        );
        assert_eq!(told("There is no such agent", "there is no agent `a`"), "There is no agent `a`");
        assert_eq!(told("The queue is full", "200 jobs wait"), "The queue is full: 200 jobs wait");
    }
}
