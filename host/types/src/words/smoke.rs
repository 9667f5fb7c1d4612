//! Why an agent is not tried.

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
