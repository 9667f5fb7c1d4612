//! Limits beside what was used of them.

use crate::{Nanodollars, ShownBytes, ShownMicros};
use serde::{Deserialize, Serialize};

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Bytes.
    Bytes,
    /// Microseconds.
    Micros,
    /// Nano-dollars.
    Nanodollars,
    /// Things: lines, files, calls.
    Count,
}

/// A limit of an agent's attempts or jobs, and how much of it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LimitUsed {
    /// Its name under `[agents.NAME]`.
    pub name: String,
    /// The setting that it comes from; `max_cost_usd` and `max_attempts` where the job has its own, which it was made or
    /// run again with.
    pub setting: String,
    /// What it counts.
    pub unit: LimitUnit,
    /// The limit, as it is now.
    pub limit: u64,
    /// How much of it was used; null where that is not measured.
    pub used: Option<u64>,
}

impl LimitUsed {
    /// An amount of it for reading.
    pub fn shown(&self, amount: u64) -> String {
        match self.unit {
            LimitUnit::Bytes => ShownBytes(amount).to_string(),
            LimitUnit::Micros => ShownMicros(amount).to_string(),
            LimitUnit::Nanodollars => Nanodollars::new(i64::try_from(amount).unwrap_or(i64::MAX)).to_string(),
            LimitUnit::Count => amount.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_in_their_unit() {
        let of =
            |unit| LimitUsed { name: "x".into(), setting: "sandbox.x".into(), unit, limit: 0, used: None };
        assert_eq!(of(LimitUnit::Bytes).shown(1 << 20), "1 MiB");
        assert_eq!(of(LimitUnit::Micros).shown(15_000_000), "15.00 s");
        assert_eq!(of(LimitUnit::Count).shown(7), "7");
        assert_eq!(of(LimitUnit::Nanodollars).shown(2_000_000_000), "$2.00");
    }
}
