//! What was compressed, what that saved, and whether it pays.

use anvil_types::{Compressed, CompressionReplay, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Calls whose prompts were sent shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompressedTotal {
    /// How many calls.
    pub calls: u64,
    /// By about how many tokens their prompts were shorter, and what those would have cost: an estimate, since no model counts
    /// what it was not sent.
    #[serde(flatten)]
    pub compressed: Compressed,
}

impl std::ops::AddAssign for CompressedTotal {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.compressed += other.compressed;
    }
}

/// Those of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompressedItem {
    /// The agent.
    pub agent: String,
    /// What they come to.
    #[serde(flatten)]
    pub total: CompressedTotal,
}

/// What was compressed in a stretch of time, and what it is worth to each agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompressionReport {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is not in it.
    pub to: Timestamp,
    /// Whose money.
    pub upstream: UpstreamKind,
    /// By agent, what saved most first.
    pub items: Vec<CompressedItem>,
    /// All of it.
    pub total: CompressedTotal,
    /// The latest calls of each agent, whenever they were.
    pub latest: Vec<CompressionReplay>,
}
