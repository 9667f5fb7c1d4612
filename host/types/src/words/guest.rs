//! What a guest is answered in place of what it asked for, and what the host writes into a job's log.

use super::short;
use crate::{JobId, JobState, Nanodollars};
use std::fmt;

/// Why a guest does not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestRefusal {
    /// It has made all the calls that a job may.
    #[error("a job may make {most} calls (jobs.calls)")]
    CallsSpent {
        /// How many those are.
        most: u32,
    },
    /// Its job did not come after that one.
    #[error("the job did not come after a job `{parent}`")]
    NoParent {
        /// What it named.
        parent: String,
    },
    /// Its job was submitted with no such file.
    #[error("the job was submitted with no file `{name}`")]
    NoInput {
        /// What it named.
        name: String,
    },
    /// It was told of no such task that was done.
    #[error("no task of this job was done by a job `{job}`")]
    NoTask {
        /// What it named.
        job: String,
    },
    /// The job that it came after, or that did its task, has no such file.
    #[error("job {parent} handed over no file `{name}`")]
    NoFile {
        /// The job.
        parent: JobId,
        /// What it named.
        name: String,
    },
}

/// A line that the host writes into a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobNote<'a> {
    /// A person lets it run again.
    RunAgain {
        /// The version, as the agent calls it.
        version: &'a str,
        /// The version's digest.
        digest: &'a str,
        /// The digest of the version that it ran on before.
        before: &'a str,
    },
    /// It had another agent begin a task.
    TaskMade {
        /// The job that does it.
        job: JobId,
        /// Its agent.
        agent: &'a str,
        /// Its action.
        action: &'a str,
        /// The most that it may spend.
        max_cost: Nanodollars,
    },
    /// A person runs it again, and with it a task that failed.
    TaskAgain {
        /// The job that does it.
        job: JobId,
        /// Its agent.
        agent: &'a str,
        /// The most that it may spend, what it has spent before included.
        max_cost: Nanodollars,
    },
    /// A job that it leads came to its end.
    TaskEnded {
        /// The job.
        job: JobId,
        /// Its agent.
        agent: &'a str,
        /// Its end.
        state: JobState,
        /// What it cost, with all that it led itself.
        cost: Nanodollars,
    },
    /// Lines were lost.
    LinesDropped {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for JobNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunAgain { version, digest, before } if digest == before => {
                write!(f, "run again on version {version} ({}), as before", short(digest))
            }
            Self::RunAgain { version, digest, before } => write!(
                f,
                "run again on version {version} ({}), which is in force now; it ran on {} before. Answers that it has \
                 paid for are kept for as long as this version asks the same",
                short(digest),
                short(before)
            ),
            Self::TaskMade { job, agent, action, max_cost } => {
                write!(f, "job {job} was made for {agent}/{action}; it may spend {max_cost}")
            }
            Self::TaskAgain { job, agent, max_cost } => {
                write!(f, "job {job} of {agent} is run again; it may spend {max_cost} in all")
            }
            Self::TaskEnded { job, agent, state, cost } => {
                write!(f, "job {job} of {agent} has ended ({state}); it cost {cost}")
            }
            Self::LinesDropped { count } => {
                write!(f, "{count} lines came faster than they can be stored, and were dropped")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_again_tells_whether_the_version_is_another() {
        let (version, digest) = ("0.2.0", "0123456789abcdef");
        let again = |before| JobNote::RunAgain { version, digest, before }.to_string();
        assert_eq!(again(digest), "run again on version 0.2.0 (0123456789ab), as before");
        let other = again("fedcba9876543210");
        assert!(
            other.starts_with("run again on version 0.2.0 (0123456789ab), which is in force now"),
            "{other}"
        );
        assert!(other.contains("it ran on fedcba987654 before"), "{other}");
        assert!(again("short").contains("it ran on short before"), "a digest that is none is told whole");
    }
}
