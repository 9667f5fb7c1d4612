//! The one queue for money and pace.
//!
//! While nobody waits, a call goes past the queue: it takes its pace and asks the store itself. Otherwise a
//! task of its own owns the queue. It takes the most urgent waiter, asks the pace, and has the store
//! set the money aside. While nobody has to wait, many holds are under way at once (they share the
//! store's commits); once money has been refused for want of room, one at a time is tried, so that
//! nothing less urgent overtakes. Where a pool of models has no pace left, calls of that pool wait in
//! their order, and those of others go on.

use crate::line::candidate::{Admitted, Candidate, Decided, decided};
use crate::line::denied::Denied;
use crate::line::desk::LineDesk;
use crate::line::grant::GiveBack;
use crate::line::paced::Paced;
use crate::line::task::{Queue, Waiter};
use anvil_budget::Denial;
use anvil_pace::line::take;
use anvil_pace::{InLine as _, LineHead, Pace, PaceTaken, Throttle, Throttled, Ticket};
use anvil_store::{HoldDecision, Settlement, Store, StoreError};
use anvil_types::{Clock, Inbox, JobId, Supervisor, Wait, WaitReason};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// After how long a call comes again that goes out in a batch and finds no room.
const COMES_BACK: Duration = Duration::from_mins(1);

/// A handle to the queue.
#[derive(Debug)]
pub(crate) struct Admission {
    desk: LineDesk,
    inbox: mpsc::UnboundedSender<Waiter>,
    arrivals: AtomicU64,
}

impl Admission {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        pace: Pace,
        longest_wait: Duration,
        clock: Arc<dyn Clock>,
        left: mpsc::UnboundedSender<Settlement>,
        supervisor: &Supervisor,
    ) -> Self {
        let (inbox, incoming) = mpsc::unbounded_channel();
        let incoming = Inbox::new(incoming);
        let give_back = GiveBack { pace: Arc::new(Mutex::new(pace)), throttle: Arc::default(), left };
        let desk = LineDesk::new(store, clock, give_back);
        let of_task = desk.clone();
        supervisor.keep("the admission queue", move || {
            // Who waited in an earlier life is told, and comes again.
            of_task.queued.store(false, Ordering::SeqCst);
            Queue::new(of_task.clone(), longest_wait).run(incoming.clone())
        });
        Self { desk, inbox, arrivals: AtomicU64::new(0) }
    }

    /// Lets a call out at once where nobody waits before it, and pace and money have room; otherwise gives
    /// the candidate back, for the queue. To be awaited to its end: a hold that was granted is in the
    /// answer alone.
    pub(crate) async fn pass(&self, candidate: Candidate) -> Result<Admitted, Box<Candidate>> {
        if self.desk.queued.load(Ordering::SeqCst) || self.desk.closing.load(Ordering::Acquire) {
            return Err(Box::new(candidate));
        }
        let now = self.desk.clock.now();
        let taken = take(&mut self.desk.pace(), &mut self.desk.throttle(), &candidate, now);
        let Ok(taken) = taken else { return Err(Box::new(candidate)) };
        let decision = self.desk.store.hold(candidate.hold_with(&taken)).await;
        let decided = decided(decision, candidate.hold.id, taken, &self.desk.give_back);
        if !matches!(decided, Decided::Answer(Ok(_))) {
            // Whoever came meanwhile may wait for what was taken and given back.
            self.room();
        }
        match decided {
            Decided::Answer(admitted) => Ok(admitted),
            Decided::WaitForHolds(_) => Err(Box::new(candidate)),
        }
    }

    /// Holds the money of a call that goes out in a batch: it takes nothing of the pace, and waits for nothing here. To be
    /// awaited to its end.
    pub(crate) async fn set_aside(&self, candidate: Candidate) -> Result<(), Denied> {
        let now = self.desk.clock.now();
        let later = now + COMES_BACK;
        let head = self.desk.standstill().head.as_ref().map(|head| head.reason);
        if matches!(head, Some(WaitReason::Holds | WaitReason::Money)) {
            return Err(Denied::Behind { until: later });
        }
        let may_go = self.desk.throttle().may_go(&candidate.throttled(), now);
        may_go.map_err(|Throttled { wait, burn }| Denied::Throttled { until: now + wait, burn })?;
        match self.desk.store.hold(candidate.hold.clone()).await {
            Ok(HoldDecision::Granted { .. }) => {
                self.desk.throttle().goes(&candidate.throttled(), None, now);
                Ok(())
            }
            Ok(HoldDecision::Refused(Denial::WaitForHolds { limit })) => {
                Err(Denied::NotBefore { at: later, limit })
            }
            Ok(HoldDecision::Refused(Denial::ParkUntil { at, limit })) => {
                Err(Denied::NotBefore { at, limit })
            }
            Ok(HoldDecision::Refused(Denial::Never { limit, allowed, spent })) => {
                Err(Denied::Never { limit, allowed, spent })
            }
            Ok(HoldDecision::Refused(Denial::Braked(causes))) => Err(Denied::Braked(causes)),
            Ok(HoldDecision::LeaseLost) => Err(Denied::LeaseLost),
            Err(error) => Err(Denied::Failed(error)),
        }
    }

    /// Waits in the queue. Dropping the future leaves it; a hold that was granted meanwhile is
    /// released by the queue.
    pub(crate) async fn admit(&self, candidate: Candidate) -> Admitted {
        let (answer, admitted) = oneshot::channel();
        if self.inbox.send(Waiter { candidate, answer }).is_err() {
            return Err(Denied::Failed(StoreError::Closed));
        }
        admitted.await.unwrap_or(Err(Denied::Forgotten))
    }

    /// A number for a call that comes now.
    pub(crate) fn arrive(&self) -> u64 {
        self.arrivals.fetch_add(1, Ordering::Relaxed)
    }

    /// What a call that goes out has taken.
    pub(crate) fn paced(&self, ticket: Ticket, most_output: u64) -> Paced<'_> {
        Paced::new(&self.desk, ticket, most_output)
    }

    /// Gives back what was taken for a call that does not go out.
    pub(crate) fn take_back(&self, taken: PaceTaken) {
        self.desk.give_back.take_back(taken);
    }

    /// Has a hold ended whose call is gone.
    pub(crate) fn leave(&self, settlement: Settlement) {
        // Where nobody listens any more the host ends, and the next start finds the hold.
        let _ = self.desk.give_back.left.send(settlement);
    }

    /// Money or pace may have become free: a settlement, a raised limit, a released brake.
    pub(crate) fn room(&self) {
        self.desk.room();
    }

    /// Lets nothing more out: whoever waits is told that the host ends.
    pub(crate) fn close(&self) {
        self.desk.closing.store(true, Ordering::Release);
        self.desk.news.notify_one();
    }

    pub(crate) fn with_pace<T>(&self, with: impl FnOnce(&mut Pace) -> T) -> T {
        with(&mut self.desk.pace())
    }

    pub(crate) fn with_throttle<T>(&self, with: impl FnOnce(&mut Throttle) -> T) -> T {
        with(&mut self.desk.throttle())
    }

    /// What a job's call waits for here, if one does.
    pub(crate) fn wait_of(&self, job: JobId) -> Option<Wait> {
        let standstill = self.desk.standstill();
        standstill.head.clone().filter(|_| standstill.jobs.contains(&job))
    }

    /// What the first of the line waits for.
    pub(crate) fn head(&self) -> Option<LineHead> {
        self.desk.standstill().limit.clone()
    }

    /// How many jobs have a call that waits here.
    pub(crate) fn waiting_jobs(&self) -> u32 {
        let standstill = self.desk.standstill();
        u32::try_from(standstill.jobs.len()).unwrap_or(u32::MAX)
    }

    /// How many calls wait here.
    pub(crate) fn waiting(&self) -> u32 {
        self.desk.waiting.load(Ordering::Relaxed)
    }
}
