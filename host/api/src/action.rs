//! Actions on all jobs that match a filter.

use anvil_types::{ActionPlan, JobAction, JobFilter, Priority};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an action would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionPlanned {
    /// What is done.
    #[serde(flatten)]
    pub action: JobAction,
    /// With which jobs.
    pub filter: JobFilter,
    /// What it would touch.
    #[serde(flatten)]
    pub plan: ActionPlan,
}

/// `POST /jobs/actions`: something that is done with all jobs that match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionRequest {
    /// `cancel`, `retry`, `resume`, `prioritise` or `delete`.
    pub action: String,
    /// What `prioritise` gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Which jobs; an empty object is all of them. `state` may be one state or a list of them.
    pub filter: JobFilter,
    /// Whether it is only counted what would be touched.
    #[serde(default)]
    pub dry_run: bool,
}
