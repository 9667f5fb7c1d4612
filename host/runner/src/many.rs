//! Actions on all jobs that match a filter: begun here, and done in the background, batch by batch.

use crate::Runner;
use crate::shared::Shared;
use anvil_store::{ActionPlan, ActionRun, ActionState, JobFilter, NewAction, StoreError};
use anvil_types::{End, JobAction, JobActionId};
use rand::RngExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often an action is looked at that waits for room, or for the search.
const LOOK: Duration = Duration::from_millis(500);
/// The longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(100);

impl Runner {
    /// Counts what an action would touch, and what it would leave and why.
    pub async fn plan_action(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError> {
        self.shared.store.plan_action(action, filter).await
    }

    /// Begins an action on all jobs that match now; it goes on by itself, over restarts too.
    pub async fn begin_action(
        &self,
        action: JobAction,
        filter: JobFilter,
        by: &str,
    ) -> Result<ActionRun, StoreError> {
        if action == JobAction::Resume {
            // As for one job: what the upstream told earlier is asked anew.
            self.shared.gateway.look_again();
        }
        let id = JobActionId::new(self.shared.clock.now(), rand::rng().random());
        let run = self.shared.store.begin_action(NewAction { id, action, filter, by: by.to_owned() }).await?;
        self.shared.many.notify_one();
        Ok(run)
    }

    /// Ends an action where it is.
    pub async fn stop_action(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError> {
        self.shared.store.stop_action(id, by).await
    }

    /// An action.
    pub async fn action(&self, id: JobActionId) -> Result<ActionRun, StoreError> {
        self.shared.store.action(id).await
    }

    /// Actions, the newest first.
    pub async fn actions(
        &self,
        after: Option<JobActionId>,
        limit: u32,
    ) -> Result<Vec<ActionRun>, StoreError> {
        self.shared.store.actions(after, limit).await
    }
}

/// Does what has been begun, until the host shuts down; the next start goes on.
pub(crate) async fn run(shared: Arc<Shared>) -> End {
    loop {
        let waits = match round(&shared).await {
            Ok(Round::GetsOn) => continue,
            Ok(Round::Waits) => true,
            Ok(Round::Nothing) => false,
            Err(error) => {
                if shared.shutting_down() {
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
            () = shared.many.notified() => {}
            () = shared.shutdown.cancelled() => return End::Asked,
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
async fn round(shared: &Shared) -> Result<Round, StoreError> {
    let mut round = Round::Nothing;
    for id in shared.store.running_actions().await? {
        if shared.shutting_down() {
            return Ok(Round::Nothing);
        }
        let began = Instant::now();
        let step = shared.store.step_action(id).await?;
        for job in &step.stopped {
            if let Some(run) = shared.running().get(job) {
                run.cancel.cancel();
            }
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
