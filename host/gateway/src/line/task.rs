//! The task that owns the queue.

use crate::line::candidate::{Admitted, Candidate, Decided, decided};
use crate::line::denied::Denied;
use crate::line::desk::{LineDesk, Standstill};
use crate::line::grant::Taken;
use crate::line::order::{LinePlace, Order};
use crate::pace::throttle;
use anvil_budget::{EvenBurn, LimitName, pool_of};
use anvil_store::StoreError;
use anvil_types::{End, Inbox, Timestamp, Wait, WaitReason};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The most holds that are under way at once.
const MOST_AT_ONCE: usize = 128;
/// How often it is looked whose wait has become too long.
const FORECAST_EVERY: Duration = Duration::from_millis(250);

/// Somebody in the queue.
pub(crate) struct Waiter {
    pub candidate: Candidate,
    pub answer: oneshot::Sender<Admitted>,
}

/// A hold that is under way, in a task of its own: where the queue falls, it comes to its end all the same. What
/// comes back was not granted for want of room under this limit.
type Attempt = JoinHandle<Option<(Waiter, TriedAt, LimitName)>>;

/// How often room had been made when an attempt began.
#[derive(Clone, Copy, Debug)]
struct TriedAt {
    rooms: u64,
}

/// When the pace lets the next call out, where that is known.
#[derive(Clone, Copy, Debug)]
struct PacedUntil(Option<Timestamp>);

pub(crate) struct Queue {
    desk: LineDesk,
    longest_wait: Duration,
    waiting: Order<Waiter>,
    // Calls for which a limit of their own job, agent or key has no room: no reason for others to wait.
    aside: Vec<Waiter>,
    attempts: FuturesUnordered<Attempt>,
    // The head has no room under this limit until a hold settles.
    blocked_on: Option<LimitName>,
    // Money has been refused since the queue was last empty: one hold at a time.
    scarce: bool,
    // What the pace said to the first that it refused: until when, where it knows.
    paced: Option<PacedUntil>,
    // What the throttle said to the first that it held back.
    throttled: Option<(Timestamp, EvenBurn)>,
    // When it was last looked whose wait is too long.
    forecast: Timestamp,
}

impl Queue {
    pub(crate) fn new(desk: LineDesk, longest_wait: Duration) -> Self {
        Self {
            desk,
            longest_wait,
            waiting: Order::default(),
            aside: Vec::new(),
            attempts: FuturesUnordered::new(),
            blocked_on: None,
            scarce: false,
            paced: None,
            throttled: None,
            forecast: Timestamp::default(),
        }
    }

    pub(crate) async fn run(mut self, incoming: Inbox<mpsc::UnboundedReceiver<Waiter>>) -> End {
        let mut incoming = incoming.open().await;
        let mut until = None;
        loop {
            self.desk.waiting.store(
                u32::try_from(self.waiting.len() + self.aside.len()).unwrap_or(u32::MAX),
                Ordering::Relaxed,
            );
            let clock = self.desk.clock.clone();
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
                    if let Ok(Some((waiter, tried, limit))) = attempt {
                        self.wait_for_holds(waiter, limit, tried);
                    }
                }
                () = self.desk.news.notified() => {
                    self.blocked_on = None;
                    for waiter in std::mem::take(&mut self.aside) {
                        self.waiting.enter(waiter.candidate.place(), waiter);
                    }
                }
                () = pause => {}
            }
            until = self.pump();
            self.tell();
            if self.waiting.is_empty() && self.aside.is_empty() && self.attempts.is_empty() {
                self.desk.queued.store(false, Ordering::SeqCst);
            }
        }
    }

    fn tell(&mut self) {
        let all = self.waiting.iter().map(|(_, waiter)| waiter).chain(&self.aside);
        let jobs = all.filter_map(|waiter| waiter.candidate.hold.asker.job()).collect();
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
        *self.desk.standstill() = Standstill { jobs, head };
    }

    fn enter(&mut self, waiter: Waiter) {
        self.desk.queued.store(true, Ordering::SeqCst);
        self.waiting.enter(waiter.candidate.place(), waiter);
    }

    // Starts what can start; returns when to look again for the pace's sake.
    fn pump(&mut self) -> Option<Timestamp> {
        self.waiting.retain(|waiter| !waiter.answer.is_closed());
        self.aside.retain(|waiter| !waiter.answer.is_closed());
        (self.paced, self.throttled) = (None, None);
        if self.desk.closing.load(Ordering::Acquire) {
            for waiter in self.waiting.take_all().chain(std::mem::take(&mut self.aside)) {
                let _ = waiter.answer.send(Err(Denied::Failed(StoreError::Closed)));
            }
        }
        if self.waiting.is_empty() && self.attempts.is_empty() {
            (self.blocked_on, self.scarce) = (None, false);
        }
        let most = if self.scarce { 1 } else { MOST_AT_ONCE };
        let mut pools: HashSet<String> = HashSet::new();
        let mut wake = None;
        let mut next = self.waiting.first();
        while let Some(place) = next {
            if self.blocked_on.is_some() || self.attempts.len() >= most {
                break;
            }
            let Some(waiter) = self.waiting.get(place) else { break };
            let candidate = &waiter.candidate;
            let model = candidate.hold.model.as_str();
            if pools.contains(pool_of(model)) {
                next = self.waiting.after(place);
                continue;
            }
            let pool = pool_of(model).to_owned();
            let (cost, priority, turn) = (candidate.cost, candidate.priority, candidate.turn());
            let now = self.desk.clock.now();
            let may_go = self.desk.throttle().may_go(cost, priority, turn, now);
            if let Err(throttled) = may_go {
                let until = now + throttled.wait;
                if throttled.wait > self.longest_wait {
                    self.answer(place, Err(Denied::Throttled { until, burn: throttled.burn }));
                    next = self.waiting.first();
                    continue;
                }
                self.throttled.get_or_insert((until, throttled.burn));
                wake = wake.into_iter().chain(Some(until)).min();
                // Low calls are held back longer: others behind them may go.
                next = self.waiting.after(place);
                continue;
            }
            let taken = self.desk.pace().take(model, candidate.expected);
            match taken {
                Ok(ticket) => {
                    let charge = self.desk.throttle().goes(cost, turn, now);
                    self.start(place, Taken { ticket, charge });
                    next = self.waiting.first();
                }
                Err(refusal) => {
                    let until = refusal.wait.map(|wait| self.desk.clock.now() + wait);
                    if refusal.wait.is_some_and(|wait| wait > self.longest_wait) {
                        self.park(place, until.unwrap_or_default());
                        next = self.waiting.first();
                        continue;
                    }
                    pools.insert(pool);
                    self.paced.get_or_insert(PacedUntil(until));
                    wake = wake.into_iter().chain(until).min();
                    next = if refusal.every_model { None } else { self.waiting.after(place) };
                }
            }
        }
        if self.paced.is_some() {
            self.park_what_waits_too_long();
        }
        wake
    }

    fn start(&mut self, place: LinePlace, taken: Taken) {
        if let Some(waiter) = self.waiting.go(place) {
            self.attempt(waiter, taken);
        }
    }

    fn park(&mut self, place: LinePlace, until: Timestamp) {
        let Some(waiter) = self.waiting.leave(place) else { return };
        let stopped = self.desk.pace().model_stopped_for(&waiter.candidate.hold.model);
        let _ = waiter.answer.send(Err(Denied::Paced { until, stopped }));
    }

    fn answer(&mut self, place: LinePlace, answer: Admitted) {
        if let Some(waiter) = self.waiting.leave(place) {
            let _ = waiter.answer.send(answer);
        }
    }

    // Those that stand so far behind that their turn comes too late.
    fn park_what_waits_too_long(&mut self) {
        let now = self.desk.clock.now();
        if now.since(self.forecast) < FORECAST_EVERY {
            return;
        }
        self.forecast = now;
        let mut requests = 0;
        let mut pools: HashMap<&str, (u64, u64)> = HashMap::new();
        let mut late = Vec::new();
        {
            let pace = self.desk.pace();
            for (place, waiter) in self.waiting.iter() {
                let candidate = &waiter.candidate;
                let model = candidate.hold.model.as_str();
                let (input, output) = pools.entry(pool_of(model)).or_default();
                let wait = pace.drain_time(model, requests, *input, *output);
                if wait > self.longest_wait {
                    late.push((place, now + wait));
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

    fn attempt(&mut self, waiter: Waiter, taken: Taken) {
        let desk = self.desk.clone();
        let request = waiter.candidate.hold.clone();
        let tried = TriedAt { rooms: desk.rooms.load(Ordering::SeqCst) };
        self.attempts.push(tokio::spawn(async move {
            let hold = request.id;
            match decided(desk.store.hold(request).await, hold, taken, &desk.give_back) {
                Decided::Answer(admitted) => {
                    // A grant whose asker is gone releases itself.
                    let _ = waiter.answer.send(admitted);
                    None
                }
                Decided::WaitForHolds(limit) => Some((waiter, tried, limit)),
            }
        }));
    }

    fn wait_for_holds(&mut self, waiter: Waiter, limit: LimitName, tried: TriedAt) {
        // Room was made after the store was asked: the refusal may not hold any more.
        let outdated = self.desk.rooms.load(Ordering::SeqCst) != tried.rooms;
        let for_everything = limit.is_for_everything();
        self.scarce |= for_everything;
        if !for_everything && !outdated {
            self.aside.push(waiter);
            return;
        }
        if for_everything && !outdated {
            self.blocked_on = Some(limit);
        }
        self.waiting.enter(waiter.candidate.place(), waiter);
    }
}
