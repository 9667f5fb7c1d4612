//! The loop that takes jobs from the queue, and the one that keeps their leases alive.

use crate::attempt;
use crate::shared::{Running, Shared};
use crate::stopped;
use anvil_pace::scale::{Load, free_in_place, free_slots};
use anvil_sandbox::CancellationToken;
use anvil_store::{Claim, Claimed, Enqueued};
use anvil_types::{Attempts, End, Event, EventKind, JobState, Lease, NewJob, Timestamp};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// The queue is looked at at least this often: for leases that ran out, and for what no event told.
const LOOK: Duration = Duration::from_secs(1);

/// Takes jobs whenever there is a slot and something that may have changed, until the host shuts down.
pub(crate) async fn run(shared: Arc<Shared>) -> End {
    let mut events = shared.store.subscribe();
    let mut due = Due::Unknown;
    loop {
        if shared.shutting_down() {
            return End::Asked;
        }
        match take(&shared, due.has_come(shared.clock.now())).await {
            // Full hands: there may be more to take at once.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "jobs could not be claimed"),
        }
        if let Err(error) = shared.store.look().await {
            tracing::error!(%error, "the limits could not be looked at");
        }
        loop {
            let now = shared.clock.now();
            if due.is_outdated(now) {
                due = Due::At { looked: now, next: shared.store.next_due().await.ok().flatten() };
            }
            tokio::select! {
                woken = wake(&shared, &mut events) => match woken {
                    Woken::ToTake => break,
                    Woken::DueMoved => due = Due::Unknown,
                },
                () = shared.freed.notified() => break,
                () = shared.clock.sleep_until(due.next_look(now)) => break,
                () = shared.shutdown.cancelled() => return End::Asked,
            }
        }
    }
}

/// When the next scheduled or parked job is due, as of the last look.
#[derive(Clone, Copy)]
enum Due {
    Unknown,
    At { looked: Timestamp, next: Option<Timestamp> },
}

impl Due {
    fn is_outdated(self, now: Timestamp) -> bool {
        match self {
            Self::Unknown => true,
            Self::At { looked, next } => next.is_some_and(|next| next <= now) || now.since(looked) >= LOOK,
        }
    }

    fn has_come(self, now: Timestamp) -> bool {
        matches!(self, Self::At { next: Some(next), .. } if next <= now)
    }

    fn next_look(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At { next: Some(next), .. } => next.min(now + LOOK),
            _ => now + LOOK,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// There may be something to take.
    ToTake,
    /// A job has a time now at which it is due.
    DueMoved,
}

// Ends after events that something follows from; those that came together are one.
async fn wake(shared: &Arc<Shared>, events: &mut broadcast::Receiver<Arc<Event>>) -> Woken {
    let mut woken = None;
    loop {
        let event = match (woken, events.try_recv()) {
            (_, Ok(event)) => event,
            (_, Err(TryRecvError::Lagged(_))) => return Woken::ToTake,
            (Some(woken), Err(_)) => return woken,
            (None, Err(_)) => match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => return Woken::ToTake,
                Err(RecvError::Closed) => std::future::pending().await,
            },
        };
        if let (EventKind::Job { state: JobState::Cancelled, .. }, Some(job)) = (&event.kind, event.job) {
            stopped::heard(shared, job);
        }
        match event.kind {
            EventKind::Job { state: JobState::Queued, .. }
            | EventKind::Agent { .. }
            | EventKind::Queue { .. }
            | EventKind::Limits
            | EventKind::Brake { .. } => woken = Some(Woken::ToTake),
            EventKind::Job { state: JobState::Scheduled | JobState::Parked, .. } => {
                woken = woken.or(Some(Woken::DueMoved));
            }
            _ => {}
        }
    }
}

// Takes what fits; whether there may be more to take at once.
async fn take(shared: &Arc<Shared>, some_are_due: bool) -> Result<bool, anvil_store::StoreError> {
    let full = claim(shared, some_are_due).await?;
    // Jobs do not wait for the count of those behind them.
    Ok(scale(shared).await? || full)
}

// Claims as many jobs as there are slots for; whether as many came as were asked for. What is due moves on also
// where nothing can start.
async fn claim(shared: &Arc<Shared>, some_are_due: bool) -> Result<bool, anvil_store::StoreError> {
    let _turn = shared.claiming.lock().await;
    let Some(claim) = for_free_slots(shared) else {
        if some_are_due {
            shared.store.claim(for_no_slot(shared)).await?;
        }
        return Ok(false);
    };
    let (most, ordinary) = (claim.most as usize, !claim.critical_only);
    let claimed = shared.store.claim(claim).await?;
    let full = claimed.len() == most && ordinary;
    for job in claimed {
        start(shared, job);
    }
    Ok(full)
}

// What may be taken for the slots that are free now; whoever asks has the turn until what is taken has
// started.
fn for_free_slots(shared: &Shared) -> Option<Claim> {
    let agents = shared.ready_agents();
    if shared.shutting_down() || agents.is_empty() {
        return None;
    }
    let free = free_slots(shared.slots.load(Ordering::Relaxed), shared.running_now())?;
    Some(Claim {
        agents,
        upstream: shared.settings.upstream,
        most: free.most,
        critical_only: free.critical_only,
        alive: shared.leases(),
        lease_for: shared.settings.lease,
    })
}

// Takes nothing out: a look at what is due.
fn for_no_slot(shared: &Shared) -> Claim {
    Claim {
        agents: Vec::new(),
        upstream: shared.settings.upstream,
        most: 0,
        critical_only: true,
        alive: shared.leases(),
        lease_for: shared.settings.lease,
    }
}

/// Takes a job in; where a slot is free, it (or one that is before it) starts in the same step.
pub(crate) async fn enqueue(shared: &Arc<Shared>, job: NewJob) -> Result<Enqueued, anvil_store::StoreError> {
    // Where others take jobs out just now, they are told of this one as of any.
    let Ok(turn) = shared.claiming.clone().try_lock_owned() else { return shared.store.enqueue(job).await };
    let starts_later = job.run_at.is_some() || !job.after.is_empty();
    let Some(claim) = for_free_slots(shared).filter(|_| !starts_later) else {
        drop(turn);
        return shared.store.enqueue(job).await;
    };
    let claim = Claim { most: 1, ..claim };
    let shared = shared.clone();
    // A task of its own, among the runner's: what was taken out starts also where whoever submitted has gone.
    let runtime = shared.runtime.clone();
    let task = runtime.spawn(async move {
        let (enqueued, claimed) = shared.store.enqueue_and_claim(job, claim).await?;
        for job in claimed {
            start(&shared, job);
        }
        drop(turn);
        Ok(enqueued)
    });
    task.await.unwrap_or_else(|error| Err(anvil_store::StoreError::Backend(Box::new(error))))
}

// Lets the slots follow the load; whether there are more of them now.
async fn scale(shared: &Shared) -> Result<bool, anvil_store::StoreError> {
    let limits = shared.store.limits().await?.limits;
    let now = shared.clock.now();
    let mut load = Load {
        running: shared.running_now(),
        queued: 0,
        min: limits.agents_min.min(shared.settings.hard_slots),
        max: limits.agents_max.min(shared.settings.hard_slots),
    };
    let scaling = || shared.scaling.lock().unwrap_or_else(PoisonError::into_inner);
    if scaling().is_due(now) {
        let pace = shared.gateway.report();
        scaling().look(load.running, &pace, now);
    }
    if scaling().asks_for_queue(load, now) {
        load.queued = shared.store.queue_counts().await?.queued;
    }
    let (from, to) = scaling().decide(load, now);
    if from != to {
        shared.slots.store(to, Ordering::Relaxed);
        tracing::info!(from, to, running = load.running, queued = load.queued, "slots");
    }
    Ok(to > from)
}

// Runs a job, and those that are taken in its place.
fn start(shared: &Arc<Shared>, claimed: Claimed) {
    let mut cancel = enter(shared, claimed.lease);
    let shared = shared.clone();
    tokio::spawn(async move {
        let mut next = Some(claimed);
        while let Some(claimed) = next.take() {
            let lease = claimed.lease;
            let claim = || claim_in_place(&shared);
            let (job, attempts) = (claimed.job.id, Attempts::of_running(&claimed.job));
            let running = attempt::run(&shared, claimed, cancel.clone(), claim);
            // A fault of the host is this attempt's end: its slot comes free, and the job is not run for ever.
            let taken = match AssertUnwindSafe(running).catch_unwind().await {
                Ok(taken) => taken,
                Err(_) => {
                    tracing::error!(%job, attempt = attempts.counted, "an attempt's task died of a fault of the host");
                    attempt::died(&shared, lease, attempts).await;
                    None
                }
            };
            // The next has the slot before this one leaves it.
            if let Some(taken) = taken {
                cancel = enter(&shared, taken.lease);
                next = Some(taken);
            }
            leave(&shared, lease);
        }
        shared.freed.notify_one();
    });
}

fn enter(shared: &Shared, lease: Lease) -> CancellationToken {
    let cancel = CancellationToken::new();
    let older = shared.running().insert(lease.job, Running { lease, cancel: cancel.clone() });
    // Its lease ran out and was taken over here: what is left of it stops.
    if let Some(older) = older {
        older.cancel.cancel();
    }
    cancel
}

fn leave(shared: &Shared, lease: Lease) {
    let mut running = shared.running();
    // A newer attempt of the same job may stand there already.
    if running.get(&lease.job).is_some_and(|run| run.lease == lease) {
        running.remove(&lease.job);
    }
}

// What may be taken in place of an attempt that ends.
fn claim_in_place(shared: &Shared) -> Option<Claim> {
    let agents = shared.ready_agents();
    if shared.shutting_down() || agents.is_empty() {
        return None;
    }
    let free = free_in_place(shared.slots.load(Ordering::Relaxed), shared.running_now())?;
    Some(Claim {
        agents,
        upstream: shared.settings.upstream,
        most: free.most,
        critical_only: free.critical_only,
        alive: shared.leases(),
        lease_for: shared.settings.lease,
    })
}

/// Keeps the leases of running jobs alive, and stops those that are lost.
pub(crate) async fn heartbeat(shared: Arc<Shared>) -> End {
    loop {
        // By the clock that leases run out by, however fast that is driven.
        shared.clock.sleep(shared.settings.heartbeat).await;
        let leases = shared.leases();
        if leases.is_empty() {
            continue;
        }
        match shared.store.heartbeat(leases, shared.settings.lease).await {
            Ok(lost) => {
                let running = shared.running();
                for job in lost.taken_over.iter().chain(&lost.cancelled) {
                    if let Some(run) = running.get(job) {
                        run.cancel.cancel();
                    }
                }
            }
            Err(error) => tracing::error!(%error, "leases could not be kept alive"),
        }
    }
}
