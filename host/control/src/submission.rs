//! A job on its way in, and why it may be refused.

use anvil_api::PayloadMisfit;
use anvil_store::StoreError;
use anvil_types::words::{BadValue, InputRefusal, NotTaken};
use anvil_types::{Job, JobId, JobState, Json, Nanodollars, NewInput, Priority, Timestamp};

/// A job as a client asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// Its priority.
    pub priority: Priority,
    /// Not before this time.
    pub run_at: Option<Timestamp>,
    /// A second submission with the same key and content is the first.
    pub idempotency_key: Option<String>,
    /// The most that it may spend; the limit `job_usd` where absent.
    pub max_cost: Option<Nanodollars>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether its calls go out in batches; none: as its agent's setting says.
    pub economy: Option<bool>,
    /// The jobs that it comes after.
    pub after: Vec<JobId>,
    /// The files that it comes with, each name once.
    pub inputs: Vec<NewInput>,
    /// A job whose files come along; one that is sent takes the place of theirs of its name.
    pub files_of: Option<JobId>,
}

/// A job that was taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// Whether it is new; not where its idempotency key had been used for the same.
    pub new: bool,
}

/// What a job of a bulk submission comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// A job that there is.
    Job(JobId),
    /// The job of an earlier line with this label.
    Label(String),
}

/// A job of a bulk submission.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkJob {
    /// Its line, from 1.
    pub line: u64,
    /// What later lines call it.
    pub label: Option<String>,
    /// What it comes after, beside what the submission itself names.
    pub after: Vec<After>,
    /// The job.
    pub submission: Submission,
}

/// A job of a bulk submission that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkTaken {
    /// The job.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// Whether it is new; not where its idempotency key had been used for the same.
    pub new: bool,
}

/// Why a job was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// There is no such agent.
    #[error("{}", no_agent(.name, .nearest.as_deref(), .known))]
    UnknownAgent {
        /// What was asked for.
        name: String,
        /// The name that comes nearest.
        nearest: Option<String>,
        /// The agents that there are.
        known: Vec<String>,
    },
    /// There may be such an agent in a moment.
    #[error("{}", not_yet(.name, .coming))]
    NotYet {
        /// What was asked for.
        name: String,
        /// The files that may become it, each with why it has not yet.
        coming: Vec<String>,
    },
    /// The agent cannot do that.
    #[error("{}", no_action(.agent, .action, .nearest.as_deref(), .known))]
    UnknownAction {
        /// The agent.
        agent: String,
        /// What was asked for.
        action: String,
        /// The name that comes nearest.
        nearest: Option<String>,
        /// The actions that there are.
        known: Vec<String>,
    },
    /// The payload misses the action's schema.
    #[error("{0}")]
    InvalidPayload(PayloadMisfit),
    /// A value that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// Files that are not taken in.
    #[error(transparent)]
    File(#[from] InputRefusal),
    /// The queue, the key, or the store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BadValue> for SubmitError {
    fn from(value: BadValue) -> Self {
        Self::Invalid(value.to_string())
    }
}

fn no_agent<'a>(name: &'a str, nearest: Option<&'a str>, known: &'a [String]) -> NotTaken<'a> {
    NotTaken::NoAgent { name, nearest, known }
}

fn not_yet<'a>(name: &'a str, coming: &'a [String]) -> NotTaken<'a> {
    NotTaken::NotYet { name, coming }
}

fn no_action<'a>(
    agent: &'a str,
    action: &'a str,
    nearest: Option<&'a str>,
    known: &'a [String],
) -> NotTaken<'a> {
    NotTaken::NoAction { agent, action, nearest, known }
}
