//! What entries of the ledger come to.

use crate::Nanodollars;
use serde::{Deserialize, Serialize};

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tokens {
    /// Input, neither read from nor written to the prompt cache.
    #[serde(rename = "input_tokens")]
    pub input: u64,
    /// Output.
    #[serde(rename = "output_tokens")]
    pub output: u64,
    /// Input read from the prompt cache.
    #[serde(rename = "cache_read_tokens")]
    pub cache_read: u64,
    /// Input written to the prompt cache for five minutes.
    #[serde(rename = "cache_write_5m_tokens")]
    pub cache_write_5m: u64,
    /// Input written to the prompt cache for an hour.
    #[serde(rename = "cache_write_1h_tokens")]
    pub cache_write_1h: u64,
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_read += other.cache_read;
        self.cache_write_5m += other.cache_write_5m;
        self.cache_write_1h += other.cache_write_1h;
    }
}

/// What the entries of a filter come to. Corrections are in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LedgerTotals {
    /// How many entries.
    pub calls: u64,
    /// Settled by usage.
    #[serde(rename = "settled_usd")]
    pub settled: Nanodollars,
    /// Counted at the most it can be.
    #[serde(rename = "unknown_usd")]
    pub unknown: Nanodollars,
    /// Held by calls under way.
    #[serde(rename = "held_usd")]
    pub held: Nanodollars,
    /// What the prompt cache saved them; less than nothing where what was written was not made up for.
    #[serde(rename = "saved_usd", default)]
    pub saved: Nanodollars,
    /// How many of them the cache of replies answered.
    #[serde(default)]
    pub hits: u64,
    /// What the same tokens would have cost those.
    #[serde(rename = "reply_saved_usd", default)]
    pub reply_saved: Nanodollars,
    /// How many of them were answered in a batch.
    #[serde(default)]
    pub batched: u64,
    /// What the same tokens would have cost those by themselves, less what they cost.
    #[serde(rename = "batch_saved_usd", default)]
    pub batch_saved: Nanodollars,
    /// What they used.
    #[serde(flatten)]
    pub tokens: Tokens,
}

impl LedgerTotals {
    /// Settled and unknown.
    pub fn spent(&self) -> Nanodollars {
        self.settled + self.unknown
    }
}

impl std::ops::AddAssign for LedgerTotals {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.settled += other.settled;
        self.unknown += other.unknown;
        self.held += other.held;
        self.saved += other.saved;
        self.hits += other.hits;
        self.reply_saved += other.reply_saved;
        self.batched += other.batched;
        self.batch_saved += other.batch_saved;
        self.tokens += other.tokens;
    }
}
