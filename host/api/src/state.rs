//! What agents keep beyond their jobs, as the API has it.

use anvil_types::{StateItem, StateSize};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an agent keeps beside what it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateUse {
    /// The agent; it need not be there any more.
    pub agent: String,
    /// What it keeps.
    #[serde(rename = "use")]
    pub kept: StateSize,
    /// What it may keep at most.
    pub quota: StateSize,
}

/// Keys of an agent's state, and what all of them come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateList {
    /// The whole of it.
    #[serde(flatten)]
    pub whole: StateUse,
    /// Keys in the order of their bytes.
    pub items: Vec<StateItem>,
    /// What to send as `after` to get the next page; null on the last.
    pub next: Option<String>,
}
