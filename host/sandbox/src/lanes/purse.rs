//! Prompt time that a guest may still spend.

use std::time::{Duration, Instant};

/// The most that a purse holds: what a guest may compute at once without leaving the prompt lane.
const FULL: Duration = Duration::from_millis(25);
/// One part in this many of the time that a guest waits flows into its purse.
const REFILL: u32 = 20;

/// Prompt time that a guest may still spend. A slice is as long as a tick, so it can go into debt.
#[derive(Debug)]
pub(super) struct Purse {
    left: Duration,
    debt: Duration,
}

impl Purse {
    pub(super) fn full() -> Self {
        Self { left: FULL, debt: Duration::ZERO }
    }

    /// The guest waited since then; what it computed elsewhere meanwhile earns nothing.
    pub(super) fn waited(&mut self, since: Instant, now: Instant) {
        let gain = now.saturating_duration_since(since) / REFILL;
        let paid = gain.min(self.debt);
        self.debt -= paid;
        self.left = (self.left + (gain - paid)).min(FULL);
    }

    pub(super) fn spend(&mut self, used: Duration) {
        self.debt += used.saturating_sub(self.left);
        self.left = self.left.saturating_sub(used);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_is_filled_by_waiting_once_its_debt_is_paid() {
        let now = Instant::now();
        let mut purse = Purse::full();
        purse.spend(FULL + Duration::from_millis(5));
        assert!(purse.is_empty());
        purse.waited(now, now + Duration::from_millis(100));
        assert!(purse.is_empty(), "five milliseconds are paid back and no more");
        purse.waited(now, now + Duration::from_secs(3600));
        assert_eq!(purse.left, FULL);
    }
}
