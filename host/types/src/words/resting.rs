//! Why something rests that a person made or may let go on: a schedule, a webhook, the agents, the brake.

use crate::UpstreamKind;
use std::fmt;

/// Why a schedule makes no jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resting<'a> {
    /// It is paused.
    Paused,
    /// It was made for another upstream.
    Upstream {
        /// Its own.
        own: UpstreamKind,
        /// The one that is asked.
        asked: UpstreamKind,
    },
    /// Its agent is switched off.
    AgentOff {
        /// The agent.
        agent: &'a str,
    },
}

/// Who switched a webhook off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff<'a> {
    /// The person.
    pub by: &'a str,
}

/// Nobody knows yet which agents there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentsUnlisted;

/// Why the brake is engaged, where nobody and nothing else says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrakeReason {
    /// A person engaged it and gave no reason.
    ByHand,
    /// What calls cost cannot be written.
    StoreFails,
}

impl fmt::Display for Resting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("it is paused"),
            Self::Upstream { own, asked } => write!(
                f,
                "it was made for the {own} Claude, and the host asks the {asked} one; save it again to move it"
            ),
            Self::AgentOff { agent } => write!(f, "its agent `{agent}` is switched off"),
        }
    }
}

impl fmt::Display for SwitchedOff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "switched off by {}", self.by)
    }
}

impl fmt::Display for AgentsUnlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plugins folder has not been listed")
    }
}

impl fmt::Display for BrakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByHand => "engaged by hand",
            Self::StoreFails => "what calls cost cannot be written to the data folder; see the host's log",
        })
    }
}
