//! Spend over a stretch of time.

use anvil_types::{Nanodollars, Timestamp, Tokens, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the sums are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The agent that asked.
    Agent,
    /// The model that was asked for.
    Model,
    /// The API key that asked.
    Key,
    /// The kind of token.
    Kind,
    /// The hour (of UTC).
    Hour,
    /// The day (of the host's time zone).
    Day,
}

impl By {
    /// All of them, with their names.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Agent, "agent"),
        (Self::Model, "model"),
        (Self::Key, "key"),
        (Self::Kind, "kind"),
        (Self::Hour, "hour"),
        (Self::Day, "day"),
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(by, _)| *by == self).map_or("agent", |(_, name)| name)
    }
}

impl std::str::FromStr for By {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(by, _)| *by).ok_or("spend is told by agent, model, key, kind, hour or day")
    }
}

/// What something came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// Calls that cost something, or may have; none where calls cannot be told apart so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Settled and unknown.
    #[serde(rename = "spent_usd")]
    pub spent: Nanodollars,
    /// The part of it that is unknown.
    #[serde(rename = "unknown_usd")]
    pub unknown: Nanodollars,
    /// What the prompt cache saved, less than nothing where what was written was not made up for; none where it cannot
    /// be told apart so.
    #[serde(rename = "saved_usd", default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Nanodollars>,
    /// Calls that the cache of replies answered, which are in no other figure here; none where it cannot be told apart so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<u64>,
    /// What the same tokens would have cost those; none where it cannot be told apart so.
    #[serde(rename = "reply_saved_usd", default, skip_serializing_if = "Option::is_none")]
    pub reply_saved: Option<Nanodollars>,
    /// Calls that were answered in batches; none where it cannot be told apart so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batched: Option<u64>,
    /// What the same tokens would have cost those by themselves, less what they cost; none where it cannot be told apart
    /// so.
    #[serde(rename = "batch_saved_usd", default, skip_serializing_if = "Option::is_none")]
    pub batch_saved: Option<Nanodollars>,
    /// What was used.
    #[serde(flatten)]
    pub tokens: Tokens,
}

impl Sum {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.calls = both(self.calls, other.calls);
        self.saved = both(self.saved, other.saved);
        self.hits = both(self.hits, other.hits);
        self.reply_saved = both(self.reply_saved, other.reply_saved);
        self.batched = both(self.batched, other.batched);
        self.batch_saved = both(self.batch_saved, other.batch_saved);
        self.spent += other.spent;
        self.unknown += other.unknown;
        self.tokens += other.tokens;
    }
}

/// None where neither is known.
fn both<T: Default + std::ops::Add<Output = T>>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or_default() + other.unwrap_or_default()),
    }
}

/// A part of what was spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpendItem {
    /// The agent, model, API key or kind of token, or the beginning of the hour or day; null where nobody is
    /// named.
    pub name: Option<String>,
    /// What it came to.
    #[serde(flatten)]
    pub sum: Sum,
}

/// What was spent in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spend {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is not in it.
    pub to: Timestamp,
    /// What it is told apart by.
    pub by: By,
    /// Whose money.
    pub upstream: UpstreamKind,
    /// Whether dollars are split by the price table: exact together, an estimate each.
    pub estimated: bool,
    /// The parts.
    pub items: Vec<SpendItem>,
    /// All of it.
    pub total: Sum,
}
