//! How many attempts may run at once.

use anvil_types::Timestamp;
use std::time::Duration;

/// Busier than this, slots are added.
const BUSY_PERCENT: u32 = 85;
/// Less busy than this, slots are taken away.
const IDLE_PERCENT: u32 = 30;

/// What the number of slots follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Slots now.
    pub slots: u32,
    /// Attempts that run.
    pub running: u32,
    /// Jobs that wait for a slot.
    pub queued: u64,
    /// The fewest slots.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// How many slots there should be: one and a half times as many when those for ordinary jobs are 85 % busy
/// and jobs wait, half as many (never fewer than run) when they are 30 % busy, within the limits, and no
/// change within the cooldown of the last one. Limits that moved count at once.
pub(crate) fn decide(load: Load, changed: Timestamp, cooldown: Duration, now: Timestamp) -> u32 {
    let within = |slots: u32| slots.clamp(load.min.min(load.max), load.max.max(1));
    let held = within(load.slots);
    let busy = load.running * 100;
    // The first slots above the minimum come at once: waiting for a cooldown helps nobody then.
    let cool = now.since(changed) >= cooldown || load.slots <= load.min;
    if held != load.slots || !cool {
        return held;
    }
    // The slot kept for critical jobs is mostly empty, which does not help those that wait.
    if load.queued > 0 && busy >= ordinary(load.slots) * BUSY_PERCENT {
        let wanted = u32::try_from(load.queued).unwrap_or(u32::MAX).saturating_add(load.running + 1);
        return within(wanted.max(load.slots + load.slots.div_ceil(2)));
    }
    if load.queued == 0 && busy <= load.slots * IDLE_PERCENT {
        return within((load.slots / 2).max(load.running));
    }
    held
}

/// How many jobs of ordinary priority may run beside each other: one slot is kept for critical jobs
/// where there is more than one.
pub(crate) fn ordinary(slots: u32) -> u32 {
    if slots > 1 { slots - 1 } else { slots }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slots: u32, running: u32, queued: u64, since_s: i64) -> u32 {
        let load = Load { slots, running, queued, min: 3, max: 10 };
        decide(load, Timestamp::from_secs(0), Duration::from_mins(5), Timestamp::from_secs(since_s))
    }

    #[test]
    fn slots_follow_the_load_within_their_limits() {
        assert_eq!(at(3, 3, 1, 0), 5, "the first rise needs no cooldown");
        assert_eq!(at(3, 2, 1, 0), 5, "the third slot is kept for critical jobs");
        assert_eq!(at(3, 1, 1, 0), 3);
        assert_eq!(at(3, 3, 50, 0), 10);
        assert_eq!(at(5, 5, 9, 299), 5, "the cooldown holds");
        assert_eq!(at(5, 5, 9, 300), 10);
        assert_eq!(at(10, 3, 0, 300), 5);
        assert_eq!(at(5, 1, 0, 300), 3);
        assert_eq!(at(10, 9, 0, 300), 10);
    }

    #[test]
    fn a_lowered_limit_counts_at_once() {
        let load = Load { slots: 10, running: 10, queued: 5, min: 3, max: 4 };
        assert_eq!(decide(load, Timestamp::from_secs(0), Duration::from_mins(5), Timestamp::from_secs(1)), 4);
    }
}
