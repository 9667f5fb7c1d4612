//! Limits a minute, and how they stand.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Requests a minute.
    Requests,
    /// Input tokens a minute, cache reads not counted.
    InputTokens,
    /// Output tokens a minute.
    OutputTokens,
}

impl Bucket {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Requests, Self::InputTokens, Self::OutputTokens];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
        }
    }
}

/// How one bucket stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BucketReport {
    /// The pool of models that share it; none for what counts over all pools.
    pub pool: Option<String>,
    /// What is counted.
    pub bucket: Bucket,
    /// What was taken in the last 60 seconds, with the estimates of calls under way.
    pub taken: u64,
    /// What may be taken in any 60 seconds: the lower of the setting and the upstream's limit.
    pub limit: u64,
    /// The upstream's own limit, where it told one.
    pub upstream_limit: Option<u64>,
    /// What is left at the upstream by its latest word, refilled since.
    pub remaining: Option<u64>,
    /// When the upstream's bucket is full again.
    pub reset: Option<Timestamp>,
    /// Whether somebody else takes from it too.
    pub shared: bool,
}
