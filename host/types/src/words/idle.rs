//! Why nothing runs.

use super::{CircuitWait, WaitCause};
use crate::{JobId, QueuePause, Timestamp, Wait};
use std::fmt;

/// Why nothing runs, or why what runs does not get on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyIdle<'a> {
    /// The disk is full, or fails.
    Disk {
        /// How.
        trouble: &'a str,
    },
    /// The brake is engaged.
    Brake {
        /// Each cause's reason.
        reasons: Vec<&'a str>,
    },
    /// A person paused the queue.
    Paused(&'a QueuePause),
    /// The upstream fails again and again.
    Circuit {
        /// How it keeps calls back.
        how: CircuitWait,
        /// The time now.
        now: Timestamp,
    },
    /// The job that is first in line waits.
    First {
        /// The job.
        job: JobId,
        /// What it waits for.
        wait: Wait,
        /// The time now.
        now: Timestamp,
        /// Who waits beside it.
        besides: Besides,
    },
}

/// How many wait besides the first in line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    /// For a slot.
    pub queued: u64,
    /// Parked.
    pub parked: u64,
    /// For their time.
    pub scheduled: u64,
}

impl fmt::Display for WhyIdle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { trouble } => write!(f, "Nothing can be written: {trouble}"),
            Self::Brake { reasons } => write!(f, "The brake is engaged: {}", reasons.join("; ")),
            Self::Paused(pause) => {
                let paused = WaitCause::Paused(pause).to_string();
                write!(f, "T{}", paused.trim_start_matches('t'))
            }
            Self::Circuit { how, now } => {
                let next = how.until().away(*now);
                write!(f, "{how} (next: {next}); jobs go on by themselves when it answers")
            }
            Self::First { job, wait, now, besides } => {
                write!(f, "Job {job} waits: {}", wait.detail)?;
                if let Some(until) = wait.until {
                    write!(f, "; it goes on {}", until.away(*now))?;
                }
                write!(f, "{besides}")
            }
        }
    }
}

impl fmt::Display for Besides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = [(self.queued, "queued"), (self.parked, "parked"), (self.scheduled, "scheduled")];
        let told: Vec<String> = others
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        if told.is_empty() { Ok(()) } else { write!(f, ". Besides it wait: {}", told.join(", ")) }
    }
}
