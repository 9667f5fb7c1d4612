use crate::rules::jobs::bulk;
use crate::sqlite::SqliteStore;
use crate::{ActionPlan, ActionRun, ActionStep, BulkStore, JobFilter, NewAction, StoreError};
use anvil_types::{JobAction, JobActionId};
use async_trait::async_trait;

#[async_trait]
impl BulkStore for SqliteStore {
    async fn plan_action(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError> {
        let filter = self.of_this_upstream(filter);
        if filter.search.is_some() {
            return self.plan_of_search(action, &filter).await;
        }
        self.readers.read(move |db| bulk::plan(db, action, &filter)).await
    }

    async fn begin_action(&self, mut action: NewAction) -> Result<ActionRun, StoreError> {
        action.filter = self.of_this_upstream(action.filter);
        let planned = self.plan_action(action.action, action.filter.clone()).await?.touched;
        self.write(move |tx| bulk::begin(tx, &action, planned)).await
    }

    async fn step_action(&self, id: JobActionId) -> Result<ActionStep, StoreError> {
        let placed = self.readers.read(move |db| bulk::one(db, id)).await?;
        match self.next_of_action(&placed).await? {
            Some(jobs) => self.write(move |tx| bulk::step(tx, &placed, &jobs)).await,
            None => self.write(move |tx| bulk::wait(tx, id, "the search is catching up")).await,
        }
    }

    async fn stop_action(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| bulk::stop(tx, id, &by)).await
    }

    async fn action(&self, id: JobActionId) -> Result<ActionRun, StoreError> {
        self.readers.read(move |db| Ok(bulk::one(db, id)?.run)).await
    }

    async fn actions(&self, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError> {
        self.readers.read(move |db| bulk::list(db, after, limit)).await
    }

    async fn running_actions(&self) -> Result<Vec<JobActionId>, StoreError> {
        self.readers.read(bulk::running).await
    }
}
