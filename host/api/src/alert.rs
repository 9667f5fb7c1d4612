//! Alerts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /alerts/{id}/acknowledge`: somebody knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcknowledgeRequest {
    /// What is known or done about it.
    #[serde(default)]
    pub note: String,
}
