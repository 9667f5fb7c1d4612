//! What people were told.

use crate::parts::ControlParts;
use anvil_store::{AlertFilter, AlertPage, Store, StoreError};
use anvil_types::{Alert, AlertId};
use std::sync::Arc;

/// Alerts.
pub struct AlertControl {
    store: Arc<dyn Store>,
}

impl AlertControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone() }
    }

    /// A page of alerts, the newest first.
    pub async fn page(&self, filter: AlertFilter) -> Result<AlertPage, StoreError> {
        self.store.alerts(filter).await
    }

    /// An alert.
    pub async fn get(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.store.alert(id).await
    }

    /// Notes who knows of an alert.
    pub async fn acknowledge(&self, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError> {
        self.store.acknowledge_alert(id, by, note).await
    }
}
