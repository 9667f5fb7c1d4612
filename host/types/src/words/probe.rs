//! What came of a person's question whether Claude answers.

use crate::Nanodollars;
use std::fmt;
use std::time::Duration;

/// A probe is under way, and only one is at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeUnderWay {
    /// Within what it ends.
    pub within: Duration,
}

/// What whoever asked is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeSaid<'a> {
    /// Claude answers.
    Answered {
        /// The model that did.
        model: &'a str,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// What it cost.
        cost: Nanodollars,
    },
    /// Claude does not.
    Failed {
        /// How.
        message: &'a str,
    },
    /// The call would wait.
    Waits {
        /// For what.
        detail: &'a str,
    },
    /// The call was given up.
    GivenUp,
    /// Nothing came within the time that whoever asks waits.
    Silent {
        /// The time.
        patience: Duration,
    },
}

impl fmt::Display for ProbeSaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { model, took_ms, cost } => {
                write!(f, "{model} answered in {took_ms} ms, for {cost}")
            }
            Self::Failed { message } => write!(f, "Claude did not answer: {message}"),
            Self::Waits { detail } => write!(f, "no answer: {detail}"),
            Self::GivenUp => f.write_str("the call was given up before it was answered"),
            Self::Silent { patience } => write!(
                f,
                "no answer within {} s; what the call cost is settled in the ledger when it is known",
                patience.as_secs()
            ),
        }
    }
}

impl fmt::Display for ProbeUnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a probe is under way already; it ends within {} s", self.within.as_secs())
    }
}
