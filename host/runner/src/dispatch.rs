//! The loop that takes jobs from the queue, and the one that keeps their leases alive.

use crate::attempt;
use crate::runner::{Running, Shared};
use crate::slots::{self, Load};
use anvil_sandbox::CancellationToken;
use anvil_store::{Claim, Claimed};
use anvil_types::{Event, EventKind, JobState, Lease, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// The queue is looked at at least this often: for leases that ran out, and for what no event told.
const LOOK: Duration = Duration::from_secs(1);

/// Takes jobs whenever there is a slot and something that may have changed, until the host shuts down.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut events = shared.store.subscribe();
    let mut scaled = Timestamp::default();
    loop {
        if shared.shutting_down() {
            return;
        }
        match take(&shared, &mut scaled).await {
            // Full hands: there may be more to take at once.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "jobs could not be claimed"),
        }
        if let Err(error) = shared.store.look().await {
            tracing::error!(%error, "the limits could not be looked at");
        }
        let due = shared.store.next_due().await.ok().flatten();
        let next = due.map_or_else(|| shared.clock.now() + LOOK, |due| due.min(shared.clock.now() + LOOK));
        tokio::select! {
            () = wake(&mut events) => {}
            () = shared.freed.notified() => {}
            () = shared.clock.sleep_until(next) => {}
            () = shared.shutdown.cancelled() => return,
        }
    }
}

// Ends at an event after which there may be something to take.
async fn wake(events: &mut broadcast::Receiver<Arc<Event>>) {
    loop {
        match events.recv().await {
            Ok(event) => match event.kind {
                EventKind::Job { state: JobState::Queued, .. }
                | EventKind::Agent { .. }
                | EventKind::Limits
                | EventKind::Brake { .. } => return,
                _ => {}
            },
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

// Takes what fits; whether as many came as were asked for.
async fn take(shared: &Arc<Shared>, scaled: &mut Timestamp) -> Result<bool, anvil_store::StoreError> {
    let limits = shared.store.limits().await?.limits;
    let counts = shared.store.queue_counts().await?;
    let running = shared.running_now();
    let load = Load {
        slots: shared.slots.load(Ordering::Relaxed),
        running,
        queued: counts.queued,
        min: limits.agents_min.min(shared.settings.hard_slots),
        max: limits.agents_max.min(shared.settings.hard_slots),
    };
    let slots = slots::decide(load, *scaled, shared.settings.scale_cooldown, shared.clock.now());
    if slots != load.slots {
        *scaled = shared.clock.now();
        shared.slots.store(slots, Ordering::Relaxed);
        tracing::info!(from = load.slots, to = slots, running, queued = counts.queued, "slots");
    }
    let agents = shared.ready_agents();
    if agents.is_empty() || running >= slots {
        return Ok(false);
    }
    let ordinary = slots::ordinary(slots).saturating_sub(running);
    let most = if ordinary > 0 { ordinary } else { slots - running };
    let claim = Claim {
        agents,
        upstream: shared.settings.upstream,
        most,
        critical_only: ordinary == 0,
        lease_for: shared.settings.lease,
    };
    let claimed = shared.store.claim(claim).await?;
    let full = claimed.len() == most as usize && ordinary > 0;
    for job in claimed {
        start(shared, job);
    }
    Ok(full)
}

fn start(shared: &Arc<Shared>, claimed: Claimed) {
    let cancel = CancellationToken::new();
    let lease = claimed.lease;
    let older = shared.running().insert(lease.job, Running { lease, cancel: cancel.clone() });
    // Its lease ran out and was taken over here: what is left of it stops.
    if let Some(older) = older {
        older.cancel.cancel();
    }
    let shared = shared.clone();
    tokio::spawn(async move {
        attempt::run(&shared, claimed, cancel).await;
        let mut running = shared.running();
        // A newer attempt of the same job may stand there already.
        if running.get(&lease.job).is_some_and(|run| run.lease == lease) {
            running.remove(&lease.job);
        }
        drop(running);
        shared.freed.notify_one();
    });
}

/// Keeps the leases of running jobs alive, and stops those that are lost.
pub(crate) async fn heartbeat(shared: Arc<Shared>) {
    loop {
        // By the clock that leases run out by, however fast that is driven.
        shared.clock.sleep(shared.settings.heartbeat).await;
        let leases: Vec<Lease> = shared.running().values().map(|run| run.lease).collect();
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
