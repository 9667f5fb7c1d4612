//! Why what was asked for is refused.

use super::CronFault;
use crate::{JobId, LimitsPatch, MOST_PARENTS};
use std::fmt;

/// A value that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// A job that may spend nothing.
    #[error("max_cost_usd must be above 0")]
    NoCost,
    /// An idempotency key that is empty or too long.
    #[error("an idempotency key has 1 to {most} bytes; this one has {bytes}")]
    KeyLength {
        /// The most, in bytes.
        most: usize,
        /// Its own.
        bytes: usize,
    },
    /// An idempotency key that nobody could read.
    #[error("an idempotency key has a character that shows, and no control character")]
    KeyUnseen,
    /// An idempotency key of those that schedules have.
    #[error("idempotency keys that begin with `{beginning}` belong to schedules")]
    KeyOfSchedules {
        /// What theirs begin with.
        beginning: &'static str,
    },
    /// A job of an export that another job led, and that was not over.
    #[error("it was done for job {lead}, which has it done again when that one runs: import that one")]
    Led {
        /// The job that led it.
        lead: JobId,
    },
    /// A job that comes after too many others.
    #[error("a job comes after at most {MOST_PARENTS} others")]
    TooManyParents,
    /// A line's label that is empty or too long.
    #[error("a `ref` has 1 to {most} bytes; this one has {bytes}")]
    RefLength {
        /// The most, in bytes.
        most: usize,
        /// Its own.
        bytes: usize,
    },
    /// A line's label that an earlier line has.
    #[error("the `ref` `{label}` is that of line {line} already")]
    RefTaken {
        /// The label.
        label: String,
        /// The earlier line.
        line: u64,
    },
    /// A label that no earlier line has.
    #[error("there is no earlier line with the `ref` `{label}`; a job comes after lines above it")]
    RefUnknown {
        /// The label.
        label: String,
    },
    /// A line that comes after one that was refused.
    #[error("line {line} (`{label}`), which this job comes after, was refused")]
    RefRefused {
        /// The label.
        label: String,
        /// The line that was refused.
        line: u64,
    },
    /// A limit of an API key that nobody has.
    #[error(
        "there is no API key `{0}`, and none can be made yet: nothing would ever count against this limit; limit an \
         agent, or everything"
    )]
    NoApiKey(String),
    /// A price of a model that has none yet, with a part left out.
    #[error("`{model}` has no price yet, so `{part}` has to be given too")]
    NoPrice {
        /// The model.
        model: String,
        /// What is missing.
        part: &'static str,
    },
    /// A limit that there is not.
    #[error("`{name}` is no limit; the limits are {}", LimitsPatch::NAMES.join(", "))]
    UnknownLimit {
        /// What was named.
        name: String,
    },
    /// A schedule's name.
    #[error("a schedule's name has 1 to {most} letters, digits, `-`, `_` and `.`, and begins with no `.`")]
    ScheduleName {
        /// The longest.
        most: usize,
    },
    /// A schedule's times.
    #[error(transparent)]
    Cron(#[from] CronFault),
    /// A clock that is the machine's.
    #[error("the clock can be driven with the simulator only")]
    ClockOfTheMachine,
    /// A time that nothing of the host reckons with.
    #[error("the clock can be driven up to the year 2200, and not beyond")]
    ClockTooFar,
}

/// Why a webhook cannot be changed as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// Its name.
    #[error("a webhook's name is 1 to {most} letters, digits, `-`, `_` and `.`, and begins with no `.`")]
    Name {
        /// The longest.
        most: usize,
    },
    /// It has no address.
    #[error("a new webhook needs an address, as in https://ops.example/hook")]
    NoAddress,
    /// It is given a secret, and told to make one.
    #[error("either a secret is given or one is made; leave one of them out")]
    TwoSecrets,
}

impl WebhookFault {
    /// The field of the request that is meant.
    pub fn field(self) -> &'static str {
        match self {
            Self::Name { .. } => "name",
            Self::NoAddress => "url",
            Self::TwoSecrets => "secret",
        }
    }
}

/// Why a job is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken<'a> {
    /// There is no such agent.
    NoAgent {
        /// What was asked for.
        name: &'a str,
        /// The name that comes nearest.
        nearest: Option<&'a str>,
        /// The agents that there are.
        known: &'a [String],
    },
    /// There may be such an agent in a moment.
    NotYet {
        /// What was asked for.
        name: &'a str,
        /// The files that may become it, each with why it has not yet.
        coming: &'a [String],
    },
    /// The agent has no such action.
    NoAction {
        /// The agent.
        agent: &'a str,
        /// What was asked for.
        action: &'a str,
        /// The name that comes nearest.
        nearest: Option<&'a str>,
        /// The actions that there are.
        known: &'a [String],
    },
}

impl fmt::Display for NotTaken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = |nearest: Option<&str>| {
            nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
        };
        let list = |known: &[String]| match known {
            [] => "none; drop a plugin into the plugins folder".to_owned(),
            known => known.join(", "),
        };
        match self {
            Self::NoAgent { name, nearest, known } => {
                write!(f, "there is no agent `{name}`{}; the agents are: {}", mean(*nearest), list(known))
            }
            Self::NotYet { name, coming } => {
                let coming = coming.join("; ");
                write!(f, "there is no agent `{name}` yet: {coming}; submit it again when that is done")
            }
            Self::NoAction { agent, action, nearest, known } => write!(
                f,
                "the agent `{agent}` has no action `{action}`{}; its actions are: {}",
                mean(*nearest),
                list(known)
            ),
        }
    }
}

/// Why a past job is not run once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoReplay<'a> {
    /// It is not finished.
    NotFinished(crate::JobState),
    /// It never ran.
    NeverRan,
    /// The version that it ran on is gone.
    VersionGone {
        /// The version's digest.
        digest: &'a str,
    },
    /// The file is no plugin.
    NoPlugin {
        /// What it is or has instead.
        why: &'a str,
    },
    /// The file is another agent.
    OtherAgent {
        /// The job's agent.
        expected: &'a str,
        /// The file's.
        found: &'a str,
    },
    /// The run was stopped.
    Stopped {
        /// By what.
        why: &'a str,
    },
    /// Its files and answers are more than a fixture has.
    FixtureLarge {
        /// The most bytes of them.
        most: usize,
    },
}

impl fmt::Display for NoReplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinished(state) => {
                write!(f, "the job is {state}; it can be replayed when it has come to its end")
            }
            Self::NeverRan => f.write_str("the job never ran, so there is nothing to replay"),
            Self::VersionGone { digest } => write!(
                f,
                "version {digest} of the agent, which the job ran on, is not kept any more; hand over a build of it \
                 (--plugin FILE)"
            ),
            Self::NoPlugin { why } => write!(f, "the file {why}"),
            Self::OtherAgent { expected, found } => {
                write!(f, "the file is the agent `{found}`, and the job was for `{expected}`")
            }
            Self::Stopped { why } => write!(f, "the replay was stopped: {why}"),
            Self::FixtureLarge { most } => {
                write!(f, "the job's files and answers have more than {most} bytes, the most of a fixture")
            }
        }
    }
}

/// Why a fixture cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFixture<'a> {
    /// It is of a form that this version does not read.
    Version {
        /// The version of its form.
        found: u32,
        /// The one that is read.
        known: u32,
    },
    /// A digest in it is none.
    Digest {
        /// The place of the answer.
        position: u32,
    },
    /// A file in it has no bytes.
    File {
        /// The file's name.
        name: &'a str,
    },
}

impl fmt::Display for NoFixture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found, known } => {
                write!(f, "the fixture is of version {found}, and this anvil reads version {known}")
            }
            Self::Digest { position } => {
                write!(
                    f,
                    "the fixture's answer at position {position} has no digest of 64 digits of `0-9 a-f`"
                )
            }
            Self::File { name } => {
                write!(f, "the fixture's file `{name}` has neither a text nor bytes in base64")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_there_is_and_what_comes_nearest() {
        let known = ["asker".to_owned()];
        let no_agent = |nearest, known| NotTaken::NoAgent { name: "askr", nearest, known }.to_string();
        assert_eq!(
            no_agent(Some("asker"), &known),
            "there is no agent `askr` (did you mean `asker`?); the agents are: asker"
        );
        assert_eq!(
            no_agent(None, &[]),
            "there is no agent `askr`; the agents are: none; drop a plugin into the plugins folder"
        );
    }

    #[test]
    fn an_unknown_limit_is_told_with_those_that_there_are() {
        let told = BadValue::UnknownLimit { name: "day".to_owned() }.to_string();
        let names = LimitsPatch::NAMES.join(", ");
        assert_eq!(told, format!("`day` is no limit; the limits are {names}"));
    }
}
