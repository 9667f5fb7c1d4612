//! What happens, as it happens.

use crate::parts::ControlParts;
use anvil_runner::Runner;
use anvil_store::{Store, StoreError};
use anvil_types::{Event, JobId};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Events, and the text that streams into jobs.
pub struct EventControl {
    store: Arc<dyn Store>,
    runner: Runner,
}

impl EventControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), runner: parts.runner.clone() }
    }

    /// Events as they are published.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.store.subscribe()
    }

    /// Events after a place.
    pub async fn after(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.store.events(after, job, limit).await
    }

    /// The place of the newest event.
    pub async fn last(&self) -> Result<u64, StoreError> {
        self.store.last_event().await
    }

    /// The text that streams into a job now: what has come so far, and what follows.
    pub fn live_text(&self, job: JobId) -> Option<(String, broadcast::Receiver<String>)> {
        self.runner.live_text(job)
    }
}
