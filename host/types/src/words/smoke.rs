//! Why an agent is not tried, and what is said to one that is.

use std::fmt;

/// What the played Claude says where no form is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayedAnswer;

impl fmt::Display for PlayedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This answer is played: nothing was sent.")
    }
}

/// Why there is no smoke call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmokeRefusal {
    /// No version of it is ready.
    #[error("no version of the agent `{agent}` is ready to run; `anvil agents show {agent}` says why")]
    NotReady {
        /// The agent.
        agent: String,
    },
    /// It has no such action.
    #[error("the agent `{agent}` has no such action; `anvil agents show {agent}` shows those that it has")]
    NoAction {
        /// The agent.
        agent: String,
    },
}
