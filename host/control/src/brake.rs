//! The brake: what engages it, and who.

use crate::parts::ControlParts;
use anvil_budget::BrakeCause;
use anvil_gateway::Gateway;
use anvil_store::{BrakeHistory, BrakeState, Store, StoreError};
use anvil_types::words::BrakeReason;
use anvil_types::{BrakeCauseKind, Clock};
use std::sync::Arc;

/// The brake.
#[derive(Clone)]
pub struct BrakeControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
}

impl BrakeControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), gateway: parts.gateway.clone(), clock: parts.clock.clone() }
    }

    /// The brake. A store that fails cannot keep a cause of its own, so the gateway tells of it.
    pub async fn state(&self) -> Result<BrakeState, StoreError> {
        let mut brake = self.store.brake().await?;
        if self.gateway.store_failing() {
            brake.causes.push(BrakeCause {
                kind: BrakeCauseKind::Store,
                reason: BrakeReason::StoreFails.to_string(),
                since: self.clock.now(),
                until: None,
                by: None,
            });
        }
        Ok(brake)
    }

    /// Engages or releases the brake by a person's hand.
    pub async fn set(&self, engaged: bool, reason: &str, by: &str) -> Result<BrakeState, StoreError> {
        let state = if engaged {
            let cause = BrakeCause {
                kind: BrakeCauseKind::Person,
                reason: if reason.trim().is_empty() {
                    BrakeReason::ByHand.to_string()
                } else {
                    reason.trim().to_owned()
                },
                since: self.clock.now(),
                until: None,
                by: Some(by.to_owned()),
            };
            self.store.engage_brake(cause).await?
        } else {
            self.store.release_brake(by, reason).await?
        };
        self.gateway.limits_changed(&self.store.limits().await?.limits);
        Ok(state)
    }

    /// What the brake did, the newest first.
    pub async fn history(&self, limit: u32) -> Result<BrakeHistory, StoreError> {
        self.store.brake_history(limit).await
    }
}
