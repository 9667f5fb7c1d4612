//! Why an attempt could not go on: by a fault of the job's, or by none.

use super::short;
use crate::JobError;

/// What fails a job though its guest said nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobFault {
    /// The version that it begins on does not take its payload.
    #[error(
        "version {version} of the agent, on which the job was to run, does not take its payload: {misses}"
    )]
    PayloadMisfit {
        /// The version, as the agent calls it.
        version: String,
        /// What misses.
        misses: String,
    },
    /// What its parents gave is more than it may be given.
    #[error("{0}")]
    TooMuchFromParents(String),
    /// Its task died.
    #[error("a fault of the host ended the attempt; the host's log says more")]
    Died,
    /// It brings the host down.
    #[error(
        "the host ended {crashes} times while this job ran, the last time with no other at work, and without a \
         new answer in its journal"
    )]
    Poison {
        /// How many times the host ended.
        crashes: u32,
    },
}

impl JobFault {
    /// The kind of a payload that its agent does not take.
    pub const INVALID_INPUT: &str = "invalid-input";

    /// The kind of a job with which the host crashed again and again.
    pub const POISON: &str = "poison";

    /// The kind that clients tell it by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PayloadMisfit { .. } => Self::INVALID_INPUT,
            Self::TooMuchFromParents(_) => "parents-too-large",
            Self::Died => "internal",
            Self::Poison { .. } => Self::POISON,
        }
    }
}

impl From<JobFault> for JobError {
    fn from(fault: JobFault) -> Self {
        Self { kind: fault.kind().to_owned(), message: fault.to_string() }
    }
}

/// What the host could not do for a job, by no fault of the job's: it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostTrouble {
    /// The version that it began on could not be loaded just now.
    #[error("version {} of `{agent}` {why}", short(.digest))]
    VersionUnread {
        /// Its agent.
        agent: String,
        /// The version's digest.
        digest: String,
        /// Why.
        why: String,
    },
    /// What its parents gave could not be read.
    #[error("what its parents gave could not be read: {0}")]
    ParentsUnread(String),
    /// The gateway told it to wait, and not for what.
    #[error("the call that it waits for did not say why")]
    WaitUntold,
    /// Its end could not be written.
    #[error("how it ended could not be stored: {0}")]
    EndUnstored(String),
    /// An entry of its journal is none.
    #[error("the journal's entry {position} is unreadable: {why}")]
    JournalUnreadable {
        /// The entry's place.
        position: u32,
        /// Why.
        why: String,
    },
    /// The store failed while it ran, as the store says it.
    #[error("{0}")]
    Store(String),
}
