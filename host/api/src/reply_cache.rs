//! The cache of replies.

use anvil_types::{Nanodollars, ReplySize, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is kept of what one agent paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentReplies {
    /// The agent; it need not be there any more.
    pub agent: String,
    /// What is kept.
    #[serde(flatten)]
    pub kept: ReplySize,
}

/// The cache of replies, and what it did today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyCacheView {
    /// Whether replies are kept, and answer.
    pub enabled: bool,
    /// For which upstream.
    pub upstream: UpstreamKind,
    /// For how many seconds a reply answers.
    pub ttl_s: u64,
    /// What is kept.
    pub kept: ReplySize,
    /// What may be kept at most.
    pub most: ReplySize,
    /// Calls that kept replies answered since the host's midnight.
    pub hits_today: u64,
    /// What the same tokens would have cost those.
    #[serde(rename = "saved_today_usd")]
    pub saved_today: Nanodollars,
    /// What is kept by the agent that paid for it, in the order of their names.
    pub agents: Vec<AgentReplies>,
}
