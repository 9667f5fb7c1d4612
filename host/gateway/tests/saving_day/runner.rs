//! A runner: jobs come, wait in the store's order for one of the slots, and make their calls one after another.

use crate::attempt::attempt;
use crate::host::DayHost;
use crate::kinds::KINDS;
use anvil_pace::scale::free_slots;
use anvil_store::{Claim, ReadyAgent, StoreError};
use anvil_types::{AgentValues, Clock as _, Event, EventKind, JobId, JobState, Json, NewJob, UpstreamKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// After how long whoever submits comes again whom a full queue refused.
const COMES_AGAIN: Duration = Duration::from_secs(30);
/// The queue is looked at at least this often.
const LOOK: Duration = Duration::from_mins(1);

/// Submits the day's jobs, each at its time.
pub(crate) async fn submit(host: Arc<DayHost>) {
    for number in 0..host.day.len() {
        let job = &host.day[number];
        host.clock.sleep_until(host.began + job.comes).await;
        let id = JobId::new(host.clock.now(), number as u128);
        host.comes_as(id, number);
        let new = NewJob {
            id,
            agent: job.kind.name.into(),
            action: "work".into(),
            payload: Json::null(),
            priority: job.kind.priority(job.number),
            run_at: None,
            idempotency_key: None,
            max_cost: host.limits.job_usd,
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: Some(job.kind.economy),
            upstream: UpstreamKind::Simulated,
        };
        loop {
            match host.store.enqueue(new.clone()).await {
                Ok(_) => break,
                Err(StoreError::QueueFull { .. }) => host.refuses(),
                Err(error) => panic!("a job is not taken in: {error}"),
            }
            host.clock.sleep(COMES_AGAIN).await;
        }
    }
}

/// Takes jobs out whenever there is a slot and something may have changed.
pub(crate) async fn run(host: Arc<DayHost>) {
    let mut events = host.store.subscribe();
    loop {
        take(&host).await;
        host.store.look().await.expect("a look");
        let due = host.store.next_due().await.expect("a read works");
        let later = host.clock.now() + LOOK;
        tokio::select! {
            () = queued(&mut events) => {}
            () = host.freed.notified() => {}
            () = host.clock.sleep_until(due.map_or(later, |due| due.min(later))) => {}
        }
    }
}

async fn take(host: &Arc<DayHost>) {
    loop {
        let free = free_slots(host.limits.agents_max, host.running());
        let (most, critical_only) = free.map_or((0, true), |free| (free.most, free.critical_only));
        let warm = host.gateway.warm_agents();
        let ready = |name: &str| ReadyAgent {
            name: name.to_owned(),
            digest: "d".into(),
            settings: AgentValues::default(),
            warm: warm.contains(name),
        };
        let claim = Claim {
            agents: KINDS.iter().map(|kind| ready(kind.name)).collect(),
            upstream: UpstreamKind::Simulated,
            most,
            critical_only,
            alive: Vec::new(),
            lease_for: Duration::from_hours(24 * 7),
        };
        let claimed = host.store.claim(claim).await.expect("a claim");
        let is_full = !claimed.is_empty() && claimed.len() == most as usize;
        for job in claimed {
            host.starts();
            let host = host.clone();
            tokio::spawn(async move {
                attempt(&host, job).await;
                host.leaves();
            });
        }
        if !is_full || critical_only {
            return;
        }
    }
}

// Ends when a job is there to be taken, or has a time at which it will be.
async fn queued(events: &mut Receiver<Arc<Event>>) {
    loop {
        match events.recv().await {
            Ok(event) => match event.kind {
                EventKind::Job { state: JobState::Queued | JobState::Parked, .. } => return,
                EventKind::Limits | EventKind::Brake { .. } => return,
                _ => {}
            },
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
