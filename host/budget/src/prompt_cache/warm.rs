//! What a prompt begins with, while a model has it in its cache.

use crate::prompt_cache::outline::Digest;
use anvil_types::{Nanodollars, Timestamp};
use std::time::Duration;

/// What a prompt begins with, in its model's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmPrompt {
    /// Names what is there.
    pub beginning: Digest,
    /// From then on it is not there any more, unless it is read before.
    pub until: Timestamp,
    /// How long it is kept since it was read last.
    pub kept: Duration,
    /// How much more its call costs from then on.
    pub miss: Nanodollars,
}

impl WarmPrompt {
    /// Whether it is there now and gone by then.
    pub(crate) fn is_lost(&self, now: Timestamp, then: Timestamp) -> bool {
        now < self.until && self.until <= then
    }
}
