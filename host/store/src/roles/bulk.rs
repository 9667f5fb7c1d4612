//! Actions on all jobs that match a filter, batch by batch.

use crate::{ActionPlan, ActionRun, ActionStep, JobFilter, NewAction, StoreError};
use anvil_types::{JobAction, JobActionId};
use async_trait::async_trait;

/// Actions on all jobs that match a filter, batch by batch.
#[async_trait]
pub trait BulkStore: Send + Sync {
    /// Counts what an action would touch, and what it would leave and why.
    async fn plan_action(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError>;
    /// Begins an action on all jobs that match now; [`BulkStore::step_action`] does it, batch by batch.
    async fn begin_action(&self, action: NewAction) -> Result<ActionRun, StoreError>;
    /// Does the next batch of an action, a few milliseconds long: what is done and how far it came are
    /// one step. Nothing where the action is over.
    async fn step_action(&self, id: JobActionId) -> Result<ActionStep, StoreError>;
    /// Ends an action where it is.
    async fn stop_action(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError>;
    /// An action.
    async fn action(&self, id: JobActionId) -> Result<ActionRun, StoreError>;
    /// Actions, the newest first: `limit` of them older than `after`.
    async fn actions(&self, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError>;
    /// Actions that are under way, the oldest first.
    async fn running_actions(&self) -> Result<Vec<JobActionId>, StoreError>;
}
