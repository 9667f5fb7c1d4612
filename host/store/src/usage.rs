//! Questions to the ledger: its pages, their totals, and its sums by what people ask for.

use anvil_types::{
    CacheMissKind, CallId, CallRecord, CallState, Compressed, JobId, Nanodollars, Tier, Timestamp, Tokens,
};

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
    /// What the prompt cache saved them; less than nothing where what was written was not made up for.
    pub saved: Nanodollars,
    /// Calls that kept replies answered, which are in no other figure here.
    pub hits: u64,
    /// What the same tokens would have cost them.
    pub reply_saved: Nanodollars,
    /// How many of the calls went in batches.
    pub batched: u64,
    /// What the same tokens would have cost those by themselves, less what they cost.
    pub batch_saved: Nanodollars,
    /// What they used.
    pub tokens: Tokens,
}

/// Misses of the prompt cache within a stretch of time, by who asked and of which kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissSum {
    /// The agent that asked.
    pub agent: Option<String>,
    /// The API key that asked, where no agent did.
    pub api_key: Option<String>,
    /// The kind of miss.
    pub kind: CacheMissKind,
    /// How many calls.
    pub calls: u64,
    /// The tokens that hits would have read.
    pub tokens: u64,
    /// What they cost more than reading them would have.
    pub cost: Nanodollars,
}

/// What was compressed within a stretch of time, by the agent that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompressedSum {
    /// The agent.
    pub agent: String,
    /// How many calls had a shorter prompt.
    pub calls: u64,
    /// By how much, and what that would have cost.
    pub compressed: Compressed,
}

/// How jobs of one agent and action ended, of which this is the strongest tier that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierSum {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The strongest tier that answered a call of each of them.
    pub tier: Tier,
    /// How many ended by themselves.
    pub jobs: u64,
    /// How many of them succeeded; the others failed.
    pub succeeded: u64,
    /// Attempts beyond the first of each.
    pub retries: u64,
    /// Their calls.
    pub calls: u64,
    /// Output tokens of these.
    pub output_tokens: u64,
    /// What the jobs cost, corrections included.
    pub cost: Nanodollars,
}

impl UsageSum {
    /// Settled and unknown.
    pub fn spent(&self) -> Nanodollars {
        self.settled + self.unknown
    }
}
