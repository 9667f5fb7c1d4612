//! Misses of the prompt cache, and what it saved.

use anvil_types::{CacheMiss, CacheMissKind, Nanodollars, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// By what misses are told alone, where they are not told by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MissesBy {
    /// Who asked: the agent, or the API key.
    Agent,
    /// Why it was no hit.
    Reason,
}

impl MissesBy {
    /// All of them, with their names.
    pub const ALL: [(Self, &str); 2] = [(Self::Agent, "agent"), (Self::Reason, "reason")];
}

impl std::str::FromStr for MissesBy {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(by, _)| *by).ok_or("misses are told by agent or reason, or by both where nothing is said")
    }
}

/// What misses come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissTotal {
    /// How many calls.
    pub calls: u64,
    /// The tokens of their prompts that hits would have read.
    pub tokens: u64,
    /// What they cost more than reading them would have.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
}

impl std::ops::AddAssign for MissTotal {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.tokens += other.tokens;
        self.cost += other.cost;
    }
}

/// Misses of one kind, of one who asked, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissItem {
    /// The agent that asked; null where none did, or where agents are not told apart.
    pub agent: Option<String>,
    /// The API key that asked, where no agent did.
    pub api_key: Option<String>,
    /// Why they were no hits; null where reasons are not told apart.
    pub reason: Option<CacheMissKind>,
    /// What they come to.
    #[serde(flatten)]
    pub total: MissTotal,
}

/// Misses of the prompt cache in a stretch of time, and what it saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheMisses {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is not in it.
    pub to: Timestamp,
    /// What the misses are told by alone; null where they are told by both.
    pub by: Option<MissesBy>,
    /// Whose money.
    pub upstream: UpstreamKind,
    /// What the prompt cache saved all calls of the time; less than nothing where what was written was not made up for.
    #[serde(rename = "saved_usd")]
    pub saved: Nanodollars,
    /// The misses, the dearest first.
    pub items: Vec<MissItem>,
    /// All of them.
    pub total: MissTotal,
}

/// A job's misses of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobMisses {
    /// Why they were no hits.
    pub reason: CacheMissKind,
    /// What they come to.
    #[serde(flatten)]
    pub total: MissTotal,
}

impl JobMisses {
    /// Misses of calls by their kind, the dearest first.
    pub fn of(misses: impl IntoIterator<Item = CacheMiss>) -> Vec<Self> {
        let mut kinds: BTreeMap<CacheMissKind, MissTotal> = BTreeMap::new();
        for miss in misses {
            let CacheMiss { reason, tokens, cost } = miss;
            *kinds.entry(reason.kind()).or_default() += MissTotal { calls: 1, tokens, cost };
        }
        let mut all: Vec<_> = kinds.into_iter().map(|(reason, total)| Self { reason, total }).collect();
        all.sort_by_key(|misses| std::cmp::Reverse(misses.total.cost));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::CacheMissReason;

    #[test]
    fn a_jobs_misses_are_told_by_kind_the_dearest_first() {
        let miss = |reason, tokens, cost| CacheMiss { reason, tokens, cost: Nanodollars::new(cost) };
        let misses = [
            miss(CacheMissReason::First, 100, 3),
            miss(CacheMissReason::PrefixChanged { at: 7 }, 20, 4),
            miss(CacheMissReason::PrefixChanged { at: 8_000 }, 1, 5),
        ];
        let of = |reason, calls, tokens, cost| JobMisses {
            reason,
            total: MissTotal { calls, tokens, cost: Nanodollars::new(cost) },
        };
        let expected = [of(CacheMissKind::PrefixChanged, 2, 21, 9), of(CacheMissKind::First, 1, 100, 3)];
        assert_eq!(JobMisses::of(misses), expected);
        assert_eq!(JobMisses::of([]), []);
    }
}
