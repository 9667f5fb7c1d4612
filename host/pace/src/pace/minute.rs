//! What was counted in the last 60 seconds.

use anvil_types::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
/// One count is no more than this, whatever was told: no minute has so many.
const MOST: u64 = 1 << 40;

/// Counts by their time, for as long as they are in the last 60 seconds.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    counts: BTreeMap<Timestamp, u64>,
    sum: u64,
}

impl Minute {
    pub(crate) fn add(&mut self, at: Timestamp, count: u64) {
        let count = count.min(MOST);
        if count > 0 {
            *self.counts.entry(at).or_default() += count;
            self.sum += count;
        }
    }

    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(first) = self.counts.first_entry().filter(|first| now.since(*first.key()) >= MINUTE) {
            self.sum -= first.remove();
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// How long until at least `count` has left; none where there is not so much.
    pub(crate) fn wait_until_left(&self, count: u64, now: Timestamp) -> Option<Duration> {
        let mut left = 0;
        self.counts.iter().find_map(|(at, there)| {
            left += there;
            (left >= count).then(|| (*at + MINUTE).since(now).max(Duration::from_millis(1)))
        })
    }

    /// How long until all has left.
    pub(crate) fn wait_until_empty(&self, now: Timestamp) -> Duration {
        let last = self.counts.last_key_value();
        last.map_or(Duration::ZERO, |(at, _)| (*at + MINUTE).since(now))
    }
}
