//! A plugin that is loaded: checked, compiled, linked, and asked what it is.

use crate::ahead::Fitness;
use crate::entry::Entry;
use crate::lanes::Credit;
use crate::schema::InputSchema;
use anvil_types::AgentInfo;
use std::collections::HashMap;
use std::sync::Arc;

/// One version of an agent, ready to run. Jobs that began on it keep it alive.
pub struct Plugin {
    /// What it says of itself. `state` is as of loading; the catalog knows the present one.
    pub info: AgentInfo,
    pub(crate) known: Arc<Known>,
    /// What its guests' purses are filled from.
    pub(crate) credit: Arc<Credit>,
    pub(crate) entry: Arc<Entry>,
    /// Whether its instances may be made ahead of its jobs.
    pub(crate) fitness: Fitness,
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

/// What is known of a version, whether or not it is ready to run.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) info: AgentInfo,
    pub(crate) version: semver::Version,
    pub(crate) schemas: Schemas,
}

/// The schemas of an agent's payloads, by action.
pub(crate) type Schemas = Arc<HashMap<String, Arc<InputSchema>>>;

impl Known {
    /// From what a plugin said; none where that has no version.
    pub(crate) fn new(info: AgentInfo) -> Option<Self> {
        let version = info.version.parse().ok()?;
        let schemas = schemas(&info);
        Some(Self { info, version, schemas })
    }
}

/// The schemas of an agent, each compiled when it is first needed.
pub(crate) fn schemas(info: &AgentInfo) -> Schemas {
    let of = |action: &anvil_types::ActionInfo| {
        (action.name.clone(), Arc::new(InputSchema::new(action.input_schema.clone())))
    };
    Arc::new(info.actions.iter().map(of).collect())
}
