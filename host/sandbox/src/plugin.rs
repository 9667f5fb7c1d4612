//! A plugin that is loaded: checked, compiled, linked, and asked what it is.

use crate::bindings::AgentPre;
use crate::guest::Guest;
use crate::lanes::Credit;
use anvil_types::AgentInfo;
use std::sync::Arc;

/// One version of an agent, ready to run. Jobs that began on it keep it alive.
pub struct Plugin {
    /// What it says of itself. `state` is as of loading; the catalog knows the present one.
    pub info: AgentInfo,
    pub(crate) version: semver::Version,
    /// What its guests' purses are filled from.
    pub(crate) credit: Arc<Credit>,
    pub(crate) pre: AgentPre<Guest>,
}

impl Plugin {
    /// The BLAKE3 hash of its file, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.info.digest
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("info", &self.info).finish_non_exhaustive()
    }
}
