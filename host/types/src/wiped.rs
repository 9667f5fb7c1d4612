//! What is simulated can be wiped.

use serde::{Deserialize, Serialize};

/// What was wiped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Wiped {
    /// Jobs.
    pub jobs: u64,
    /// Entries of the ledger.
    pub calls: u64,
}
