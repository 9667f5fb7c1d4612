//! The one queue for money and pace.
//!
//! While nobody waits, a call goes past the queue: it takes its pace and asks the store itself. Otherwise a
//! task of its own owns the queue. It takes the most urgent waiter, asks the pace, and has the store
//! set the money aside. While nobody has to wait, many holds are under way at once (they share the
//! store's commits); once money has been refused for want of room, one at a time is tried, so that
//! nothing less urgent overtakes. Where a pool of models has no pace left, calls of that pool wait in
//! their order, and those of others go on.

use crate::line::grant::{GiveBack, Grant, Paced, Taken};
use crate::pace::throttle::{self, STEP, Throttle, Turn};
use crate::pace::{Expected, Pace, Ticket};
use anvil_budget::{Admission as Verdict, EvenBurn, LimitName, pool_of};
use anvil_store::{HoldDecision, HoldRequest, Store, StoreError};
use anvil_types::{
    CallId, Clock, End, Inbox, JobId, Nanodollars, Priority, Supervisor, Timestamp, Wait, WaitReason,
};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// The most holds that are under way at once.
const MOST_AT_ONCE: usize = 128;
/// After so many critical calls that overtook others, the first of the others has its turn.
const MOST_OVERTAKING: u32 = 9;
/// How often it is looked whose wait has become too long.
const FORECAST_EVERY: Duration = Duration::from_millis(250);

/// A call that wants to go out.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub priority: Priority,
    /// When the job first came.
    pub since: Timestamp,
    /// When the call itself first came, among others: kept over its retries.
    pub arrival: u64,
    pub hold: HoldRequest,
    pub expected: Expected,
    /// What it will probably cost.
    pub cost: Nanodollars,
}

impl Candidate {
    fn turn(&self) -> Turn {
        Turn::new(self.priority, self.since, self.hold.job)
    }
}

/// What became of a candidate.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// The money is set aside; the request may go out.
    Granted(Grant),
    /// It would wait too long for the pace.
    PaceUntil(Timestamp),
    /// It would wait too long for the throttle.
    ThrottledUntil(Timestamp, EvenBurn),
    /// The store's answer, other than a grant.
    Refused(HoldDecision),
    Failed(StoreError),
    /// The queue fell with it in it, and begins anew; nothing is set aside.
    Forgotten,
}

struct Waiter {
    candidate: Candidate,
    answer: oneshot::Sender<Admitted>,
}

/// Sorts by the time at which a waiter would be first: its job's arrival, later for lower priority;
/// then by the arrival itself, and the call's.
type Place = (Timestamp, Timestamp, u64);
/// A hold that is under way, in a task of its own: where the queue falls, it comes to its end all the same. What
/// comes back was not granted for want of room under this limit.
type Attempt = JoinHandle<Option<(Place, Waiter, Tried, LimitName)>>;

/// How often room had been made when an attempt began.
#[derive(Clone, Copy, Debug)]
struct Tried {
    rooms: u64,
}

/// A handle to the queue.
#[derive(Debug)]
pub(crate) struct Admission {
    inbox: mpsc::UnboundedSender<Waiter>,
    room: Arc<Notify>,
    // How often room was made: a refusal from before the last time says nothing.
    rooms: Arc<AtomicU64>,
    // Somebody is in the queue: whoever comes goes behind, and news of room is for its task.
    queued: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    give_back: GiveBack,
    waiting: Arc<AtomicU32>,
    standstill: Arc<Mutex<Standstill>>,
    arrivals: AtomicU64,
}

/// Who waits, and what the head of the queue waits for.
#[derive(Debug, Default)]
struct Standstill {
    jobs: HashSet<JobId>,
    head: Option<Wait>,
}

/// The first place of critical calls: before everything, whatever its age.
const CRITICAL: Timestamp = Timestamp::from_micros(0);
const END_OF_TIME: Timestamp = Timestamp::from_micros(i64::MAX);

impl Admission {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        pace: Pace,
        longest_wait: Duration,
        clock: Arc<dyn Clock>,
        releases: mpsc::UnboundedSender<CallId>,
        supervisor: &Supervisor,
    ) -> Self {
        let (inbox, incoming) = mpsc::unbounded_channel();
        let incoming = Inbox::new(incoming);
        let give_back = GiveBack { pace: Arc::new(Mutex::new(pace)), throttle: Arc::default(), releases };
        let admission = Self {
            inbox,
            room: Arc::new(Notify::new()),
            rooms: Arc::default(),
            queued: Arc::default(),
            closing: Arc::default(),
            store: store.clone(),
            clock: clock.clone(),
            give_back: give_back.clone(),
            waiting: Arc::new(AtomicU32::new(0)),
            standstill: Arc::default(),
            arrivals: AtomicU64::new(0),
        };
        let (room, rooms, queued, closing) = (
            admission.room.clone(),
            admission.rooms.clone(),
            admission.queued.clone(),
            admission.closing.clone(),
        );
        let (count, standstill) = (admission.waiting.clone(), admission.standstill.clone());
        supervisor.keep("the admission queue", move || {
            // Who waited in an earlier life is told, and comes again.
            queued.store(false, Ordering::SeqCst);
            let queue = Queue {
                store: store.clone(),
                clock: clock.clone(),
                longest_wait,
                room: room.clone(),
                rooms: rooms.clone(),
                queued: queued.clone(),
                closing: closing.clone(),
                give_back: give_back.clone(),
                count: count.clone(),
                standstill: standstill.clone(),
                waiting: BTreeMap::new(),
                aside: Vec::new(),
                attempts: FuturesUnordered::new(),
                blocked_on: None,
                scarce: false,
                overtaking: 0,
                paced: None,
                throttled: None,
                forecast: Timestamp::default(),
            };
            queue.run(incoming.clone())
        });
        admission
    }

    /// Lets a call out at once where nobody waits before it, and pace and money have room; otherwise gives
    /// the candidate back, for the queue. To be awaited to its end: a hold that was granted is in the
    /// answer alone.
    pub(crate) async fn pass(&self, candidate: Candidate) -> Result<Admitted, Box<Candidate>> {
        if self.queued.load(Ordering::SeqCst) || self.closing.load(Ordering::Acquire) {
            return Err(Box::new(candidate));
        }
        let now = self.clock.now();
        let (cost, priority, turn) = (candidate.cost, candidate.priority, candidate.turn());
        if self.with_throttle(|throttle| throttle.may_go(cost, priority, turn, now)).is_err() {
            return Err(Box::new(candidate));
        }
        let model = candidate.hold.model.as_str();
        let Ok(ticket) = self.with_pace(|pace| pace.take(model, candidate.expected)) else {
            return Err(Box::new(candidate));
        };
        let charge = self.with_throttle(|throttle| throttle.goes(cost, turn, now));
        let taken = Taken { ticket, charge };
        let decision = self.store.hold(candidate.hold.clone()).await;
        let decided = decided(decision, candidate.hold.id, taken, &self.give_back);
        if !matches!(decided, Decided::Answer(Admitted::Granted(_))) {
            // Whoever came meanwhile may wait for what was taken and given back.
            self.room();
        }
        match decided {
            Decided::Answer(admitted) => Ok(admitted),
            Decided::WaitForHolds(_) => Err(Box::new(candidate)),
        }
    }

    /// Waits in the queue. Dropping the future leaves it; a hold that was granted meanwhile is
    /// released by the queue.
    pub(crate) async fn admit(&self, candidate: Candidate) -> Admitted {
        let (answer, admitted) = oneshot::channel();
        if self.inbox.send(Waiter { candidate, answer }).is_err() {
            return Admitted::Failed(StoreError::Closed);
        }
        admitted.await.unwrap_or(Admitted::Forgotten)
    }

    /// A number for a call that comes now.
    pub(crate) fn arrive(&self) -> u64 {
        self.arrivals.fetch_add(1, Ordering::Relaxed)
    }

    /// What a call that goes out has taken.
    pub(crate) fn paced(&self, ticket: Ticket, most_output: u64) -> Paced<'_> {
        Paced::new(self, ticket, most_output)
    }

    /// Money or pace may have become free: a settlement, a raised limit, a released brake.
    pub(crate) fn room(&self) {
        self.rooms.fetch_add(1, Ordering::SeqCst);
        // The queue says that it has somebody before it looks how often room was made.
        if self.queued.load(Ordering::SeqCst) {
            self.room.notify_one();
        }
    }

    /// Lets nothing more out: whoever waits is told that the host ends.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.room.notify_one();
    }

    pub(crate) fn with_pace<T>(&self, with: impl FnOnce(&mut Pace) -> T) -> T {
        with(&mut self.give_back.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn with_throttle<T>(&self, with: impl FnOnce(&mut Throttle) -> T) -> T {
        with(&mut self.give_back.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a job's call waits for here, if one does.
    pub(crate) fn wait_of(&self, job: JobId) -> Option<Wait> {
        let standstill = self.standstill.lock().unwrap_or_else(PoisonError::into_inner);
        standstill.head.clone().filter(|_| standstill.jobs.contains(&job))
    }

    /// How many jobs have a call that waits here.
    pub(crate) fn waiting_jobs(&self) -> u32 {
        let standstill = self.standstill.lock().unwrap_or_else(PoisonError::into_inner);
        u32::try_from(standstill.jobs.len()).unwrap_or(u32::MAX)
    }

    /// How many calls wait here.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// When the pace lets the next call out, where that is known.
#[derive(Clone, Copy, Debug)]
struct PacedUntil(Option<Timestamp>);

struct Queue {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    longest_wait: Duration,
    room: Arc<Notify>,
    rooms: Arc<AtomicU64>,
    queued: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    give_back: GiveBack,
    count: Arc<AtomicU32>,
    standstill: Arc<Mutex<Standstill>>,
    waiting: BTreeMap<Place, Waiter>,
    // Calls for which a limit of their own job, agent or key has no room: no reason for others to wait.
    aside: Vec<(Place, Waiter)>,
    attempts: FuturesUnordered<Attempt>,
    // The head has no room under this limit until a hold settles.
    blocked_on: Option<LimitName>,
    // Money has been refused since the queue was last empty: one hold at a time.
    scarce: bool,
    // Critical calls that have overtaken others since one of the others had its turn.
    overtaking: u32,
    // What the pace said to the first that it refused: until when, where it knows.
    paced: Option<PacedUntil>,
    // What the throttle said to the first that it held back.
    throttled: Option<(Timestamp, EvenBurn)>,
    // When it was last looked whose wait is too long.
    forecast: Timestamp,
}

impl Queue {
    async fn run(mut self, incoming: Inbox<mpsc::UnboundedReceiver<Waiter>>) -> End {
        let mut incoming = incoming.open().await;
        let mut until = None;
        loop {
            self.count.store(
                u32::try_from(self.waiting.len() + self.aside.len()).unwrap_or(u32::MAX),
                Ordering::Relaxed,
            );
            let clock = self.clock.clone();
            let pause = async move {
                match until {
                    Some(time) => clock.sleep_until(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                waiter = incoming.recv() => match waiter {
                    Some(waiter) => self.enter(waiter),
                    None => return End::Asked,
                },
                Some(attempt) = self.attempts.next() => {
                    // One that panicked has told whoever waited for it.
                    if let Ok(Some((place, waiter, tried, limit))) = attempt {
                        self.wait_for_holds(place, waiter, limit, tried);
                    }
                }
                () = self.room.notified() => {
                    self.blocked_on = None;
                    self.waiting.extend(std::mem::take(&mut self.aside));
                }
                () = pause => {}
            }
            until = self.pump();
            self.tell();
            if self.waiting.is_empty() && self.aside.is_empty() && self.attempts.is_empty() {
                self.queued.store(false, Ordering::SeqCst);
            }
        }
    }

    fn tell(&mut self) {
        let all = self.waiting.values().chain(self.aside.iter().map(|(_, waiter)| waiter));
        let jobs = all.filter_map(|waiter| waiter.candidate.hold.job).collect();
        let wait = |reason, detail: String, until| Some(Wait { reason, detail, until, refused_at: None });
        let head = if let Some(limit) = &self.blocked_on {
            wait(
                WaitReason::Holds,
                format!("{limit} has no room until calls that are under way settle"),
                None,
            )
        } else if let Some((until, burn)) = self.throttled {
            wait(WaitReason::Money, throttle::sentence(burn), Some(until))
        } else if let Some(PacedUntil(until)) = self.paced {
            wait(WaitReason::Pace, "requests or tokens a minute are used up for now".to_owned(), until)
        } else if self.waiting.is_empty() && !self.aside.is_empty() {
            wait(
                WaitReason::Holds,
                "the job's own limit has no room until its other calls settle".to_owned(),
                None,
            )
        } else {
            None
        };
        *self.standstill.lock().unwrap_or_else(PoisonError::into_inner) = Standstill { jobs, head };
    }

    fn enter(&mut self, waiter: Waiter) {
        self.queued.store(true, Ordering::SeqCst);
        let candidate = &waiter.candidate;
        let steps = u32::from(candidate.priority.rank());
        let first = match candidate.priority {
            Priority::Critical => CRITICAL,
            _ => candidate.since + STEP * steps,
        };
        self.waiting.insert((first, candidate.since, candidate.arrival), waiter);
    }

    // Starts what can start; returns when to look again for the pace's sake.
    fn pump(&mut self) -> Option<Timestamp> {
        self.waiting.retain(|_, waiter| !waiter.answer.is_closed());
        self.aside.retain(|(_, waiter)| !waiter.answer.is_closed());
        (self.paced, self.throttled) = (None, None);
        if self.closing.load(Ordering::Acquire) {
            let aside = std::mem::take(&mut self.aside).into_iter().map(|(_, waiter)| waiter);
            for waiter in std::mem::take(&mut self.waiting).into_values().chain(aside) {
                let _ = waiter.answer.send(Admitted::Failed(StoreError::Closed));
            }
        }
        if self.waiting.is_empty() && self.attempts.is_empty() {
            (self.blocked_on, self.scarce) = (None, false);
        }
        let most = if self.scarce { 1 } else { MOST_AT_ONCE };
        let mut pools: HashSet<String> = HashSet::new();
        let mut wake = None;
        let mut next = self.first();
        while let Some(place) = next {
            if self.blocked_on.is_some() || self.attempts.len() >= most {
                break;
            }
            let candidate = &self.waiting[&place].candidate;
            let model = candidate.hold.model.as_str();
            if pools.contains(pool_of(model)) {
                next = self.after(place);
                continue;
            }
            let pool = pool_of(model).to_owned();
            let (cost, priority, turn) = (candidate.cost, candidate.priority, candidate.turn());
            let now = self.clock.now();
            let may_go = self.throttle().may_go(cost, priority, turn, now);
            if let Err(throttled) = may_go {
                let until = now + throttled.wait;
                if throttled.wait > self.longest_wait {
                    self.answer(place, Admitted::ThrottledUntil(until, throttled.burn));
                    next = self.first();
                    continue;
                }
                self.throttled.get_or_insert((until, throttled.burn));
                wake = wake.into_iter().chain(Some(until)).min();
                // Low calls are held back longer: others behind them may go.
                next = self.after(place);
                continue;
            }
            let taken = self.pace().take(model, candidate.expected);
            match taken {
                Ok(ticket) => {
                    let charge = self.throttle().goes(cost, turn, now);
                    self.start(place, Taken { ticket, charge });
                    next = self.first();
                }
                Err(refusal) => {
                    let until = refusal.wait.map(|wait| self.clock.now() + wait);
                    if refusal.wait.is_some_and(|wait| wait > self.longest_wait) {
                        self.park(place, until.unwrap_or_default());
                        next = self.first();
                        continue;
                    }
                    pools.insert(pool);
                    self.paced.get_or_insert(PacedUntil(until));
                    wake = wake.into_iter().chain(until).min();
                    next = if refusal.every_model { None } else { self.after(place) };
                }
            }
        }
        if self.paced.is_some() {
            self.park_what_waits_too_long();
        }
        wake
    }

    // Whose turn it is: the most urgent, unless critical calls have overtaken others for too long.
    fn first(&self) -> Option<Place> {
        let others = || self.waiting.range((Excluded((CRITICAL, END_OF_TIME, u64::MAX)), Unbounded));
        let turn = (self.overtaking >= MOST_OVERTAKING).then(|| others().next()).flatten();
        turn.or(self.waiting.iter().next()).map(|(place, _)| *place)
    }

    fn after(&self, place: Place) -> Option<Place> {
        let first = self.first();
        let rest = self.waiting.range((Excluded(place), Unbounded)).map(|(place, _)| *place);
        // Where one of the others has its turn, the critical ones come after it.
        if first == Some(place) && place.0 != CRITICAL {
            return self.waiting.keys().copied().find(|other| *other != place);
        }
        rest.into_iter().find(|other| Some(*other) != first)
    }

    fn start(&mut self, place: Place, taken: Taken) {
        let Some(waiter) = self.waiting.remove(&place) else { return };
        let overtakes = place.0 == CRITICAL && self.waiting.keys().any(|other| other.0 != CRITICAL);
        self.overtaking = if overtakes { self.overtaking + 1 } else { 0 };
        self.attempt(place, waiter, taken);
    }

    fn park(&mut self, place: Place, until: Timestamp) {
        self.answer(place, Admitted::PaceUntil(until));
    }

    fn answer(&mut self, place: Place, answer: Admitted) {
        if let Some(waiter) = self.waiting.remove(&place) {
            let _ = waiter.answer.send(answer);
        }
    }

    // Those that stand so far behind that their turn comes too late.
    fn park_what_waits_too_long(&mut self) {
        let now = self.clock.now();
        if now.since(self.forecast) < FORECAST_EVERY {
            return;
        }
        self.forecast = now;
        let mut requests = 0;
        let mut pools: HashMap<&str, (u64, u64)> = HashMap::new();
        let mut late = Vec::new();
        {
            let pace = self.give_back.pace.lock().unwrap_or_else(PoisonError::into_inner);
            for (place, waiter) in &self.waiting {
                let candidate = &waiter.candidate;
                let model = candidate.hold.model.as_str();
                let (input, output) = pools.entry(pool_of(model)).or_default();
                let wait = pace.drain_time(model, requests, *input, *output);
                if wait > self.longest_wait {
                    late.push((*place, now + wait));
                    continue;
                }
                requests += 1;
                *input += candidate.expected.input.tokens;
                *output += candidate.expected.output.tokens;
            }
        }
        for (place, until) in late {
            self.park(place, until);
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.give_back.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.give_back.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempt(&mut self, place: Place, waiter: Waiter, taken: Taken) {
        let (store, give_back) = (self.store.clone(), self.give_back.clone());
        let request = waiter.candidate.hold.clone();
        let tried = Tried { rooms: self.rooms.load(Ordering::SeqCst) };
        self.attempts.push(tokio::spawn(async move {
            let hold = request.id;
            match decided(store.hold(request).await, hold, taken, &give_back) {
                Decided::Answer(admitted) => {
                    // A grant whose asker is gone releases itself.
                    let _ = waiter.answer.send(admitted);
                    None
                }
                Decided::WaitForHolds(limit) => Some((place, waiter, tried, limit)),
            }
        }));
    }

    fn wait_for_holds(&mut self, place: Place, waiter: Waiter, limit: LimitName, tried: Tried) {
        // Room was made after the store was asked: the refusal may not hold any more.
        let outdated = self.rooms.load(Ordering::SeqCst) != tried.rooms;
        let for_everything = limit.is_for_everything();
        self.scarce |= for_everything;
        if !for_everything && !outdated {
            self.aside.push((place, waiter));
            return;
        }
        if for_everything && !outdated {
            self.blocked_on = Some(limit);
        }
        self.waiting.insert(place, waiter);
    }
}

/// What the store's decision comes to.
enum Decided {
    Answer(Admitted),
    /// Nothing is taken: the call waits until there is room under this limit.
    WaitForHolds(LimitName),
}

fn decided(
    decision: Result<HoldDecision, StoreError>,
    hold: CallId,
    taken: Taken,
    give_back: &GiveBack,
) -> Decided {
    if let Ok(HoldDecision::Granted { at }) = decision {
        return Decided::Answer(Admitted::Granted(Grant::new(hold, at, taken, give_back.clone())));
    }
    give_back.take_back(taken);
    match decision {
        Ok(HoldDecision::Refused(Verdict::WaitForHolds { limit })) => Decided::WaitForHolds(limit),
        Ok(refused) => Decided::Answer(Admitted::Refused(refused)),
        Err(error) => Decided::Answer(Admitted::Failed(error)),
    }
}
