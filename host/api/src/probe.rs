//! A person's question whether Claude answers.

use anvil_types::{Nanodollars, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Probe {
    /// Whether Claude answered.
    pub answered: bool,
    /// What happened, in a sentence.
    pub said: String,
    /// The model that answered.
    pub model: Option<String>,
    /// What it cost, where Claude answered.
    pub cost_usd: Option<Nanodollars>,
    /// How long it took, in milliseconds of the machine's clock.
    pub took_ms: u64,
    /// When the host lets a call go out again, where it kept this one back and knows.
    pub until: Option<Timestamp>,
}
