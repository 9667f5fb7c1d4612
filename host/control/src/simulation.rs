//! What is simulated.

use crate::SubmitError;
use crate::parts::ControlParts;
use crate::prices::PriceControl;
use crate::room::Room;
use anvil_sandbox::Catalog;
use anvil_store::{Store, StoreError, Wiped};
use anvil_types::UpstreamKind;
use std::sync::Arc;

/// What is simulated, and never in force for real money.
pub struct SimulationControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    upstream: UpstreamKind,
    prices: PriceControl,
    room: Room,
}

impl SimulationControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            upstream: parts.settings.upstream,
            prices: PriceControl::new(parts),
            room: Room::new(parts),
        }
    }

    /// Wipes what is simulated; what is live is never touched. See [`UpkeepStore::wipe_simulated`](anvil_store::UpkeepStore::wipe_simulated).
    pub async fn wipe(&self, by: &str) -> Result<Wiped, SubmitError> {
        let off = self.store.disabled_agents().await?;
        let wiped = match self.store.wipe_simulated(by).await {
            Err(StoreError::BadChange(why)) => return Err(SubmitError::Invalid(why)),
            done => done?,
        };
        if self.upstream == UpstreamKind::Simulated {
            for agent in off {
                self.catalog.set_enabled(&agent, true);
            }
            self.prices.changed().await?;
            self.room.changed().await?;
        }
        Ok(wiped)
    }
}
