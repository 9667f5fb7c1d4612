//! The brake.

use crate::BrakeStatus;
use anvil_budget::BrakeHistory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The brake now, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrakeView {
    /// How it stands.
    #[serde(flatten)]
    pub now: BrakeStatus,
    /// What it did.
    #[serde(flatten)]
    pub past: BrakeHistory,
}

/// `PUT /brake`: engages or releases it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrakeRequest {
    /// Whether no new call goes out.
    pub engaged: bool,
    /// Why; the audit log keeps it.
    pub reason: String,
}
