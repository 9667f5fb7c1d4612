//! What the prompt cache did for a call: what it saved, and the miss that the call was, if it was one.

use crate::{MOST_TOKENS, Nanodollars};
use serde::{Deserialize, Serialize};

/// The dearest miss, and the most saved or lost by one call, that is taken over: what sums can hold thousands of.
const MOST_MONEY: i64 = 1 << 52;
/// The last place of a prompt that is told: no request is as long.
const LAST_PLACE: u64 = 1 << 40;

/// What kind of miss it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CacheMissKind {
    /// The prompt was never sent before.
    First,
    /// It was sent before, for longer ago than it is kept.
    Expired,
    /// It is another from some byte on.
    PrefixChanged,
    /// It is kept for another model.
    ModelChanged,
    /// The tools before it are others.
    ToolsChanged,
    /// It is too short for its model to keep it.
    BelowMinimum,
}

impl CacheMissKind {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::First,
        Self::Expired,
        Self::PrefixChanged,
        Self::ModelChanged,
        Self::ToolsChanged,
        Self::BelowMinimum,
    ];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Expired => "expired",
            Self::PrefixChanged => "prefix_changed",
            Self::ModelChanged => "model_changed",
            Self::ToolsChanged => "tools_changed",
            Self::BelowMinimum => "below_minimum",
        }
    }
}

/// Why a prompt was not read from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum CacheMissReason {
    /// The prompt was never sent before.
    First,
    /// It was sent before, for longer ago than it is kept.
    Expired,
    /// It is another from a byte on.
    PrefixChanged {
        /// The first byte that differs, counted from 0 in the parts of the request that are cached, in their order.
        at: u64,
    },
    /// It is kept for another model.
    ModelChanged,
    /// The tools before it are others.
    ToolsChanged,
    /// It is too short for its model to keep it.
    BelowMinimum,
}

impl CacheMissReason {
    /// Its kind, by which misses are summed up.
    pub fn kind(self) -> CacheMissKind {
        match self {
            Self::First => CacheMissKind::First,
            Self::Expired => CacheMissKind::Expired,
            Self::PrefixChanged { .. } => CacheMissKind::PrefixChanged,
            Self::ModelChanged => CacheMissKind::ModelChanged,
            Self::ToolsChanged => CacheMissKind::ToolsChanged,
            Self::BelowMinimum => CacheMissKind::BelowMinimum,
        }
    }

    /// The byte at which the prompt changed, where it did.
    pub fn at(self) -> Option<u64> {
        match self {
            Self::PrefixChanged { at } => Some(at),
            _ => None,
        }
    }

    /// The reason of this kind; its place counts where the kind has one.
    pub fn of(kind: CacheMissKind, at: u64) -> Self {
        match kind {
            CacheMissKind::First => Self::First,
            CacheMissKind::Expired => Self::Expired,
            CacheMissKind::PrefixChanged => Self::PrefixChanged { at },
            CacheMissKind::ModelChanged => Self::ModelChanged,
            CacheMissKind::ToolsChanged => Self::ToolsChanged,
            CacheMissKind::BelowMinimum => Self::BelowMinimum,
        }
    }
}

/// A prompt that was not read from the cache, and what that cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CacheMiss {
    /// Why.
    #[serde(flatten)]
    pub reason: CacheMissReason,
    /// The tokens of the prompt that a hit would have read.
    pub tokens: u64,
    /// What they cost more than reading them would have.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
}

impl CacheMiss {
    /// The same within bounds, so that sums of many fit: nobody's word is taken for more.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            reason: match self.reason {
                CacheMissReason::PrefixChanged { at } => {
                    CacheMissReason::PrefixChanged { at: at.min(LAST_PLACE) }
                }
                reason => reason,
            },
            tokens: self.tokens.min(MOST_TOKENS),
            cost: Nanodollars::new(self.cost.get().clamp(0, MOST_MONEY)),
        }
    }
}

/// What the prompt cache did for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheEffect {
    /// What the same tokens would have cost with nothing read or written, less what they cost. Less than nothing
    /// where what was written was not made up for.
    pub saved: Nanodollars,
    /// The miss that it was, if it was one.
    pub miss: Option<CacheMiss>,
}

impl CacheEffect {
    /// The same within bounds.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            saved: Nanodollars::new(self.saved.get().clamp(-MOST_MONEY, MOST_MONEY)),
            miss: self.miss.map(CacheMiss::bounded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_told_in_json_by_its_reason_and_its_place_where_it_has_one() {
        let miss = |reason| CacheMiss { reason, tokens: 2_048, cost: Nanodollars::new(7_372_800) };
        for (told, text) in [
            (
                miss(CacheMissReason::PrefixChanged { at: 812 }),
                r#"{"reason":"prefix_changed","at":812,"tokens":2048,"cost_usd":0.0073728}"#,
            ),
            (miss(CacheMissReason::Expired), r#"{"reason":"expired","tokens":2048,"cost_usd":0.0073728}"#),
        ] {
            assert_eq!(serde_json::to_string(&told).expect("JSON"), text);
            assert_eq!(serde_json::from_str::<CacheMiss>(text).expect("a miss"), told);
        }
        assert!(
            serde_json::from_str::<CacheMiss>(r#"{"reason":"bad luck","tokens":1,"cost_usd":0}"#).is_err()
        );
    }

    #[test]
    fn each_kind_is_named_alike_in_json_and_in_the_store() {
        for kind in CacheMissKind::ALL {
            let reason = CacheMissReason::of(kind, 5);
            assert_eq!(reason.kind(), kind);
            assert_eq!(reason.at().is_some(), kind == CacheMissKind::PrefixChanged);
            let name = serde_json::Value::String(kind.name().to_owned());
            assert_eq!(serde_json::to_value(kind).expect("JSON"), name);
            assert_eq!(serde_json::to_value(reason).expect("JSON")["reason"], name);
        }
    }

    #[test]
    fn nobodys_word_makes_a_sum_too_large() {
        let wild = CacheEffect {
            saved: Nanodollars::new(i64::MIN),
            miss: Some(CacheMiss {
                reason: CacheMissReason::PrefixChanged { at: u64::MAX },
                tokens: u64::MAX,
                cost: Nanodollars::MAX,
            }),
        };
        let told = wild.bounded();
        assert_eq!(told.saved.get(), -MOST_MONEY);
        let miss = told.miss.expect("it is one");
        assert_eq!(
            (miss.reason.at(), miss.tokens, miss.cost.get()),
            (Some(LAST_PLACE), MOST_TOKENS, MOST_MONEY)
        );
        let below = CacheMiss { cost: Nanodollars::new(-1), ..miss };
        assert_eq!(below.bounded().cost, Nanodollars::ZERO);
    }
}
