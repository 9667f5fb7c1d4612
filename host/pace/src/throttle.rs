//! The throttle: near a window's limit calls go out at an even burn, low priority last.

use crate::renewed::Renewed;
use anvil_budget::urgency::STEP;
use anvil_budget::{EarlyCall, EvenBurn, PassedCall, Urgency, WarmPrompt, WentEarly, goes_early};
use anvil_types::{JobId, Nanodollars, Priority, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who was told to wait and has not come back so long after its time is not waited for.
const COMES_BACK: Duration = Duration::from_mins(2);
/// So long after its time one that was told to wait still counts as one that can be passed: a parked job may have to wait for
/// a slot.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// The most who are remembered to wait.
const MOST_AHEAD: usize = 4_096;

/// Whose turn is when: how urgent the call is, since its job's arrival, and whose it is. The same for all that a job
/// asks, and over its parks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaceTurn {
    urgency: Urgency,
    job: Option<JobId>,
}

impl PaceTurn {
    /// The turn of what a job asks that came at `since`; none where it is no job's.
    pub fn new(priority: Priority, since: Timestamp, job: Option<JobId>) -> Self {
        Self { urgency: Urgency::of(priority, since), job }
    }
}

/// When the next call may go out for the money's sake.
#[derive(Debug, Default)]
pub struct Throttle {
    burn: Option<EvenBurn>,
    // What has gone out lasts until then.
    lasts_until: Timestamp,
    // Those that were told to wait, parked ones too: whoever has a later turn goes after them. Those that wait for the pace cost
    // nothing here; they are known for what has passed them.
    ahead: BTreeMap<PaceTurn, Waiting>,
    // Until then one waits who is not among them, for want of room.
    unnoted: Timestamp,
    // What went out before its turn lasts until then, by itself: whoever comes goes so much later.
    early_until: Timestamp,
    // What those that went out read in the models' caches.
    renewed: Renewed,
    // Raised whenever it begins or ends to slow calls down.
    epoch: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    cost: Nanodollars,
    until: Timestamp,
    priority: Priority,
    warm: Option<WarmPrompt>,
    // How much later it goes for those that passed it.
    held_up: Duration,
}

impl Waiting {
    fn is_waited_for(&self, now: Timestamp) -> bool {
        now <= self.until + COMES_BACK
    }

    fn is_remembered(&self, now: Timestamp) -> bool {
        now <= self.until + REMEMBERED_FOR
    }

    fn passed(&self) -> PassedCall {
        let Self { until, priority, warm, held_up, .. } = *self;
        PassedCall { warm, priority, turn: until, held_up }
    }
}

/// What a call that went out was charged; it can be corrected while the same slowing down lasts.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    epoch: u64,
    lasts: Duration,
    early: bool,
    // How it waited, where others have passed it.
    waited: Option<HeldUp>,
}

/// A call that others went before out of turn.
#[derive(Clone, Copy, Debug)]
struct HeldUp {
    turn: PaceTurn,
    until: Timestamp,
    priority: Priority,
    length: Duration,
}

impl Charge {
    /// Whether others went before it out of turn while it waited.
    pub(crate) fn was_passed(&self) -> bool {
        self.waited.is_some()
    }
}

/// A call, as the throttle looks at it.
#[derive(Clone, Copy, Debug)]
pub struct ThrottledCall<'c> {
    /// What it will probably cost.
    pub cost: Nanodollars,
    /// How urgent it is.
    pub priority: Priority,
    /// Whose turn it is.
    pub turn: PaceTurn,
    /// The model that it asks.
    pub model: &'c str,
    /// What its prompt begins with, where that is in the model's cache.
    pub warm: Option<WarmPrompt>,
}

/// What a call has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// How long.
    pub wait: Duration,
    /// The burn that asks for it.
    pub burn: EvenBurn,
}

impl Throttle {
    /// Goes by this burn from now on; none: as fast as the pace lets calls go.
    pub fn set(&mut self, burn: Option<EvenBurn>) {
        if burn.is_some() != self.burn.is_some() {
            self.epoch += 1;
            self.lasts_until = Timestamp::default();
            // How much later one goes for those that passed it holds for pace and money together.
            self.ahead.retain(|_, other| other.cost == Nanodollars::ZERO || other.held_up > Duration::ZERO);
            for other in self.ahead.values_mut() {
                other.cost = Nanodollars::ZERO;
            }
            self.early_until = Timestamp::default();
        }
        self.burn = burn;
    }

    /// Whether it slows calls down.
    pub fn is_on(&self) -> bool {
        self.burn.is_some()
    }

    /// What of a call's prompt is in its model's cache, where those that went out before it have read it too.
    pub fn warm(&self, call: &ThrottledCall<'_>) -> Option<WarmPrompt> {
        call.warm.map(|warm| self.renewed.seen(warm, call.model))
    }

    /// Whether a call may go, or how long it has to wait: until what went out before has lasted, and those whose turn is
    /// earlier have had theirs. Critical calls do not wait, but what they cost counts. Low ones wait until there is room for
    /// all of their cost, at most until they are as old as a step of priority is worth: from then on they have their turn as
    /// all others. One whose prompt would be gone from its model's cache by then may go before its turn
    /// ([`goes_early`]), and says so.
    pub fn may_go(
        &mut self,
        call: &ThrottledCall<'_>,
        now: Timestamp,
    ) -> Result<Option<WentEarly>, Throttled> {
        let ThrottledCall { cost, priority, turn, .. } = *call;
        let Some(burn) = self.burn else { return Ok(None) };
        if priority == Priority::Critical {
            return Ok(None);
        }
        let ahead =
            || self.ahead.range(..turn).map(|(_, other)| other).filter(|other| other.is_waited_for(now));
        let open = ahead().fold(self.lasts_until, |until, other| until + lasts(burn, other.cost));
        let takes = lasts(burn, cost);
        let opens = match priority {
            Priority::Low => (open + takes).min((turn.urgency.since() + STEP).max(open)),
            _ => open,
        };
        if opens <= now {
            return Ok(None);
        }
        let warm = self.warm(call);
        let owed = self.early_until.since(now);
        let early = warm.map(|warm| EarlyCall { warm, priority, turn: opens, takes, owed });
        let passed =
            || self.told_to_wait(now).take_while(|(other, _)| *other < turn).map(|(_, passed)| passed);
        let early = early.filter(|_| self.knows_all(now)).and_then(|early| goes_early(&early, passed(), now));
        if early.is_some() {
            return Ok(early);
        }
        self.note(turn, Waiting { cost, until: opens, priority, warm, held_up: Duration::ZERO }, now);
        Err(Throttled { wait: opens.since(now), burn })
    }

    /// A call waits for the pace, until then as far as is known: in the line or parked.
    pub(crate) fn waits(&mut self, call: &ThrottledCall<'_>, until: Timestamp, now: Timestamp) {
        let ThrottledCall { priority, turn, .. } = *call;
        let warm = self.warm(call);
        let before = self.ahead.get(&turn);
        let cost = before.map_or(Nanodollars::ZERO, |before| before.cost);
        let until = before.map_or(until, |before| before.until.max(until));
        self.note(turn, Waiting { cost, until, priority, warm, held_up: Duration::ZERO }, now);
    }

    // One waits; how much later it goes already is kept.
    fn note(&mut self, turn: PaceTurn, waiting: Waiting, now: Timestamp) {
        if self.ahead.len() >= MOST_AHEAD {
            self.ahead.retain(|_, other| other.is_remembered(now));
        }
        let held_up = self.held_up(turn);
        if self.ahead.len() < MOST_AHEAD || self.ahead.contains_key(&turn) {
            self.ahead.insert(turn, Waiting { held_up, ..waiting });
        } else {
            self.unnoted = self.unnoted.max(waiting.until + REMEMBERED_FOR);
        }
    }

    /// Whether everybody who waits is known: else nobody goes before its turn.
    pub(crate) fn knows_all(&self, now: Timestamp) -> bool {
        self.unnoted <= now
    }

    /// Those that were told to wait and are not gone, for money or pace, parked ones too: by their turns.
    pub(crate) fn told_to_wait(&self, now: Timestamp) -> impl Iterator<Item = (PaceTurn, PassedCall)> {
        let waiting = self.ahead.iter().filter(move |(_, other)| other.is_remembered(now));
        waiting.map(|(turn, other)| (*turn, other.passed()))
    }

    /// How much later a call goes already for those that went before it out of turn, over all its parks.
    pub(crate) fn held_up(&self, turn: PaceTurn) -> Duration {
        self.ahead.get(&turn).map_or(Duration::ZERO, |before| before.held_up)
    }

    /// One went out before these, which go so much later for it.
    pub(crate) fn passes(&mut self, passed: impl IntoIterator<Item = PaceTurn>, takes: Duration) {
        for turn in passed {
            if let Some(other) = self.ahead.get_mut(&turn) {
                other.held_up += takes;
            }
        }
    }

    /// A call that was let go waits on after all, or another of its job does.
    pub(crate) fn waits_on(&mut self, charge: &Charge) {
        let waited = charge.waited.filter(|_| self.ahead.len() < MOST_AHEAD);
        if let Some(HeldUp { turn, until, priority, length }) = waited {
            let (cost, warm) = (Nanodollars::ZERO, None);
            self.ahead.entry(turn).or_insert(Waiting { cost, until, priority, warm, held_up: length });
        }
    }

    /// A call goes out; before its turn, where it was told why it may.
    pub fn goes(&mut self, call: &ThrottledCall<'_>, early: Option<WentEarly>, now: Timestamp) -> Charge {
        let ThrottledCall { cost, turn, model, warm, .. } = *call;
        if let Some(warm) = warm {
            self.renewed.read(&warm, model, now);
        }
        let waited = self.ahead.remove(&turn).filter(|waited| waited.held_up > Duration::ZERO);
        let waited = waited.map(|waited| HeldUp {
            turn,
            until: waited.until,
            priority: waited.priority,
            length: waited.held_up,
        });
        let (lasts, early) = (self.burn.map_or(Duration::ZERO, |burn| lasts(burn, cost)), early.is_some());
        if self.burn.is_some() {
            self.lasts_until = self.lasts_until.max(now) + lasts;
        }
        if early {
            self.early_until = self.early_until.max(now) + lasts;
            for other in self.ahead.range_mut(..turn).map(|(_, other)| other) {
                other.until = other.until + lasts;
                other.held_up += lasts;
            }
        }
        Charge { epoch: self.epoch, lasts, early, waited }
    }

    /// A call that was let go came to this cost; nothing, where it did not go out. One that went out
    /// before calls were slowed down was charged nothing, and is charged nothing now.
    pub fn correct(&mut self, charge: Charge, real: Nanodollars) {
        if real == Nanodollars::ZERO {
            // Its job asks again, and is not to be passed anew.
            self.waits_on(&charge);
        }
        if charge.epoch != self.epoch {
            return;
        }
        let Some(burn) = self.burn else { return };
        let lasts = lasts(burn, real);
        self.lasts_until = self.lasts_until - charge.lasts + lasts;
        if charge.early {
            self.early_until = self.early_until - charge.lasts + lasts;
        }
    }
}

fn lasts(burn: EvenBurn, cost: Nanodollars) -> Duration {
    burn.lasts(cost).unwrap_or(burn.over)
}

/// What people are told of it.
pub fn sentence(burn: EvenBurn) -> String {
    format!(
        "the {}'s limit is nearly spent, so calls go out evenly over what is left of it (pressure.throttle); raise \
         it, or wait",
        burn.window.name()
    )
}

#[cfg(test)]
mod tests;
