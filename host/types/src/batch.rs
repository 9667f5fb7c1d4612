//! Message Batches, as people are told of them.

use crate::{Nanodollars, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// How far a batch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BatchState {
    /// It is being sent.
    Sending,
    /// It was sent, and nobody knows whether it came: it is looked for, and never sent again.
    Lost,
    /// The upstream refused it with an error of its own: it is looked for, and goes out anew where it is not there.
    Doubtful,
    /// The upstream has it.
    Sent,
    /// All its calls have come to their ends.
    Ended,
}

impl BatchState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sending, Self::Lost, Self::Doubtful, Self::Sent, Self::Ended];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Lost => "lost",
            Self::Doubtful => "doubtful",
            Self::Sent => "sent",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for BatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for BatchState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| format!("`{text}` is no state of a batch"))
    }
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BatchRecord {
    /// Its number here.
    pub number: u64,
    /// How far it has come.
    pub state: BatchState,
    /// Its id at the upstream, once that is known.
    pub upstream_id: Option<String>,
    /// How many calls it was made of.
    pub calls: u64,
    /// How many of them have no end yet.
    pub open: u64,
    /// What is held for those.
    #[serde(rename = "held_usd")]
    pub held: Nanodollars,
    /// When it was made.
    pub made_at: Timestamp,
    /// When what is left of it comes back undone.
    pub expires_at: Option<Timestamp>,
    /// When its last call came to its end.
    pub ended_at: Option<Timestamp>,
    /// Why looks at it come to nothing, where they do again and again.
    #[serde(default)]
    pub trouble: Option<BatchTrouble>,
}

/// Why looks at a batch come to nothing. It is looked at on, less often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BatchTrouble {
    /// For people.
    pub why: String,
    /// When the first came to nothing.
    pub since: Timestamp,
}

/// Why no batch is made, whatever waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BatchPause {
    /// For people.
    pub why: String,
    /// Until when; none where that is not known.
    pub until: Option<Timestamp>,
}

impl BatchPause {
    /// The brake stops them, for these reasons.
    pub fn braked(reasons: &[&str], until: Option<Timestamp>) -> Self {
        Self { why: format!("the brake is engaged: {}", reasons.join("; ")), until }
    }
}

/// What whoever sends batches notes for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNote {
    /// None is made.
    pub pause: Option<BatchPause>,
    /// What is wrong with batches, by their numbers.
    pub troubles: BTreeMap<u64, BatchTrouble>,
}

impl BatchNote {
    /// By what the store has it.
    pub fn key(upstream: UpstreamKind) -> String {
        format!("batches.{upstream}")
    }
}

/// Calls that wait for a batch to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GatheredCalls {
    /// How many there are.
    pub calls: u64,
    /// Bytes of their requests.
    pub bytes: u64,
    /// Since when the first of them waits.
    pub oldest: Option<Timestamp>,
}
