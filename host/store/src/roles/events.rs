//! Events: rows of the transaction that they tell of, published after it.

use crate::StoreError;
use anvil_types::{Event, EventKind, JobId};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Events: rows of the transaction that they tell of, published after it.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Writes an event that tells of something outside the store (an agent that changed).
    async fn record(&self, event: EventKind) -> Result<(), StoreError>;
    /// Events after a place, of one job where that is given.
    async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError>;
    /// The place of the newest event.
    async fn last_event(&self) -> Result<u64, StoreError>;
    /// Events as they are published; one that lags asks [`EventStore::events`] for what it missed.
    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>>;
}
