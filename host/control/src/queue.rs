//! The pause of the queue.

use crate::parts::ControlParts;
use anvil_store::{QueuePause, Store, StoreError};
use std::sync::Arc;

/// The pause of the queue.
pub struct QueueControl {
    store: Arc<dyn Store>,
}

impl QueueControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone() }
    }

    /// The pause, where there is one.
    pub async fn pause(&self) -> Result<Option<QueuePause>, StoreError> {
        self.store.queue_pause().await
    }

    /// Pauses the queue for a reason, or ends the pause: no job is claimed while it lasts, what runs goes on.
    pub async fn set_pause(&self, reason: Option<&str>, by: &str) -> Result<Option<QueuePause>, StoreError> {
        self.store.set_queue_pause(reason, by).await
    }
}
