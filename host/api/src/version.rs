//! Versions of agents: going back to one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /agents/{name}/rollback`: which version is to be in force until a new file comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollBackRequest {
    /// Its digest, or the beginning of it; the version that was in force before where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
