use crate::rules::events;
use crate::sqlite::SqliteStore;
use crate::{EventStore, StoreError};
use anvil_types::{Event, EventKind, JobId};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::broadcast;

#[async_trait]
impl EventStore for SqliteStore {
    async fn record(&self, event: EventKind) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.tell(None, event);
            Ok(())
        })
        .await
    }

    async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.readers.read(move |db| events::after(db, after, job, limit)).await
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        self.readers.read(events::last).await
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.shared.subscribe()
    }
}
