//! The pause of the queue.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A person's pause of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QueuePause {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}
