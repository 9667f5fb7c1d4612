//! The queue of events: jobs come, are taken into slots, ask, wait, are answered, and end.
//!
//! What is decided is decided by the house's own functions; what is here is who is asked when, as `runner` and `gateway` have
//! it: a job takes a slot that is free, a call passes the line while
//! nobody stands in it, whoever would wait too long parks.

mod calls;

use crate::binds::Binds;
use crate::call::{Known, PlanCall, Rows};
use crate::chance::Chance;
use crate::clock::ToldClock;
use crate::counts::Counts;
use crate::error::PlanError;
use crate::host::PlannedHost;
use crate::kind::{Drawn, Kind};
use crate::money::Money;
use crate::waits::{Crowd, shared};
use anvil_budget::Windows;
use anvil_pace::scale::{FedMinute, Load, Scaler, Work, free_slots};
use anvil_pace::{Line, LinePlace, Pace, PaceTaken, Throttle, WaitOrder};
use anvil_types::words::ScaleReason;
use anvil_types::{JobId, Nanodollars, Timestamp, Usage};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked who works, while anybody does; and while nobody does.
const TICK: Duration = Duration::from_secs(1);
const IDLE_TICK: Duration = Duration::from_mins(1);
/// After how many events it is asked whether anybody still waits.
const ASKED_EVERY: u32 = 256;
/// In how many pieces an answer comes.
const PIECES: u32 = 8;

/// Whether anybody still waits for a plan.
pub type Wanted<'w> = &'w dyn Fn() -> bool;

/// How jobs come.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    /// By their days and hours.
    Pattern,
    /// As fast as they are done: so many are there at any time.
    Full(usize),
    /// At these times after the beginning, each of this kind.
    Given(Vec<(Duration, usize)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Day,
    Comes(usize),
    Due(u64),
    Asks(u64),
    Begins(u64),
    Streams(u64, u32),
    Ends(u64),
    Look,
    Tick,
}

#[derive(Debug)]
struct PlanJob {
    kind: usize,
    /// How many of its kind had come, it among them: what chance draws of it goes by that.
    came: u64,
    id: JobId,
    since: Timestamp,
    spent: Nanodollars,
    /// Calls that were answered.
    call: u32,
    /// The call that is asked now, and since when.
    asks: Option<(Drawn, Timestamp)>,
}

/// A call that is under way.
#[derive(Debug)]
struct InAir {
    call: PlanCall,
    taken: PaceTaken,
    held_at: Timestamp,
    usage: Usage,
}

/// A host, its work, and where both stand.
pub(crate) struct Engine<'h> {
    host: &'h PlannedHost,
    kinds: &'h [Kind],
    names: Vec<Arc<str>>,
    rows: Vec<Rows>,
    demand: Demand,
    seed: u64,
    chance: Chance,
    // How many jobs of each kind have come.
    came: Vec<u64>,
    clock: Arc<ToldClock>,
    pub now: Timestamp,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    numbers: u64,
    jobs: HashMap<u64, PlanJob>,
    queue: WaitOrder<u64>,
    running: u32,
    scaler: Scaler,
    reason: ScaleReason,
    work: Work,
    tick: Timestamp,
    ticked: Timestamp,
    line: Line<PlanCall>,
    wake: Option<Timestamp>,
    news: bool,
    pace: Pace,
    throttle: Throttle,
    in_air: HashMap<u64, InAir>,
    expected: Nanodollars,
    known: Known,
    pub money: Money,
    pub counts: Counts,
}

impl<'h> Engine<'h> {
    pub(crate) fn new(
        host: &'h PlannedHost,
        kinds: &'h [Kind],
        rows: Vec<Rows>,
        demand: Demand,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let clock = Arc::new(ToldClock::new(now));
        let slots = host.limits.agents_min.min(host.hard_slots).max(1);
        let mut engine = Self {
            host,
            kinds,
            names: kinds.iter().map(|kind| kind.name.as_str().into()).collect(),
            rows,
            demand,
            seed,
            chance: Chance::new(seed),
            came: vec![0; kinds.len()],
            pace: Pace::new(&host.limits, host.burst, &[], clock.clone()),
            clock,
            now,
            events: BinaryHeap::new(),
            numbers: 0,
            jobs: HashMap::new(),
            queue: WaitOrder::default(),
            running: 0,
            scaler: Scaler::new(slots, host.cooldown),
            reason: ScaleReason::Enough,
            work: Work::new(now),
            tick: now,
            ticked: now,
            line: Line::new(host.longest_wait),
            wake: None,
            news: false,
            throttle: Throttle::default(),
            in_air: HashMap::new(),
            expected: Nanodollars::ZERO,
            known: Known::default(),
            money: Money::new(host, now),
            counts: Counts::new(slots),
        };
        match &engine.demand {
            Demand::Pattern => engine.at(now, Event::Day),
            Demand::Full(_) => {}
            Demand::Given(times) => {
                for (after, kind) in times.clone() {
                    engine.at(now + after, Event::Comes(kind));
                }
            }
        }
        engine.at(now, Event::Tick);
        engine
    }

    /// Lets all happen that happens before `end`, or until so many calls were answered; less where `wanted` says that
    /// nobody waits for it any more.
    pub(crate) fn run_until(
        &mut self,
        end: Timestamp,
        most_calls: u64,
        wanted: Wanted<'_>,
    ) -> Result<(), PlanError> {
        let mut happened = 0_u32;
        while let Some(Reverse((at, _, event))) = self.events.peek().copied() {
            if at >= end || self.counts.calls >= most_calls {
                break;
            }
            self.events.pop();
            self.now = at;
            self.clock.set(at);
            self.happens(event);
            self.go_on();
            happened = happened.wrapping_add(1);
            if happened.is_multiple_of(ASKED_EVERY) && !wanted() {
                return Err(PlanError::Unwanted);
            }
        }
        if self.counts.calls < most_calls {
            self.now = end;
            self.clock.set(end);
        }
        Ok(())
    }

    /// Jobs that are neither done nor failed.
    pub(crate) fn left(&self) -> usize {
        self.jobs.len()
    }

    /// How many agents the pace can feed, and the limit that they use up.
    pub(crate) fn ceiling(&self) -> Option<(u32, String)> {
        self.scaler.ceiling().map(|(agents, limit)| (agents, limit.to_string()))
    }

    fn at(&mut self, at: Timestamp, event: Event) {
        self.numbers += 1;
        self.events.push(Reverse((at, self.numbers, event)));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Day => self.day(),
            Event::Comes(kind) => self.comes(kind),
            Event::Due(job) => self.queues(job),
            Event::Asks(job) => self.asks(job),
            Event::Begins(call) => self.begins(call),
            Event::Streams(call, piece) => self.streams(call, piece),
            Event::Ends(call) => self.ends(call),
            Event::Look => self.news |= self.wake.is_some_and(|wake| wake <= self.now),
            Event::Tick if self.tick <= self.now => self.ticks(),
            Event::Tick => {}
        }
    }

    // What follows: the line is looked at, jobs are taken, slots follow the load.
    fn go_on(&mut self) {
        loop {
            if std::mem::take(&mut self.news) {
                self.pump();
            } else if !self.claims() && !self.scales() {
                break;
            }
        }
        // Whoever works is looked at every second.
        if self.tick > self.now + TICK && (self.running > 0 || !self.queue.is_empty()) {
            self.tick_at(self.now + TICK);
        }
    }

    fn day(&mut self) {
        let windows = &self.host.windows;
        let (today, week) = (windows.day(self.now), windows.week(self.now));
        let days = self.now.since(week.start) + Duration::from_hours(2);
        let weekday = usize::try_from(days.as_secs() / 86_400).unwrap_or(0).min(6);
        for (kind, of) in self.kinds.iter().enumerate() {
            let mut chance = Chance::of(self.seed, [1, kind as u64, today.start.millis()]);
            for at in of.day(&mut chance, weekday, today.start) {
                if at >= self.now {
                    self.numbers += 1;
                    self.events.push(Reverse((at, self.numbers, Event::Comes(kind))));
                }
            }
        }
        self.at(today.end, Event::Day);
    }

    fn comes(&mut self, kind: usize) {
        let today = self.money.day(self.now);
        self.counts.comes(today);
        self.came[kind] += 1;
        if self.jobs.len() >= self.host.limits.queue_max as usize {
            self.counts.refused += 1;
            return;
        }
        self.numbers += 1;
        let job = self.numbers;
        let came = self.came[kind];
        let id = JobId::new(self.now, u128::from(job));
        let new = PlanJob { kind, came, id, since: self.now, spent: Nanodollars::ZERO, call: 0, asks: None };
        self.jobs.insert(job, new);
        self.queues(job);
    }

    fn queues(&mut self, job: u64) {
        let of = &self.jobs[&job];
        let place = LinePlace::new(self.kinds[of.kind].priority, of.since, job);
        self.queue.enter(place, job);
    }

    // Takes what fits; whether anything was taken.
    fn claims(&mut self) -> bool {
        let Some(free) = free_slots(self.scaler.slots(), self.running) else { return false };
        let mut taken = 0;
        while taken < free.most {
            let Some(place) = self.queue.first().filter(|place| !free.critical_only || place.is_critical())
            else {
                break;
            };
            let Some(job) = self.queue.go(place) else { break };
            taken += 1;
            self.running += 1;
            self.asks(job);
        }
        taken > 0
    }

    // Lets the slots follow the load; whether there are more of them now.
    fn scales(&mut self) -> bool {
        let before = self.scaler.slots();
        let hard = self.host.hard_slots;
        let load = Load {
            running: self.running,
            queued: self.queue.len() as u64,
            min: self.host.limits.agents_min.min(hard),
            max: self.host.limits.agents_max.min(hard),
        };
        let decision = self.scaler.decide(load, self.now);
        self.reason = decision.reason;
        self.counts.most_slots = self.counts.most_slots.max(decision.slots);
        decision.slots > before
    }

    fn ticks(&mut self) {
        let before = std::mem::replace(&mut self.ticked, self.now);
        let length = self.now.since(before);
        // Without a movement nothing is another but where a minute begins: windows let go by the minute.
        if Windows::bucket(before) != Windows::bucket(self.now) {
            self.money.evaluate(self.now);
        }
        let waiting = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        let working = self.running.saturating_sub(waiting);
        if let Some(worked_s) = self.work.look(working, self.now) {
            self.scaler.fed(FedMinute::new(worked_s, &self.pace.report()));
        }
        if length <= TICK * 2 {
            self.counts.ran(self.running, working, self.now, length);
            self.note_waits(waiting, length);
        }
        if let Demand::Full(most) = self.demand {
            let some: f64 = self.kinds.iter().map(|kind| kind.per_day).sum();
            while self.jobs.len() < most && self.counts.failed <= self.counts.done() + 100 {
                let mut drawn = self.chance.share() * some;
                let below = |kind: &Kind| {
                    drawn -= kind.per_day;
                    drawn < 0.0
                };
                let kind = self.kinds.iter().position(below).unwrap_or(0);
                self.comes(kind);
            }
        }
        let busy = self.running > 0 || !self.queue.is_empty() || matches!(self.demand, Demand::Full(_));
        self.tick_at(self.now + if busy { TICK } else { IDLE_TICK });
    }

    fn tick_at(&mut self, at: Timestamp) {
        self.tick = at;
        self.at(at, Event::Tick);
    }

    fn note_waits(&mut self, waiting: u32, length: Duration) {
        let head = self.line.head().map(|head| Binds::head(&head, || Binds::fullest(&self.pace.report())));
        let queued = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        let crowd = Crowd { running: self.running, waiting, queued };
        let today = self.money.day(self.now);
        for (binds, length) in shared(crowd, head, Binds::slots(&self.reason), length) {
            self.counts.waited(binds, today, length);
        }
    }
}
