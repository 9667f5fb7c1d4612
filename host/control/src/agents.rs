//! Plugins, and what they say of themselves.

use crate::limit_use::LimitUses;
use crate::parts::ControlParts;
use crate::plugins::Held;
use crate::schedules::ScheduleControl;
use anvil_api::{PluginsStatus, SmokeReport};
use anvil_runner::Runner;
use anvil_sandbox::{Catalog, Roster};
use anvil_store::{Store, StoreError};
use anvil_types::words::SmokeRefusal;
use anvil_types::{AgentInfo, AgentState, AgentUse, AsideCause, Clock, Json, LimitUsed};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// The agents that there are.
pub struct AgentControl {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Catalog,
    pub(crate) runner: Runner,
    limit_uses: LimitUses,
    pub(crate) clock: Arc<dyn Clock>,
    /// Plugins that somebody looks at before they go in.
    pub(crate) held: Mutex<Vec<Held>>,
    /// Times of an agent's schedules may come again.
    pub(crate) schedules: Arc<Notify>,
}

impl AgentControl {
    pub(crate) fn new(parts: &ControlParts, schedules: &ScheduleControl) -> Self {
        let (store, catalog) = (parts.store.clone(), parts.catalog.clone());
        let runner = parts.runner.clone();
        let (clock, held) = (parts.clock.clone(), Mutex::default());
        let limit_uses = LimitUses::new(parts);
        Self { store, catalog, runner, limit_uses, clock, held, schedules: schedules.changed.clone() }
    }

    /// Every plugin file and what it says of itself.
    pub fn all(&self) -> Arc<Roster> {
        self.catalog.agents()
    }

    /// Whether the agents are known: the plugins folder was listed, and those of before are restored. It waits
    /// for no compilation.
    pub fn are_known(&self) -> bool {
        self.catalog.is_ready()
    }

    /// The plugins folder, and what is still to be done about what is in it.
    pub fn folder(&self) -> PluginsStatus {
        plugins(&self.catalog)
    }

    /// What the attempts of each agent have used, by name; of agents that are gone, too.
    pub async fn uses(&self) -> Result<Vec<AgentUse>, StoreError> {
        self.store.agent_uses().await
    }

    /// The limits of an agent, each beside the most that one attempt of the version that ran last used of it, and what
    /// it keeps and asks now.
    pub async fn limits(&self, agent: &str) -> Result<Vec<LimitUsed>, StoreError> {
        self.limit_uses.of_agent(agent).await
    }

    /// Tries the version of an agent that is in force against a played Claude: nothing is sent, spent or kept.
    pub async fn smoke(
        &self,
        agent: &str,
        action: Option<&str>,
        payload: Option<Json>,
    ) -> Result<SmokeReport, SmokeRefusal> {
        self.runner.smoke(agent, action, payload).await
    }

    /// Switches an agent on or off; `None` where there is no such agent.
    pub async fn set_enabled(
        &self,
        name: &str,
        enabled: bool,
        by: &str,
    ) -> Result<Option<AgentInfo>, StoreError> {
        // A file that is no agent has no action.
        let is_agent = |agent: &&AgentInfo| agent.name == name && !agent.actions.is_empty();
        if self.catalog.agents().iter().find(is_agent).is_none() {
            return Ok(None);
        }
        self.store.set_agent_disabled(name, !enabled, by).await?;
        self.catalog.set_enabled(name, enabled);
        self.schedules.notify_one();
        Ok(self.catalog.agents().iter().find(is_agent).cloned())
    }
}

/// How the plugins folder stands.
pub(crate) fn plugins(catalog: &Catalog) -> PluginsStatus {
    let agents = catalog.agents();
    let count = |state| {
        let count = agents.iter().filter(|agent| agent.state == state).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let replaced = |agent: &&AgentInfo| {
        let cause = agent.instead_of.as_ref().map(|replaced| replaced.cause);
        agent.state == AgentState::Quarantined || cause == Some(AsideCause::Quarantined)
    };
    let quarantined = u32::try_from(agents.iter().filter(replaced).count()).unwrap_or(u32::MAX);
    let (compiled_bytes, compiled_limit_bytes) = catalog.compiled_bytes();
    PluginsStatus {
        folder: catalog.folder().display().to_string(),
        trouble: catalog.trouble(),
        compiling: count(AgentState::Compiling),
        waiting: u32::try_from(agents.waiting()).unwrap_or(u32::MAX),
        delayed: count(AgentState::Delayed),
        quarantined,
        compiled_bytes,
        compiled_limit_bytes,
    }
}
