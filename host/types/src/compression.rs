//! How far prompts are compressed, and what that did for a call.

use crate::{MOST_TOKENS, Nanodollars};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most that one call is told to have saved: what sums can hold thousands of.
const MOST_MONEY: i64 = 1 << 52;

/// How far an agent's prompts are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    Off,
    /// As far as nothing of their meaning is lost.
    On,
    /// Beyond that: comments in fenced code and the middles of stack traces and long logs are left out.
    Lossy,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Lossy];

    /// The name in settings, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Lossy => "lossy",
        }
    }

    /// That of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What compression did for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Compressed {
    /// By about how many tokens its prompt was shorter.
    pub tokens: u64,
    /// What they would have cost, by the price row of the call.
    #[serde(rename = "saved_usd")]
    pub saved: Nanodollars,
}

impl Compressed {
    /// The same within bounds, so that sums of many fit.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            tokens: self.tokens.min(MOST_TOKENS),
            saved: Nanodollars::new(self.saved.get().clamp(0, MOST_MONEY)),
        }
    }
}

impl std::ops::AddAssign for Compressed {
    fn add_assign(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.saved += other.saved;
    }
}

/// An agent's latest calls, reckoned with compression and without it, each with all that the prompt cache would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CompressionReplay {
    /// The agent.
    pub agent: String,
    /// How many calls, 200 at most: by so many it is judged.
    pub calls: u64,
    /// What they would have cost more without it; less than nothing where it costs more than it saves.
    #[serde(rename = "saved_usd")]
    pub saved: Nanodollars,
    /// Whether it is off by itself for that: conversations that begin are sent as they are.
    pub off: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_levels_name_is_the_one_of_its_json() {
        for level in Compression::ALL {
            assert_eq!(serde_json::json!(level), level.name());
            assert_eq!(Compression::named(level.name()), Some(level));
        }
        assert_eq!(Compression::named("high"), None);
    }

    #[test]
    fn nobodys_word_makes_a_sum_too_large() {
        let wild = Compressed { tokens: u64::MAX, saved: Nanodollars::MAX }.bounded();
        assert_eq!((wild.tokens, wild.saved.get()), (MOST_TOKENS, MOST_MONEY));
        assert_eq!(Compressed { tokens: 1, saved: Nanodollars::new(-1) }.bounded().saved, Nanodollars::ZERO);
    }
}
