//! Whoever waits for money or a slot looks again.

use crate::parts::ControlParts;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_store::{Store, StoreError};
use std::sync::Arc;

/// Tells those who wait that there may be room.
#[derive(Clone)]
pub(crate) struct Room {
    store: Arc<dyn Store>,
    gateway: Gateway,
    runner: Runner,
}

impl Room {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), gateway: parts.gateway.clone(), runner: parts.runner.clone() }
    }

    /// What money there is, has changed.
    pub(crate) async fn changed(&self) -> Result<(), StoreError> {
        self.gateway.limits_changed(&self.store.limits().await?.limits);
        self.runner.wake();
        Ok(())
    }
}
