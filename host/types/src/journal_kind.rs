//! What a guest can ask that the journal answers.

use serde::{Deserialize, Serialize};

/// What kind of question an entry answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalKind {
    /// A question to Claude: the answer is a reply or an error.
    Call,
    /// What the job may still spend.
    Allowance,
    /// A question to people: the answer is theirs, or an error.
    Question,
    /// What the agent keeps beyond its jobs, read or written.
    State,
    /// A task for another agent.
    Team,
}

impl JournalKind {
    /// The name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Allowance => "allowance",
            Self::Question => "question",
            Self::State => "state",
            Self::Team => "team",
        }
    }
}
