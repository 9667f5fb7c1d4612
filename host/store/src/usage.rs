//! Questions to the ledger: its pages, their totals, and its sums by what people ask for.

use anvil_types::{CallId, CallRecord, CallState, JobId, Nanodollars, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};

/// Which entries of the ledger. All of it where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Only this job's.
    pub job: Option<JobId>,
    /// Only this agent's.
    pub agent: Option<String>,
    /// Only this API key's.
    pub api_key: Option<String>,
    /// Only of this model, as it was asked for.
    pub model: Option<String>,
    /// Only in this state.
    pub state: Option<CallState>,
    /// Held at this time or later.
    pub from: Option<Timestamp>,
    /// Held before this time.
    pub to: Option<Timestamp>,
    /// Only what its own entry says cost this or more: corrections not counted.
    pub min_cost: Option<Nanodollars>,
}

/// A page of the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerPage {
    /// The entries, the newest hold first.
    pub items: Vec<CallRecord>,
    /// Where the next page begins; none on the last.
    pub next: Option<CallId>,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        self.tokens += other.tokens;
    }
}

/// What has ended within a stretch of time, by who asked and for which model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageSum {
    /// The beginning of the stretch.
    pub start: Timestamp,
    /// The agent that asked.
    pub agent: Option<String>,
    /// The API key that asked, where no agent did.
    pub api_key: Option<String>,
    /// The model that was asked for.
    pub model: String,
    /// Calls that cost something, or may have.
    pub calls: u64,
    /// Settled by usage.
    pub settled: Nanodollars,
    /// Counted at the most it can be.
    pub unknown: Nanodollars,
    /// What they used.
    pub tokens: Tokens,
}

impl UsageSum {
    /// Settled and unknown.
    pub fn spent(&self) -> Nanodollars {
        self.settled + self.unknown
    }
}

/// Whether a cause of the brake came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrakeMove {
    /// It came.
    Engaged,
    /// It went.
    Released,
}

/// A line of the brake's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeEntry {
    /// When.
    pub at: Timestamp,
    /// Whether the cause came or went.
    pub change: BrakeMove,
    /// The cause.
    pub kind: anvil_budget::BrakeCauseKind,
    /// The upstream whose day it is; none for a cause that stops every one.
    pub upstream: Option<UpstreamKind>,
    /// A sentence for people.
    pub reason: String,
    /// Who, where a person did it.
    pub by: Option<String>,
}

/// What the brake did, and whether the day may engage it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeHistory {
    /// What happened, the newest first.
    pub history: Vec<BrakeEntry>,
    /// Until when a person has muted the day's own cause.
    pub muted_until: Option<Timestamp>,
}
