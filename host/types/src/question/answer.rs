//! What is answered.

use crate::{Json, Timestamp};
use serde::{Deserialize, Serialize};

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonAnswer {
    /// The answer.
    pub value: Json,
    /// Who answered; nobody where the time limit's default counts.
    pub who: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskError {
    /// A word of an open vocabulary.
    pub kind: String,
    /// For people.
    pub message: String,
}

impl AskError {
    /// The question is out of its bounds, or its schema or default is wrong.
    pub const INVALID: &'static str = "invalid-question";
    /// As many questions as may be are open, or were asked.
    pub const TOO_MANY: &'static str = "too-many";
    /// Nobody answered in time.
    pub const EXPIRED: &'static str = "expired";
    /// The host could not.
    pub const INTERNAL: &'static str = "internal";

    /// An error of one of these kinds.
    pub fn new(kind: &str, why: &impl ToString) -> Self {
        Self { kind: kind.to_owned(), message: why.to_string() }
    }
}
