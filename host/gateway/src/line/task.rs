//! The task that owns the queue.

use crate::line::candidate::{Admitted, Candidate, Decided, decided};
use crate::line::denied::Denied;
use crate::line::desk::{LineDesk, Standstill};
use crate::pace::throttle;
use anvil_budget::{LimitName, WarmPrompt};
use anvil_pace::{Expected, InLine, Line, LineHead, LinePlace, LineStep, PaceTaken, PaceTurn, Pumped};
use anvil_store::StoreError;
use anvil_types::{End, Inbox, Nanodollars, Priority, Timestamp, Wait, WaitReason};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Somebody in the queue.
pub(crate) struct Waiter {
    pub candidate: Candidate,
    pub answer: oneshot::Sender<Admitted>,
}

impl InLine for Waiter {
    fn place(&self) -> LinePlace {
        self.candidate.place()
    }

    fn turn(&self) -> PaceTurn {
        self.candidate.turn()
    }

    fn priority(&self) -> Priority {
        self.candidate.priority()
    }

    fn cost(&self) -> Nanodollars {
        self.candidate.cost()
    }

    fn model(&self) -> &str {
        self.candidate.model()
    }

    fn expected(&self) -> Expected {
        self.candidate.expected()
    }

    fn warm(&self) -> Option<WarmPrompt> {
        self.candidate.warm()
    }
}

/// A hold that is under way, in a task of its own: where the queue falls, it comes to its end all the same. What
/// comes back was not granted for want of room under this limit.
type Attempt = JoinHandle<Option<(Waiter, TriedAt, LimitName)>>;

/// How often room had been made when an attempt began.
#[derive(Clone, Copy, Debug)]
struct TriedAt {
    rooms: u64,
}

pub(crate) struct Queue {
    desk: LineDesk,
    line: Line<Waiter>,
    attempts: FuturesUnordered<Attempt>,
}

impl Queue {
    pub(crate) fn new(desk: LineDesk, longest_wait: Duration) -> Self {
        Self { desk, line: Line::new(longest_wait), attempts: FuturesUnordered::new() }
    }

    pub(crate) async fn run(mut self, incoming: Inbox<mpsc::UnboundedReceiver<Waiter>>) -> End {
        let mut incoming = incoming.open().await;
        let mut until = None;
        loop {
            self.desk.waiting.store(u32::try_from(self.line.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
            let clock = self.desk.clock.clone();
            let pause = async move {
                match until {
                    Some(time) => clock.sleep_until(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                waiter = incoming.recv() => match waiter {
                    Some(waiter) => {
                        self.desk.queued.store(true, Ordering::SeqCst);
                        self.line.enter(waiter);
                    }
                    None => return End::Asked,
                },
                Some(attempt) = self.attempts.next() => {
                    self.line.tried();
                    // One that panicked has told whoever waited for it.
                    if let Ok(Some((waiter, tried, limit))) = attempt {
                        // Room was made after the store was asked: the refusal may not hold any more.
                        let outdated = self.desk.rooms.load(Ordering::SeqCst) != tried.rooms;
                        self.line.refused(waiter, limit, outdated);
                    }
                }
                () = self.desk.news.notified() => self.line.room(),
                () = pause => {}
            }
            until = self.pump();
            self.tell();
            if self.line.is_empty() {
                self.desk.queued.store(false, Ordering::SeqCst);
            }
        }
    }

    fn tell(&mut self) {
        let jobs = self.line.iter().filter_map(|waiter| waiter.candidate.hold.asker.job()).collect();
        let wait = |reason, detail: String, until| Wait { reason, detail, until, refused_at: None };
        let limit = self.line.head();
        let head = limit.clone().map(|head| match head {
            LineHead::Holds(limit) => {
                let detail = format!("{limit} has no room until calls that are under way settle");
                wait(WaitReason::Holds, detail, None)
            }
            LineHead::Throttled(until, burn) => {
                wait(WaitReason::Money, throttle::sentence(burn), Some(until))
            }
            LineHead::Paced(until) => {
                let detail = "requests or tokens a minute are used up for now".to_owned();
                wait(WaitReason::Pace, detail, until)
            }
            LineHead::OwnHolds => {
                let detail = "the job's own limit has no room until its other calls settle".to_owned();
                wait(WaitReason::Holds, detail, None)
            }
        });
        *self.desk.standstill() = Standstill { jobs, head, limit };
    }

    // Starts what can start; returns when to look again for the pace's sake.
    fn pump(&mut self) -> Option<Timestamp> {
        self.line.retain(|waiter| !waiter.answer.is_closed());
        if self.desk.closing.load(Ordering::Acquire) {
            for waiter in self.line.take_all() {
                let _ = waiter.answer.send(Err(Denied::Failed(StoreError::Closed)));
            }
        }
        let now = self.desk.clock.now();
        let Pumped { steps, wake } = self.line.pump(&mut self.desk.pace(), &mut self.desk.throttle(), now);
        for step in steps {
            match step {
                LineStep::Try(waiter, taken) => self.attempt(waiter, taken),
                LineStep::Throttled { waiter, until, burn } => {
                    let _ = waiter.answer.send(Err(Denied::Throttled { until, burn }));
                }
                LineStep::Paced { waiter, until } => {
                    let stopped = self.desk.pace().model_stopped_for(waiter.model());
                    let _ = waiter.answer.send(Err(Denied::Paced { until, stopped }));
                }
            }
        }
        wake
    }

    fn attempt(&mut self, waiter: Waiter, taken: PaceTaken) {
        let desk = self.desk.clone();
        let request = waiter.candidate.hold_with(&taken);
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
}
