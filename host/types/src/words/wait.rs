//! What a job waits for.

use super::short;
use crate::{JobId, QuestionId, QueuePause, Timestamp, UpstreamKind, Wait, WaitReason, clip};
use std::fmt;

/// What a job waits for, and what would end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitCause<'a> {
    /// It is pinned to no version of its agent.
    NoVersion {
        /// Its agent.
        agent: &'a str,
    },
    /// The version that it began on is gone.
    VersionGone {
        /// Its agent.
        agent: &'a str,
        /// The version's digest.
        digest: &'a str,
    },
    /// The version that it began on cannot be loaded.
    VersionBroken {
        /// Its agent.
        agent: &'a str,
        /// The version's digest.
        digest: &'a str,
        /// Why.
        why: String,
    },
    /// It belongs to another upstream than the one that is asked.
    Upstream {
        /// Its own.
        own: UpstreamKind,
        /// The one that is asked.
        asked: UpstreamKind,
    },
    /// A person paused the queue.
    Paused(&'a QueuePause),
    /// Its agent is switched off.
    AgentOff {
        /// The agent.
        agent: &'a str,
    },
    /// Its agent is about to come.
    AgentComing {
        /// The agent.
        agent: &'a str,
        /// What it waits for itself, where it says so.
        why: Option<&'a str>,
    },
    /// An agent that it hands work to may be in a file that is no agent yet.
    HelperComing {
        /// The agent that it names.
        agent: &'a str,
        /// The files, each with why it is none so far.
        coming: &'a [String],
    },
    /// No version of its agent is in force: the one in its file is set aside.
    AgentAside {
        /// The agent.
        agent: &'a str,
        /// Why, and what ends it.
        why: &'a str,
    },
    /// There is no such agent.
    NoAgent {
        /// Its name.
        agent: &'a str,
    },
    /// The upstream fails again and again.
    Circuit(CircuitWait),
    /// A job that was there in crashes of the host keeps it back.
    Alone(LoneJob),
    /// All slots are busy.
    Busy {
        /// How many there are.
        slots: u32,
    },
    /// The last slot is kept for critical jobs.
    LastSlot {
        /// How many are busy.
        running: u32,
        /// How many there are.
        slots: u32,
    },
    /// Nothing can be written to the disk, so that nothing begins.
    Disk {
        /// How it fails.
        trouble: &'a str,
    },
    /// It asked people, and nobody has answered yet.
    Person {
        /// The question.
        question: QuestionId,
        /// What it asked.
        prompt: &'a str,
        /// When its time is over.
        until: Option<Timestamp>,
    },
    /// What it asked waits for a batch to be made, or is in one.
    Batch,
    /// Nothing keeps it back.
    AboutToStart,
}

/// How an upstream that fails again and again keeps calls back, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitWait {
    /// No call goes out.
    Open {
        /// Until then.
        until: Timestamp,
    },
    /// One call tries whether it is back.
    Trial {
        /// Until then.
        until: Timestamp,
    },
}

/// How a job that was there in crashes of the host keeps others back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoneJob {
    /// It runs.
    Runs(JobId),
    /// It comes next, once what runs has ended.
    ComesNext(JobId),
    /// It is the job itself.
    Itself,
}

impl WaitCause<'_> {
    /// The kind of reason that it is.
    pub fn reason(&self) -> WaitReason {
        match self {
            Self::NoVersion { .. }
            | Self::VersionGone { .. }
            | Self::VersionBroken { .. }
            | Self::AgentComing { .. }
            | Self::HelperComing { .. }
            | Self::AgentAside { .. }
            | Self::NoAgent { .. } => WaitReason::AgentMissing,
            Self::AgentOff { .. } => WaitReason::AgentDisabled,
            Self::Upstream { .. } => WaitReason::Upstream,
            Self::Person { .. } => WaitReason::Person,
            Self::Batch => WaitReason::Batch,
            Self::Disk { .. } => WaitReason::Trouble,
            Self::Paused(_) => WaitReason::Paused,
            Self::Circuit(_) => WaitReason::Circuit,
            Self::Alone(_) | Self::Busy { .. } | Self::LastSlot { .. } | Self::AboutToStart => {
                WaitReason::Slot
            }
        }
    }

    /// What a job of this cause is told. `refused_at`: when it was, on its way to being parked.
    pub fn wait(&self, refused_at: Option<Timestamp>) -> Wait {
        let until = match self {
            Self::Circuit(circuit) => Some(circuit.until()),
            Self::Person { until, .. } => *until,
            _ => None,
        };
        Wait { reason: self.reason(), detail: self.to_string(), until, refused_at }
    }
}

impl CircuitWait {
    /// When it ends by itself.
    pub fn until(self) -> Timestamp {
        match self {
            Self::Open { until } | Self::Trial { until } => until,
        }
    }
}

impl fmt::Display for WaitCause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVersion { agent } => {
                write!(f, "no version of `{agent}` is known that the job could run on")
            }
            Self::VersionGone { agent, digest } => {
                let version = short(digest);
                write!(f, "version {version} of `{agent}`, which the job began on, is not kept any more")
            }
            Self::VersionBroken { agent, digest, why } => {
                write!(f, "version {} of `{agent}` cannot be loaded: {why}", short(digest))
            }
            Self::Upstream { own, asked } => write!(
                f,
                "the job was submitted to the {own} Claude, and the host asks the {asked} one; start the host as it was \
                 then"
            ),
            Self::Paused(QueuePause { by, reason, .. }) => {
                write!(f, "the queue is paused by {by} ({reason}); resume it to run jobs")
            }
            Self::AgentOff { agent } => {
                write!(f, "the agent `{agent}` is switched off; switch it on to run the job")
            }
            Self::AgentComing { agent, why } => {
                let why = why.unwrap_or("it is being loaded");
                write!(f, "the agent `{agent}` is not ready: {why}; the job starts by itself")
            }
            Self::HelperComing { agent, coming } => write!(
                f,
                "the agent `{agent}`, which is to do a task of it, may be in a file that is not ready: {}; the job goes \
                 on by itself",
                coming.join("; ")
            ),
            Self::AgentAside { agent, why } => {
                write!(f, "no version of the agent `{agent}` is in force: {why}")
            }
            Self::NoAgent { agent } => {
                write!(f, "there is no agent `{agent}` now; drop its plugin into the plugins folder")
            }
            Self::Circuit(circuit) => write!(f, "{circuit}; the job goes on by itself when it answers"),
            Self::Alone(job) => write!(f, "{job}"),
            Self::Busy { slots: 1 } => f.write_str("the only slot is busy"),
            Self::Busy { slots } => write!(f, "all {slots} slots are busy"),
            Self::LastSlot { running, slots } => {
                write!(f, "{running} of {slots} slots are busy, and the last is kept for critical jobs")
            }
            Self::Disk { trouble } => {
                write!(f, "nothing can be written: {trouble}; the job starts by itself once something can")
            }
            Self::Person { question, prompt, .. } => {
                write!(f, "a person is asked (question {question}): {}", clip(prompt))
            }
            Self::Batch => f.write_str(
                "what it asked goes out in a batch, at half price; the job goes on by itself with the answer, most within \
                 an hour, all within a day",
            ),
            Self::AboutToStart => f.write_str("it is about to start"),
        }
    }
}

impl fmt::Display for CircuitWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "Claude failed again and again: no call goes out, then one tries again",
            Self::Trial { .. } => "Claude failed again and again, and one call tries whether it is back",
        })
    }
}

impl fmt::Display for LoneJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const THERE: &str = "was there in three crashes of the host";
        const CANCEL: &str = "cancel it to let the others go on";
        match self {
            Self::Runs(job) => {
                write!(f, "job {job} {THERE} and runs alone until it has a new answer; {CANCEL}")
            }
            Self::ComesNext(job) => write!(
                f,
                "job {job} {THERE}: it runs alone once what runs has ended, and nothing new begins before; {CANCEL}"
            ),
            Self::Itself => write!(f, "the job {THERE}: it runs alone, once nothing else runs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_of_a_kind_and_a_circuit_alone_says_when_it_ends() {
        let until = Timestamp::from_secs(1_795_000_060);
        let refused_at = Timestamp::from_secs(1_795_000_000);
        let circuit = WaitCause::Circuit(CircuitWait::Trial { until }).wait(None);
        assert_eq!(
            (circuit.reason, circuit.until, circuit.refused_at),
            (WaitReason::Circuit, Some(until), None)
        );
        let gone = WaitCause::VersionGone { agent: "asker", digest: "0123456789abcdef" };
        let gone = gone.wait(Some(refused_at));
        assert_eq!((gone.reason, gone.until), (WaitReason::AgentMissing, None));
        assert_eq!(gone.refused_at, Some(refused_at));
        assert_eq!(
            gone.detail,
            "version 0123456789ab of `asker`, which the job began on, is not kept any more"
        );
    }

    #[test]
    fn an_agent_that_is_to_come_is_told_with_what_it_waits_for_or_as_being_loaded() {
        let coming = |why| WaitCause::AgentComing { agent: "asker", why }.to_string();
        assert_eq!(
            coming(None),
            "the agent `asker` is not ready: it is being loaded; the job starts by itself"
        );
        assert_eq!(
            coming(Some("it is compiled")),
            "the agent `asker` is not ready: it is compiled; the job starts by itself"
        );
    }
}
