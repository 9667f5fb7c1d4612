//! What people changed.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// What a person changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What, as in `limits.change`, `brake.on`, `job.cancel`.
    pub action: String,
    /// The details, for people.
    pub detail: String,
}
