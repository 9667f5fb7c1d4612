//! The one queue for money and pace.
//!
//! A task of its own owns the queue. It takes the most urgent waiter, asks the pace, and has the store
//! set the money aside. While nobody has to wait, many holds are under way at once (they share the
//! store's commits); once money has been refused for want of room, one at a time is tried, so that
//! nothing less urgent overtakes.

use crate::pace::{Expected, Pace, Ticket};
use anvil_budget::{Admission as Verdict, LimitName};
use anvil_store::{HoldDecision, HoldRequest, Store, StoreError};
use anvil_types::{CallId, Clock, JobId, Priority, Timestamp, Wait, WaitReason};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};

/// The most holds that are under way at once.
const MOST_AT_ONCE: usize = 128;
/// How much earlier a call counts for each step of priority: low priority rises with age, so that it
/// never starves.
const STEP: Duration = Duration::from_mins(10);

/// A call that wants to go out.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub priority: Priority,
    /// When the job first came.
    pub since: Timestamp,
    pub hold: HoldRequest,
    pub expected: Expected,
}

/// What became of a candidate.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// The money is set aside; the request may go out.
    Granted {
        at: Timestamp,
        ticket: Ticket,
    },
    /// It would wait too long for the pace.
    PaceUntil(Timestamp),
    /// The store's answer, other than a grant.
    Refused(HoldDecision),
    Failed(StoreError),
}

struct Waiter {
    candidate: Candidate,
    answer: oneshot::Sender<Admitted>,
}

/// Sorts by the time at which a waiter would be first: its arrival, later for lower priority.
type Place = (Timestamp, u64);
type Attempt = BoxFuture<'static, (Place, Waiter, Ticket, Result<HoldDecision, StoreError>)>;

/// A handle to the queue.
#[derive(Debug)]
pub(crate) struct Admission {
    inbox: mpsc::UnboundedSender<Waiter>,
    room: Arc<Notify>,
    pace: Arc<Mutex<Pace>>,
    waiting: Arc<AtomicU32>,
    standstill: Arc<Mutex<Standstill>>,
}

/// Who waits, and what the head of the queue waits for.
#[derive(Debug, Default)]
struct Standstill {
    jobs: HashSet<JobId>,
    head: Option<Wait>,
}

impl Admission {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        pace: Pace,
        longest_wait: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (inbox, incoming) = mpsc::unbounded_channel();
        let admission = Self {
            inbox,
            room: Arc::new(Notify::new()),
            pace: Arc::new(Mutex::new(pace)),
            waiting: Arc::new(AtomicU32::new(0)),
            standstill: Arc::default(),
        };
        let queue = Queue {
            store,
            clock,
            longest_wait,
            incoming,
            room: admission.room.clone(),
            pace: admission.pace.clone(),
            count: admission.waiting.clone(),
            standstill: admission.standstill.clone(),
            waiting: BTreeMap::new(),
            aside: Vec::new(),
            arrivals: 0,
            attempts: FuturesUnordered::new(),
            blocked_on: None,
            scarce: false,
        };
        tokio::spawn(queue.run());
        admission
    }

    /// Waits in the queue. Dropping the future leaves it; a hold that was granted meanwhile is
    /// released by the queue.
    pub(crate) async fn admit(&self, candidate: Candidate) -> Admitted {
        let (answer, admitted) = oneshot::channel();
        let closed = || Admitted::Failed(StoreError::Closed);
        if self.inbox.send(Waiter { candidate, answer }).is_err() {
            return closed();
        }
        admitted.await.unwrap_or_else(|_| closed())
    }

    /// Money may have become free: a settlement, a raised limit, a released brake.
    pub(crate) fn room(&self) {
        self.room.notify_one();
    }

    pub(crate) fn with_pace<T>(&self, with: impl FnOnce(&mut Pace) -> T) -> T {
        with(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a job's call waits for here, if one does.
    pub(crate) fn wait_of(&self, job: JobId) -> Option<Wait> {
        let standstill = self.standstill.lock().unwrap_or_else(PoisonError::into_inner);
        standstill.head.clone().filter(|_| standstill.jobs.contains(&job))
    }

    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }
}

struct Queue {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    longest_wait: Duration,
    incoming: mpsc::UnboundedReceiver<Waiter>,
    room: Arc<Notify>,
    pace: Arc<Mutex<Pace>>,
    count: Arc<AtomicU32>,
    standstill: Arc<Mutex<Standstill>>,
    waiting: BTreeMap<Place, Waiter>,
    // Calls for which a limit of their own job, agent or key has no room: no reason for others to wait.
    aside: Vec<(Place, Waiter)>,
    arrivals: u64,
    attempts: FuturesUnordered<Attempt>,
    // The head has no room under this limit until a hold settles.
    blocked_on: Option<LimitName>,
    // Money has been refused since the queue was last empty: one hold at a time.
    scarce: bool,
}

impl Queue {
    async fn run(mut self) {
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
                waiter = self.incoming.recv() => match waiter {
                    Some(waiter) => self.enter(waiter),
                    None => return,
                },
                Some((place, waiter, ticket, decision)) = self.attempts.next() => self.decided(place, waiter, ticket, decision),
                () = self.room.notified() => {
                    self.blocked_on = None;
                    self.waiting.extend(std::mem::take(&mut self.aside));
                }
                () = pause => {}
            }
            until = self.pump();
            self.tell(until);
        }
    }

    fn tell(&mut self, pace_until: Option<Timestamp>) {
        let all = self.waiting.values().chain(self.aside.iter().map(|(_, waiter)| waiter));
        let jobs = all.filter_map(|waiter| waiter.candidate.hold.job).collect();
        let wait = |reason, detail: String, until| Some(Wait { reason, detail, until });
        let head = if let Some(limit) = &self.blocked_on {
            wait(
                WaitReason::Holds,
                format!("{limit} has no room until calls that are under way settle"),
                None,
            )
        } else if pace_until.is_some() {
            wait(WaitReason::Pace, "requests or tokens a minute are used up for now".to_owned(), pace_until)
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
        self.arrivals += 1;
        let steps = u32::from(waiter.candidate.priority.rank());
        // Critical calls go before everything, whatever its age.
        let first = match waiter.candidate.priority {
            Priority::Critical => Timestamp::default(),
            _ => waiter.candidate.since + STEP * steps,
        };
        self.waiting.insert((first, self.arrivals), waiter);
    }

    // Starts what can start; returns when to look again for the pace's sake.
    fn pump(&mut self) -> Option<Timestamp> {
        self.waiting.retain(|_, waiter| !waiter.answer.is_closed());
        self.aside.retain(|(_, waiter)| !waiter.answer.is_closed());
        if self.waiting.is_empty() && self.attempts.is_empty() {
            (self.blocked_on, self.scarce) = (None, false);
        }
        let most = if self.scarce { 1 } else { MOST_AT_ONCE };
        while self.blocked_on.is_none() && self.attempts.len() < most {
            let (_, head) = self.waiting.first_key_value()?;
            let taken =
                self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(head.candidate.expected);
            let (place, waiter) = match taken {
                Ok(ticket) => {
                    let (place, waiter) = self.waiting.pop_first()?;
                    self.attempt(place, waiter, ticket);
                    continue;
                }
                Err(wait) if wait <= self.longest_wait => return Some(self.clock.now() + wait),
                Err(wait) => {
                    let (_, waiter) = self.waiting.pop_first()?;
                    (self.clock.now() + wait, waiter)
                }
            };
            let _ = waiter.answer.send(Admitted::PaceUntil(place));
        }
        None
    }

    fn attempt(&mut self, place: Place, waiter: Waiter, ticket: Ticket) {
        let store = self.store.clone();
        let request = waiter.candidate.hold.clone();
        self.attempts.push(Box::pin(async move {
            let decision = store.hold(request).await;
            (place, waiter, ticket, decision)
        }));
    }

    fn decided(
        &mut self,
        place: Place,
        waiter: Waiter,
        ticket: Ticket,
        decision: Result<HoldDecision, StoreError>,
    ) {
        let admitted = match decision {
            Ok(HoldDecision::Granted { at }) => Admitted::Granted { at, ticket },
            refused => {
                self.pace.lock().unwrap_or_else(PoisonError::into_inner).give_back(ticket);
                match refused {
                    Ok(HoldDecision::Refused(Verdict::WaitForHolds { limit }))
                        if !limit.is_for_everything() =>
                    {
                        self.aside.push((place, waiter));
                        return;
                    }
                    Ok(HoldDecision::Refused(Verdict::WaitForHolds { limit })) => {
                        (self.scarce, self.blocked_on) = (true, Some(limit));
                        self.waiting.insert(place, waiter);
                        return;
                    }
                    Ok(refused) => Admitted::Refused(refused),
                    Err(error) => Admitted::Failed(error),
                }
            }
        };
        if let Err(Admitted::Granted { .. }) = waiter.answer.send(admitted) {
            self.release(waiter.candidate.hold.id, ticket);
        }
    }

    // The one who asked is gone: nothing was sent.
    fn release(&self, hold: CallId, ticket: Ticket) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).give_back(ticket);
        let (store, room) = (self.store.clone(), self.room.clone());
        tokio::spawn(async move {
            if let Err(error) = store.settle(crate::call::released(hold, "the asker was gone")).await {
                tracing::error!(call = %hold, %error, "a hold could not be released; the next start counts it as spent");
            }
            room.notify_one();
        });
    }
}
