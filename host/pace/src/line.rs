//! The line for money and pace: who goes next, who waits on, who has waited too long.
//!
//! The most urgent is asked for first; throttle and pace say whether it may go; its money is tried by whoever keeps the line,
//! who tells it what came of that. While nobody has been refused money, many are tried at once; once money has been refused
//! for want of room, one at a time is, so that nothing less urgent overtakes. Where a pool of models has no pace left, calls
//! of that pool wait in their order, and those of others go on. One whose prompt would be gone from its model's cache by its
//! turn may go before it ([`goes_early`]).

use crate::order::{LinePlace, WaitOrder};
use crate::pace::{Expected, Pace, Refusal, Ticket};
use crate::throttle::{Charge, PaceTurn, Throttle, Throttled, ThrottledCall};
use anvil_budget::{EarlyCall, EvenBurn, LimitName, PassedCall, WarmPrompt, WentEarly, goes_early, pool_of};
use anvil_types::{Nanodollars, Priority, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// The most holds that are under way at once.
const MOST_AT_ONCE: usize = 128;
/// How often it is looked whose wait has become too long.
const FORECAST_EVERY: Duration = Duration::from_millis(250);

/// A call that wants to go out, as the line looks at it.
pub trait InLine {
    /// Where it stands.
    fn place(&self) -> LinePlace;
    /// Whose turn it is, for the throttle.
    fn turn(&self) -> PaceTurn;
    /// How urgent it is.
    fn priority(&self) -> Priority;
    /// What it will probably cost.
    fn cost(&self) -> Nanodollars;
    /// The model that it asks.
    fn model(&self) -> &str;
    /// What it will probably take of the pace.
    fn expected(&self) -> Expected;
    /// What its prompt begins with, where that is in its model's cache.
    fn warm(&self) -> Option<WarmPrompt>;

    /// What of it the throttle looks at.
    fn throttled(&self) -> ThrottledCall<'_> {
        ThrottledCall {
            cost: self.cost(),
            priority: self.priority(),
            turn: self.turn(),
            model: self.model(),
            warm: self.warm(),
        }
    }
}

/// What a call that goes out has taken beside its hold.
#[derive(Clone, Copy, Debug)]
pub struct PaceTaken {
    /// Of the pace.
    pub ticket: Ticket,
    /// Of the throttle.
    pub charge: Charge,
    /// Why it goes out before its turn, where it does.
    pub early: Option<WentEarly>,
}

/// Why a call may not go out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// The throttle holds it back.
    Throttled(Throttled),
    /// The pace has no room.
    Paced(Refusal),
}

/// Takes what a call needs of throttle and pace, where both let it go.
pub fn take(
    pace: &mut Pace,
    throttle: &mut Throttle,
    call: &impl InLine,
    now: Timestamp,
) -> Result<PaceTaken, HeldBack> {
    let throttled = call.throttled();
    let early = throttle.may_go(&throttled, now).map_err(HeldBack::Throttled)?;
    let ticket = pace.take(call.model(), call.expected()).map_err(HeldBack::Paced)?;
    Ok(PaceTaken { ticket, charge: throttle.goes(&throttled, early, now), early })
}

/// What is to be done with one that stood in the line.
#[derive(Debug)]
pub enum LineStep<W> {
    /// Its money is to be tried; what came of it is told by [`Line::tried`].
    Try(W, PaceTaken),
    /// It would wait too long for the throttle.
    Throttled {
        /// Who.
        waiter: W,
        /// When its turn would be.
        until: Timestamp,
        /// The burn that asks for it.
        burn: EvenBurn,
    },
    /// It would wait too long for the pace.
    Paced {
        /// Who.
        waiter: W,
        /// When its turn would be.
        until: Timestamp,
    },
}

/// What a look at the line comes to.
#[derive(Debug)]
pub struct Pumped<W> {
    /// What is to be done, in this order.
    pub steps: Vec<LineStep<W>>,
    /// When to look again, where nothing else happens before.
    pub wake: Option<Timestamp>,
}

/// What the head of the line waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum LineHead {
    /// Room under this limit, which comes when holds settle.
    Holds(LimitName),
    /// The throttle, until then.
    Throttled(Timestamp, EvenBurn),
    /// The pace; until then, where that is known.
    Paced(Option<Timestamp>),
    /// Limits of their own jobs, agents or keys.
    OwnHolds,
}

/// When the pace lets the next call out, where that is known.
#[derive(Clone, Copy, Debug)]
struct PacedUntil(Option<Timestamp>);

/// The line.
#[derive(Debug)]
pub struct Line<W> {
    longest_wait: Duration,
    waiting: WaitOrder<W>,
    // Calls for which a limit of their own job, agent or key has no room: no reason for others to wait.
    aside: Vec<W>,
    // How many were let try their money and have not been told of.
    trying: usize,
    // The head has no room under this limit until a hold settles.
    blocked_on: Option<LimitName>,
    // Money has been refused since the line was last empty: one hold at a time.
    scarce: bool,
    // What the pace said to the first that it refused: until when, where it knows.
    paced: Option<PacedUntil>,
    // What the throttle said to the first that it held back.
    throttled: Option<(Timestamp, EvenBurn)>,
    // When it was last looked whose wait is too long.
    forecast: Timestamp,
}

impl<W: InLine> Line<W> {
    /// A line in which nobody waits longer than this for throttle and pace.
    pub fn new(longest_wait: Duration) -> Self {
        Self {
            longest_wait,
            waiting: WaitOrder::default(),
            aside: Vec::new(),
            trying: 0,
            blocked_on: None,
            scarce: false,
            paced: None,
            throttled: None,
            forecast: Timestamp::default(),
        }
    }

    /// Somebody comes.
    pub fn enter(&mut self, waiter: W) {
        self.waiting.enter(waiter.place(), waiter);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.aside.len()
    }

    /// Whether nobody waits, and nobody tries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.trying == 0
    }

    /// Who waits.
    pub fn iter(&self) -> impl Iterator<Item = &W> {
        self.waiting.iter().map(|(_, waiter)| waiter).chain(&self.aside)
    }

    /// Only those whom this keeps wait on.
    pub fn retain(&mut self, keeps: impl Fn(&W) -> bool) {
        self.waiting.retain(&keeps);
        self.aside.retain(keeps);
    }

    /// Nobody waits any more.
    pub fn take_all(&mut self) -> Vec<W> {
        self.waiting.take_all().chain(std::mem::take(&mut self.aside)).collect()
    }

    /// Money or pace may have become free.
    pub fn room(&mut self) {
        self.blocked_on = None;
        for waiter in std::mem::take(&mut self.aside) {
            self.enter(waiter);
        }
    }

    /// It is known what came of one that was let try; one that got its money or an answer is gone.
    pub fn tried(&mut self) {
        self.trying = self.trying.saturating_sub(1);
    }

    /// One that tried comes back: this limit has no room for it. Where room was made since it was asked
    /// (`outdated`), the refusal may not hold any more.
    pub fn refused(&mut self, waiter: W, limit: LimitName, outdated: bool) {
        let for_everything = limit.is_for_everything();
        self.scarce |= for_everything;
        if !for_everything && !outdated {
            self.aside.push(waiter);
            return;
        }
        if for_everything && !outdated {
            self.blocked_on = Some(limit);
        }
        self.enter(waiter);
    }

    /// What the head waits for, as of the last look.
    pub fn head(&self) -> Option<LineHead> {
        if let Some(limit) = &self.blocked_on {
            return Some(LineHead::Holds(limit.clone()));
        }
        if let Some((until, burn)) = self.throttled {
            return Some(LineHead::Throttled(until, burn));
        }
        if let Some(PacedUntil(until)) = self.paced {
            return Some(LineHead::Paced(until));
        }
        (self.waiting.is_empty() && !self.aside.is_empty()).then_some(LineHead::OwnHolds)
    }

    /// Looks who may go now.
    pub fn pump(&mut self, pace: &mut Pace, throttle: &mut Throttle, now: Timestamp) -> Pumped<W> {
        // Where none was refused the order is nothing to anybody; where money slows calls down it is the throttle's.
        let may_fade = self.waiting.iter().any(|(_, waiter)| waiter.warm().is_some());
        let is_tight = may_fade && self.paced.is_some() && !throttle.is_on();
        (self.paced, self.throttled) = (None, None);
        if self.waiting.is_empty() && self.trying == 0 {
            (self.blocked_on, self.scarce) = (None, false);
        }
        let most = if self.scarce { 1 } else { MOST_AT_ONCE };
        let mut pools: HashSet<String> = HashSet::new();
        let (mut steps, mut wake) = (Vec::new(), None);
        let mut next = self.waiting.first();
        while let Some(place) = next {
            if self.blocked_on.is_some() || self.trying >= most {
                break;
            }
            let is_blocked = |waiter: &W| pools.contains(pool_of(waiter.model()));
            if self.waiting.get(place).is_some_and(is_blocked) {
                next = self.waiting.after(place);
                continue;
            }
            if is_tight && let Some(step) = self.let_out_early(pace, throttle, now) {
                steps.push(step);
                next = self.waiting.first();
                continue;
            }
            let Some(waiter) = self.waiting.get(place) else { break };
            match take(pace, throttle, waiter, now) {
                Ok(taken) => {
                    steps.extend(self.lets_go(place, taken, throttle));
                    next = self.waiting.first();
                }
                Err(HeldBack::Throttled(Throttled { wait, burn })) => {
                    let until = now + wait;
                    if wait > self.longest_wait {
                        let waiter = self.waiting.leave(place);
                        steps.extend(waiter.map(|waiter| LineStep::Throttled { waiter, until, burn }));
                        next = self.waiting.first();
                        continue;
                    }
                    self.throttled.get_or_insert((until, burn));
                    wake = wake.into_iter().chain(Some(until)).min();
                    // Low calls are held back longer: others behind them may go.
                    next = self.waiting.after(place);
                }
                Err(HeldBack::Paced(Refusal { wait, every_model })) => {
                    let until = wait.map(|wait| now + wait);
                    if let Some(until) = until.filter(|until| until.since(now) > self.longest_wait) {
                        steps.extend(self.parks(place, until, throttle, now));
                        next = self.waiting.first();
                        continue;
                    }
                    pools.insert(pool_of(waiter.model()).to_owned());
                    self.paced.get_or_insert(PacedUntil(until));
                    wake = wake.into_iter().chain(until).min();
                    next = if every_model { None } else { self.waiting.after(place) };
                }
            }
        }
        if self.paced.is_some() {
            self.let_go_of_what_waits_too_long(pace, throttle, now, &mut steps);
        }
        Pumped { steps, wake }
    }

    // One goes out; where others of its job wait on, what passed it has passed them too.
    fn lets_go(
        &mut self,
        place: LinePlace,
        taken: PaceTaken,
        throttle: &mut Throttle,
    ) -> Option<LineStep<W>> {
        let waiter = self.waiting.go(place)?;
        self.trying += 1;
        if taken.charge.was_passed() && self.iter().any(|other| other.turn() == waiter.turn()) {
            throttle.waits_on(&taken.charge);
        }
        Some(LineStep::Try(waiter, taken))
    }

    // One leaves whose turn comes too late. It waits on elsewhere, and what passes it meanwhile is counted.
    fn parks(
        &mut self,
        place: LinePlace,
        until: Timestamp,
        throttle: &mut Throttle,
        now: Timestamp,
    ) -> Option<LineStep<W>> {
        let waiter = self.waiting.leave(place)?;
        throttle.waits(&waiter.throttled(), until, now);
        Some(LineStep::Paced { waiter, until })
    }

    // The call whose going out before its turn saves most, where there is room for it now: instead of the first that may go.
    fn let_out_early(
        &mut self,
        pace: &mut Pace,
        throttle: &mut Throttle,
        now: Timestamp,
    ) -> Option<LineStep<W>> {
        let Faded { fading, passed } = self.fading(pace, throttle, now);
        let early = fading.into_iter().max_by_key(|early| (early.told.saves, Reverse(early.place)))?;
        for (_, waiter) in self.waiting.iter().take_while(|(place, _)| *place < early.place) {
            throttle.waits(&waiter.throttled(), now, now);
        }
        if !throttle.knows_all(now) {
            return None;
        }
        let taken = take(pace, throttle, self.waiting.get(early.place)?, now).ok()?;
        // All calls of a job are held up together.
        let passed: BTreeSet<PaceTurn> = passed.into_iter().take(early.passes).collect();
        throttle.passes(passed, early.takes);
        self.lets_go(early.place, PaceTaken { early: Some(early.told), ..taken }, throttle)
    }

    // Those that would go out before their turns. What they pass waits here, or is parked for the pace.
    fn fading(&self, pace: &Pace, throttle: &Throttle, now: Timestamp) -> Faded {
        let (mut ahead, mut fading) = (Drained::default(), Vec::new());
        let (mut passed, mut turns): (Vec<PassedCall>, Vec<PaceTurn>) = (Vec::new(), Vec::new());
        let here: BTreeSet<PaceTurn> = self.waiting.iter().map(|(_, waiter)| waiter.turn()).collect();
        let mut parked = throttle.told_to_wait(now).filter(|(turn, _)| !here.contains(turn)).peekable();
        for (place, waiter) in self.waiting.iter() {
            while let Some((turn, other)) = parked.next_if(|(turn, _)| *turn < waiter.turn()) {
                passed.push(other);
                turns.push(turn);
            }
            let (turn, warm) = (now + ahead.wait(pace, waiter), throttle.warm(&waiter.throttled()));
            let priority = waiter.priority();
            if let Some(warm) = warm.filter(|_| !passed.is_empty()) {
                let takes = Drained::default().and(waiter).wait(pace, waiter);
                let early = EarlyCall { warm, priority, turn, takes, owed: Duration::ZERO };
                let told = goes_early(&early, passed.iter().copied(), now);
                fading.extend(told.map(|told| Fading { place, told, takes, passes: passed.len() }));
            }
            passed.push(PassedCall { warm, priority, turn, held_up: throttle.held_up(waiter.turn()) });
            turns.push(waiter.turn());
            ahead = ahead.and(waiter);
        }
        Faded { fading, passed: turns }
    }

    // Those that stand so far behind that their turn comes too late, but for those that may still go before it.
    fn let_go_of_what_waits_too_long(
        &mut self,
        pace: &Pace,
        throttle: &mut Throttle,
        now: Timestamp,
        steps: &mut Vec<LineStep<W>>,
    ) {
        if now.since(self.forecast) < FORECAST_EVERY {
            return;
        }
        self.forecast = now;
        let (mut ahead, mut late) = (Drained::default(), Vec::new());
        for (place, waiter) in self.waiting.iter() {
            let wait = ahead.wait(pace, waiter);
            if wait > self.longest_wait {
                late.push((place, now + wait));
            } else {
                ahead = ahead.and(waiter);
            }
        }
        if !late.is_empty() && !throttle.is_on() {
            let Faded { fading, .. } = self.fading(pace, throttle, now);
            late.retain(|(place, _)| fading.iter().all(|early| early.place != *place));
        }
        for (place, until) in late {
            steps.extend(self.parks(place, until, throttle, now));
        }
    }
}

/// One that would go out before its turn.
#[derive(Clone, Copy, Debug)]
struct Fading {
    place: LinePlace,
    /// Why.
    told: WentEarly,
    /// How much later the others go for it.
    takes: Duration,
    /// How many of those that wait it passes.
    passes: usize,
}

/// Those that would go out before their turns, and all that wait, by their turns.
#[derive(Clone, Debug)]
struct Faded {
    fading: Vec<Fading>,
    passed: Vec<PaceTurn>,
}

/// What calls that go out one after the other take of the pace together.
#[derive(Clone, Debug, Default)]
struct Drained<'w> {
    requests: u64,
    /// Input and output tokens of each pool.
    pools: HashMap<&'w str, (u64, u64)>,
}

impl<'w> Drained<'w> {
    /// How long one that goes after them waits at the rates of now.
    fn wait(&self, pace: &Pace, waiter: &impl InLine) -> Duration {
        let (input, output) = self.pools.get(pool_of(waiter.model())).copied().unwrap_or_default();
        pace.drain_time(waiter.model(), self.requests, input, output)
    }

    /// One more.
    fn and(mut self, waiter: &'w impl InLine) -> Self {
        let expected = waiter.expected();
        let (input, output) = self.pools.entry(pool_of(waiter.model())).or_default();
        *input += expected.input.tokens;
        *output += expected.output.tokens;
        self.requests += 1;
        self
    }
}

#[cfg(test)]
mod tests;
