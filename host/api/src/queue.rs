//! The pause of the queue.

use anvil_types::QueuePause;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether jobs are claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueView {
    /// Whether none is.
    pub paused: bool,
    /// Who paused it and why.
    pub pause: Option<QueuePause>,
}

/// `PUT /queue`: pauses or resumes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueRequest {
    /// Whether no job is claimed from now on.
    pub paused: bool,
    /// Why; a pause must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
