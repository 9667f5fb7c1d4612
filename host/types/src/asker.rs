//! Who asks for a call.

use crate::{JobId, Lease};
use std::borrow::Cow;

/// Who asks. A call has exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A job's attempt.
    Job(JobAsker),
    /// A client from outside, with a key of this host.
    Client(ClientAsker),
    /// The host itself, under a name that no agent can have: a person's probe.
    Host {
        /// The name.
        name: Cow<'static, str>,
    },
}

/// A job's attempt that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobAsker {
    /// The attempt's lease.
    pub lease: Lease,
    /// The job's agent.
    pub agent: String,
    /// The attempt.
    pub attempt: u32,
    /// The answer's place in the job's journal.
    pub position: u32,
}

/// A client from outside that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAsker {
    /// The API key that it came with, by its id.
    pub api_key: String,
    /// Its session, where it names one.
    pub session: Option<String>,
}

/// What calls of clients are known as where agents have their names. No agent can have it.
const CLIENT: &str = "(client)";

impl Asker {
    /// The job's attempt, where one asks.
    pub fn as_job(&self) -> Option<&JobAsker> {
        match self {
            Self::Job(job) => Some(job),
            Self::Client(_) | Self::Host { .. } => None,
        }
    }

    /// The job, where one asks.
    pub fn job(&self) -> Option<JobId> {
        self.as_job().map(|job| job.lease.job)
    }

    /// Under which name what was learnt of such calls is kept: the agent, or what stands in its place.
    pub fn name(&self) -> &str {
        match self {
            Self::Job(job) => &job.agent,
            Self::Client(_) => CLIENT,
            Self::Host { name } => name,
        }
    }
}
