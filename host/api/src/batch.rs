//! Message Batches.

use anvil_types::{BatchPause, BatchRecord, GatheredCalls, Nanodollars, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What waits for a batch, the newest batches, and what they saved today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchesView {
    /// Whether calls of jobs in no hurry go out in batches.
    pub enabled: bool,
    /// To which upstream.
    pub upstream: UpstreamKind,
    /// A batch is made as soon as so many calls wait, and has no more.
    pub most_calls: u64,
    /// It is made when the first of them has waited for so many seconds.
    pub wait_s: u64,
    /// What waits for one to be made.
    pub waiting: GatheredCalls,
    /// Why none is made, where something keeps them back.
    #[serde(default)]
    pub pause: Option<BatchPause>,
    /// Calls that were answered in batches since the host's midnight.
    pub batched_today: u64,
    /// What the same tokens would have cost those by themselves, less what they cost.
    #[serde(rename = "saved_today_usd")]
    pub saved_today: Nanodollars,
    /// The newest first: at most fifty.
    pub batches: Vec<BatchRecord>,
}
