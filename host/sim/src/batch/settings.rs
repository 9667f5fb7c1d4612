//! How fast batches are worked off.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

/// Settings of batches. Times are of the simulator's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimBatchSettings {
    /// From a batch's creation until its first item is done, ms.
    pub start_ms: u64,
    /// Items of each batch that are done a minute from then on. 0: none, so that the batch expires.
    pub items_per_minute: u64,
    /// How long a cancelled batch takes to end, ms; items that would be done by then are in progress already, and are.
    pub cancel_ms: u64,
    /// How likely an item finds what is cached, 0 to 1. The published range is 0.3 to 0.98.
    #[serde(deserialize_with = "share")]
    pub cache_hits: f64,
    /// How many items may wait in all batches; a batch that would exceed it gets a 429. Without it, any number.
    pub queued: Option<u64>,
}

/// A number from 0 to 1.
fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(from)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(D::Error::custom(format!("cache_hits: {share} is not from 0 to 1")))
    }
}

impl Default for SimBatchSettings {
    /// A batch of 100,000 takes 18 minutes: most real ones end within an hour.
    fn default() -> Self {
        Self { start_ms: 60_000, items_per_minute: 6_000, cancel_ms: 5_000, cache_hits: 0.3, queued: None }
    }
}
