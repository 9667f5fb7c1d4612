//! Why a task that a job hands to another agent is not done.

use crate::team::{DEEPEST_TREE, MOST_IN_TREE};
use crate::{JobId, JobState, Nanodollars};
use std::fmt;

/// Why a task is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamRefusal<'a> {
    /// The task is malformed.
    Malformed {
        /// In which way.
        why: String,
    },
    /// The agent that asks may not hand work to that one.
    NotAllowed {
        /// Who asks.
        lead: &'a str,
        /// Whom it names.
        agent: &'a str,
    },
    /// There is no such agent.
    NoAgent {
        /// Whom it names.
        agent: &'a str,
    },
    /// A person switched the agent off.
    AgentOff {
        /// Whom it names.
        agent: &'a str,
    },
    /// The agent has no such action.
    NoAction {
        /// The agent.
        agent: &'a str,
        /// What it names.
        action: &'a str,
    },
    /// The payload does not match the action's schema.
    Misfit {
        /// What misses.
        why: String,
    },
    /// The agent is on the way from the root to the job that asks.
    Cycle {
        /// The agent.
        agent: &'a str,
    },
    /// The path has as many jobs as it may.
    TooDeep,
    /// The tree has as many jobs as it may.
    TooMany,
    /// The job has asked for as many tasks as it may.
    AskedTooOften {
        /// How many those are.
        most: u32,
    },
    /// The job that asks has not that much left.
    OverBudget {
        /// What the task wants; nothing where it says nothing of it.
        wish: Option<Nanodollars>,
        /// What is left.
        left: Nanodollars,
    },
    /// The job came to its end without a result.
    Ended {
        /// The job.
        job: JobId,
        /// Its end.
        state: JobState,
        /// Its own word for it.
        kind: Option<&'a str>,
        /// What it said.
        message: Option<&'a str>,
        /// What it cost.
        cost: Nanodollars,
    },
    /// The results of the job's tasks are more than a job is given.
    TooLarge {
        /// The job.
        job: JobId,
        /// The most bytes.
        most: u64,
    },
}

impl TeamRefusal<'_> {
    /// The word of a task that was done, and whose result has no room.
    pub const TOO_LARGE: &'static str = "too-large";

    /// The word that guests tell it by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "invalid-request",
            Self::NotAllowed { .. } => "not-allowed",
            Self::NoAgent { .. } => "no-agent",
            Self::AgentOff { .. } => "agent-off",
            Self::NoAction { .. } => "no-action",
            Self::Misfit { .. } => "invalid-input",
            Self::Cycle { .. } => "cycle",
            Self::TooDeep => "too-deep",
            Self::TooMany | Self::AskedTooOften { .. } => "too-many",
            Self::OverBudget { .. } => "over-budget",
            Self::Ended { state: JobState::Cancelled, .. } => "cancelled",
            Self::Ended { .. } => "failed",
            Self::TooLarge { .. } => Self::TOO_LARGE,
        }
    }

    /// What else a guest is told: names, and JSON.
    pub fn extras(&self) -> Vec<(&'static str, String)> {
        let Self::Ended { kind, cost, .. } = self else { return Vec::new() };
        let kind = kind.map(|kind| ("kind", serde_json::Value::from(kind).to_string()));
        kind.into_iter().chain([("cost_nanodollars", cost.get().to_string())]).collect()
    }
}

impl fmt::Display for TeamRefusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { why } => f.write_str(why),
            Self::NotAllowed { lead, agent } => write!(
                f,
                "`{lead}` may not hand work to `{agent}`: the host's owner names those that it may in may_call of \
                 [agents.{lead}]"
            ),
            Self::NoAgent { agent } => write!(f, "there is no agent `{agent}` now"),
            Self::AgentOff { agent } => write!(f, "the agent `{agent}` is switched off"),
            Self::NoAction { agent, action } => write!(f, "the agent `{agent}` has no action `{action}`"),
            Self::Misfit { why } => f.write_str(why),
            Self::Cycle { agent } => write!(
                f,
                "`{agent}` is at work already on the way from the root of the tree to this job, and an agent stands \
                 there once"
            ),
            Self::TooDeep => {
                write!(f, "a path has at most {DEEPEST_TREE} jobs, and this job is the last of them")
            }
            Self::TooMany => write!(f, "a tree has at most {MOST_IN_TREE} jobs, and this one has as many"),
            Self::AskedTooOften { most } => {
                write!(f, "a job asks for at most {most} tasks, and this one has done so")
            }
            Self::OverBudget { wish: Some(wish), left } => {
                write!(f, "the task wants {wish}, and {left} is left for this job")
            }
            Self::OverBudget { wish: None, left } => {
                write!(f, "{left} is left for this job, which is too little to share")
            }
            Self::Ended { job, state, kind, message, .. } => {
                let how = if *state == JobState::Cancelled { "was cancelled" } else { "failed" };
                write!(f, "job {job} {how}")?;
                match (kind, message) {
                    (Some(kind), Some(message)) => write!(f, ": {kind}: {message}"),
                    (Some(word), None) | (None, Some(word)) => write!(f, ": {word}"),
                    (None, None) => Ok(()),
                }
            }
            Self::TooLarge { job, most } => write!(
                f,
                "job {job} is done, and the results of this job's tasks would have more than {most} bytes together; let \
                 them hand over files, which are read one by one"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TeamFailure, Timestamp};

    #[test]
    fn the_end_of_a_job_is_told_with_its_own_word_and_its_cost() {
        let job = JobId::new(Timestamp::from_secs(1_795_000_000), 1);
        let ended = |state, kind| TeamRefusal::Ended {
            job,
            state,
            kind,
            message: kind.map(|_| "no code in it"),
            cost: Nanodollars::new(7),
        };
        let failed = TeamFailure::of(&ended(JobState::Failed, Some("bad-reply")), Some(job));
        assert_eq!((failed.kind.as_str(), failed.job), ("failed", Some(job)));
        assert_eq!(failed.message, format!("job {job} failed: bad-reply: no code in it"));
        let extras = [("kind", "\"bad-reply\""), ("cost_nanodollars", "7")];
        assert_eq!(failed.extras, extras.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let cancelled = TeamFailure::of(&ended(JobState::Cancelled, None), Some(job));
        assert_eq!((cancelled.kind.as_str(), cancelled.extras.len()), ("cancelled", 1));
        assert_eq!(cancelled.message, format!("job {job} was cancelled"));
    }
}
