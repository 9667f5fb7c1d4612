//! Plugins that are handed in, and removed.

use anvil_types::AgentInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a plugin that was handed in is, and what it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginReport {
    /// What it says of itself.
    pub agent: AgentInfo,
    /// The file of the plugins folder that it goes into.
    pub file: String,
    /// What it changes against the present version, a sentence each.
    pub changes: Vec<String>,
    /// Whether it is in the folder.
    pub installed: bool,
    /// Whether it is in force by now; where not, the host still takes it up.
    pub in_force: bool,
}

/// What was removed of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginRemoved {
    /// The files of the plugins folder that are gone. Their versions are kept for as long as jobs need them.
    pub files: Vec<String>,
}
