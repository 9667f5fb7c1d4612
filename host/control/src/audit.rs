//! Who changed what.

use crate::parts::ControlParts;
use anvil_store::{AuditEntry, Store, StoreError};
use std::sync::Arc;

/// What people changed.
pub struct AuditControl {
    store: Arc<dyn Store>,
}

impl AuditControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone() }
    }

    /// What people changed, the newest first.
    pub async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit(limit).await
    }
}
