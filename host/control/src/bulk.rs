//! Actions on all jobs that match a filter: begun here, and done in the background, batch by batch.

use crate::parts::ControlParts;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::CancellationToken;
use anvil_store::{ActionPlan, ActionRun, ActionState, JobFilter, NewAction, Store, StoreError};
use anvil_types::{Clock, End, JobAction, JobActionId};
use rand::RngExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often an action is looked at that waits for room, or for the search.
const LOOK: Duration = Duration::from_millis(500);
/// The longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Actions on all jobs that match a filter.
#[derive(Clone)]
pub struct BulkControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    runner: Runner,
    shutdown: CancellationToken,
    /// An action was begun.
    begun: Arc<Notify>,
}

impl BulkControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            clock: parts.clock.clone(),
            runner: parts.runner.clone(),
            shutdown: parts.runner.shutdown_token(),
            begun: Arc::default(),
        }
    }

    /// Counts what an action would touch, and what it would leave and why.
    pub async fn plan(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError> {
        self.store.plan_action(action, filter).await
    }

    /// Begins an action on all jobs that match now; it goes on by itself, over restarts too.
    pub async fn begin(
        &self,
        action: JobAction,
        filter: JobFilter,
        by: &str,
    ) -> Result<ActionRun, StoreError> {
        if action == JobAction::Resume {
            // As for one job: what the upstream told earlier is asked anew.
            self.gateway.look_again();
        }
        let id = JobActionId::new(self.clock.now(), rand::rng().random());
        let run = self.store.begin_action(NewAction { id, action, filter, by: by.to_owned() }).await?;
        self.begun.notify_one();
        Ok(run)
    }

    /// Ends an action where it is.
    pub async fn stop(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError> {
        self.store.stop_action(id, by).await
    }

    /// An action.
    pub async fn get(&self, id: JobActionId) -> Result<ActionRun, StoreError> {
        self.store.action(id).await
    }

    /// Actions, the newest first.
    pub async fn list(&self, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError> {
        self.store.actions(after, limit).await
    }
}

/// Does what has been begun, until the host shuts down; the next start goes on.
pub(crate) async fn run(bulk: BulkControl) -> End {
    loop {
        let waits = match round(&bulk).await {
            Ok(Round::GetsOn) => continue,
            Ok(Round::Waits) => true,
            Ok(Round::Nothing) => false,
            Err(error) => {
                if bulk.shutdown.is_cancelled() {
                    return End::Asked;
                }
                tracing::error!(%error, "an action on many jobs does not get on");
                true
            }
        };
        let later =
            async { if waits { tokio::time::sleep(LOOK).await } else { std::future::pending().await } };
        tokio::select! {
            () = later => {}
            () = bulk.begun.notified() => {}
            () = bulk.shutdown.cancelled() => return End::Asked,
        }
    }
}

/// What a round has come to.
enum Round {
    GetsOn,
    Waits,
    Nothing,
}

/// A batch of each action that is under way.
async fn round(bulk: &BulkControl) -> Result<Round, StoreError> {
    let mut round = Round::Nothing;
    for id in bulk.store.running_actions().await? {
        if bulk.shutdown.is_cancelled() {
            return Ok(Round::Nothing);
        }
        let began = Instant::now();
        let step = bulk.store.step_action(id).await?;
        for job in &step.stopped {
            bulk.runner.stop(*job);
        }
        if step.run.action == JobAction::Cancel {
            bulk.gateway.jobs_stopped();
        }
        round = match (round, step.run.state, step.run.waits) {
            (Round::GetsOn, _, _) | (_, ActionState::Running, None) => Round::GetsOn,
            (_, ActionState::Running, Some(_)) => Round::Waits,
            (round, ActionState::Done | ActionState::Stopped, _) => round,
        };
        // Others write in between.
        tokio::time::sleep(began.elapsed().min(LONGEST_REST)).await;
    }
    Ok(round)
}
