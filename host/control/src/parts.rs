//! What control is made of.

use crate::settings::ControlSettings;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::Store;
use anvil_types::{Clock, DrivenClock, Supervisor};
use std::sync::Arc;

/// What control is made of. Each of its nouns takes what it needs, and no more.
pub struct ControlParts {
    /// What it goes by.
    pub settings: ControlSettings,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// The door to Claude.
    pub gateway: Gateway,
    /// The plugins.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The same clock where it can be driven: with the simulator, and only with it.
    pub driven: Option<Arc<DrivenClock>>,
    /// Who keeps the host's tasks alive.
    pub supervisor: Supervisor,
    /// The running of jobs.
    pub runner: Runner,
}
