//! How many attempts may run at once.
//!
//! Slots follow the load: half as many again when those for ordinary jobs are 85 % busy and jobs wait, half
//! as many when they are 30 % busy and none does. A first rise follows the load for half a minute; they stay for a
//! cooldown after each change, change at
//! most twelve times in an hour, and are never more than the pace can feed: what agents took of each limit a
//! minute while they worked says how many of them use it up.

mod feed;
#[cfg(test)]
mod tests;
mod work;

pub use feed::{FedMinute, LimitTaken};
pub use work::Work;

use anvil_types::Timestamp;
use anvil_types::words::{PaceLimit, ScaleReason};
use feed::Feed;
use std::collections::VecDeque;
use std::time::Duration;

/// Busier than this, slots are added.
const BUSY_PERCENT: u32 = 85;
/// Less busy than this, slots are taken away.
const IDLE_PERCENT: u32 = 30;
const HOUR: Duration = Duration::from_hours(1);
/// The most changes in an hour.
const MOST_CHANGES: usize = 12;
/// For so long after a first rise the slots follow the load up without a cooldown: jobs that come one after the
/// other get as many as those that come at once.
const RISE: Duration = Duration::from_secs(30);
/// With this many changes in the last hour, a rise from the fewest slots has to wait for the cooldown too.
const HASTY_CHANGES: usize = 8;

/// What the number of slots follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Attempts that run.
    pub running: u32,
    /// Jobs that wait for a slot.
    pub queued: u64,
    /// The fewest slots.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// What was decided last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotDecision {
    /// How many slots there are from now on.
    pub slots: u32,
    /// Why.
    pub reason: ScaleReason,
}

/// Decides how many slots there are.
#[derive(Debug)]
pub struct Scaler {
    slots: u32,
    cooldown: Duration,
    // Of the last hour, the oldest first.
    changes: VecDeque<Timestamp>,
    // When the rise began that still follows the load.
    rise: Option<Timestamp>,
    feed: Feed,
}

impl Scaler {
    /// So many slots to begin with; after a change they stay for a cooldown.
    pub fn new(slots: u32, cooldown: Duration) -> Self {
        Self { slots, cooldown, changes: VecDeque::new(), rise: None, feed: Feed::default() }
    }

    /// How many slots there are.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Notes what the pace was used for in a minute.
    pub fn fed(&mut self, minute: FedMinute) {
        self.feed.add(minute);
    }

    /// How many agents the pace can feed, and the limit that they use up then; none before anything was
    /// measured.
    pub fn ceiling(&self) -> Option<(u32, &PaceLimit)> {
        self.feed.ceiling()
    }

    /// How many slots there are from now on, and why.
    pub fn decide(&mut self, load: Load, now: Timestamp) -> SlotDecision {
        while self.changes.front().is_some_and(|first| now.since(*first) >= HOUR) {
            self.changes.pop_front();
        }
        let (wanted, reason) = self.wanted(load, now);
        if wanted != self.slots {
            self.changes.push_back(now);
            if wanted < self.slots {
                self.rise = None;
            } else if self.slots <= load.min {
                self.rise = Some(now);
            }
            self.slots = wanted;
        }
        SlotDecision { slots: wanted, reason }
    }

    /// Whether something may follow from how many jobs wait: counting them takes a look at the database.
    pub fn asks_for_queue(&self, load: Load, now: Timestamp) -> bool {
        let (none, many) = (Load { queued: 0, ..load }, Load { queued: u64::MAX, ..load });
        self.wanted(none, now) != self.wanted(many, now)
    }

    fn wanted(&self, load: Load, now: Timestamp) -> (u32, ScaleReason) {
        let slots = self.slots;
        let (min, max) = (load.min.min(load.max).max(1), load.max.max(1));
        if slots != slots.clamp(min, max) {
            return (slots.clamp(min, max), ScaleReason::Limits);
        }
        // Never fewer than run and one more: a critical job finds its slot also among jobs that last for hours.
        let fewest = min.max(load.running.saturating_add(1)).min(max);
        // Without a ceiling only `max` bounds them.
        let ceiling = self.ceiling();
        let fed = ceiling.map_or(max, |(fed, _)| fed.clamp(min, max));
        let starved =
            || ceiling.map_or(ScaleReason::Most, |(_, limit)| ScaleReason::Pace { limit: limit.clone() });
        let busy = load.running * 100;
        // The slot kept for critical jobs is mostly empty, which does not help those that wait.
        let rises = load.queued > 0 && busy >= ordinary(slots) * BUSY_PERCENT;
        let idles = load.queued == 0 && busy <= slots * IDLE_PERCENT;
        let (wanted, reason) = if rises {
            let needed = u32::try_from(load.queued).unwrap_or(u32::MAX).saturating_add(load.running + 1);
            let more = needed.max(slots + slots.div_ceil(2)).min(max);
            match more.min(fed) {
                most if most > slots => (most, ScaleReason::Busy { waiting: load.queued }),
                _ if slots >= max => return (slots, ScaleReason::Most),
                less if less.max(fewest) < slots => (less.max(fewest), starved()),
                _ => return (slots, starved()),
            }
        } else if idles && slots > min {
            ((slots / 2).max(load.running).clamp(min, slots), ScaleReason::Idle)
        } else if fed.max(fewest) < slots {
            (fed.max(fewest), starved())
        } else {
            return (slots, ScaleReason::Enough);
        };
        if wanted == slots {
            return (slots, ScaleReason::Enough);
        }
        match self.may_change(wanted, min, now) {
            Ok(()) => (wanted, reason),
            Err(until) => (slots, ScaleReason::Cooldown { until }),
        }
    }

    fn is_rising(&self, now: Timestamp) -> bool {
        self.rise.is_some_and(|began| now.since(began) < RISE)
    }

    // A fall leaves the hour's last change for a rise.
    fn may_change(&self, wanted: u32, min: u32, now: Timestamp) -> Result<(), Timestamp> {
        let rises = wanted > self.slots;
        let most = if rises { MOST_CHANGES } else { MOST_CHANGES - 1 };
        if self.changes.len() >= most {
            return Err(self.changes[self.changes.len() - most] + HOUR);
        }
        // The first slots above the fewest come at once: waiting for a cooldown helps nobody then.
        let hasty = rises && (self.slots <= min || self.is_rising(now)) && self.changes.len() < HASTY_CHANGES;
        match self.changes.back().map(|last| *last + self.cooldown) {
            Some(until) if until > now && !hasty => Err(until),
            _ => Ok(()),
        }
    }
}

/// How many jobs of ordinary priority may run beside each other: one slot is kept for critical jobs
/// where there is more than one.
pub fn ordinary(slots: u32) -> u32 {
    if slots > 1 { slots - 1 } else { slots }
}

/// What may be taken from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSlots {
    /// So many jobs.
    pub most: u32,
    /// Whether only critical ones.
    pub critical_only: bool,
}

/// What may be taken while so many of the slots run; none where none is free.
pub fn free_slots(slots: u32, running: u32) -> Option<FreeSlots> {
    let free = slots.checked_sub(running).filter(|free| *free > 0)?;
    let ordinary = ordinary(slots).saturating_sub(running);
    let critical_only = ordinary == 0;
    Some(FreeSlots { most: if critical_only { free } else { ordinary }, critical_only })
}

/// What may be taken in the place of one that runs and ends, while so many run, it among them; none where slots were taken
/// away.
pub fn free_in_place(slots: u32, running: u32) -> Option<FreeSlots> {
    (running <= slots).then(|| FreeSlots { most: 1, critical_only: running > ordinary(slots) })
}
