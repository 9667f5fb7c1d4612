//! What keeps calls back, and what a job waits for that is kept back.

use anvil_types::{Timestamp, Wait, WaitReason};

/// What keeps calls back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    /// The upstream as a whole.
    Upstream,
    /// One model.
    Model(String),
    /// The account. It keeps nothing back itself, since the brake does: it says when one may try.
    Account,
    /// The pace of calls. It keeps nothing back either, since the pace does: people are told of it.
    Pace,
}

/// A call may not go out now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptBack {
    pub gate: Gate,
    pub until: Timestamp,
}

impl KeptBack {
    /// What a job waits for that is kept back.
    pub(crate) fn wait(&self, until: Timestamp) -> Wait {
        let (reason, detail) = match &self.gate {
            Gate::Model(model) => (
                WaitReason::Circuit,
                format!(
                    "Claude does not answer for {model}, or not this account; one call tries again then, and the \
                     others follow when it answers"
                ),
            ),
            Gate::Upstream | Gate::Account | Gate::Pace => (
                WaitReason::Circuit,
                "Claude failed again and again; one call tries again then, and the others follow when it answers"
                    .to_owned(),
            ),
        };
        Wait { reason, detail, until: Some(until), refused_at: None }
    }
}
