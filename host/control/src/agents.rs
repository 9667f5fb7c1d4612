//! Plugins, and what they say of themselves.

use crate::parts::ControlParts;
use crate::schedules::ScheduleControl;
use anvil_api::PluginsStatus;
use anvil_sandbox::{Catalog, Roster};
use anvil_store::{Store, StoreError};
use anvil_types::{AgentInfo, AgentState, AgentUse};
use std::sync::Arc;
use tokio::sync::Notify;

/// The agents that there are.
pub struct AgentControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    /// Times of an agent's schedules may come again.
    schedules: Arc<Notify>,
}

impl AgentControl {
    pub(crate) fn new(parts: &ControlParts, schedules: &ScheduleControl) -> Self {
        let (store, catalog) = (parts.store.clone(), parts.catalog.clone());
        Self { store, catalog, schedules: schedules.changed.clone() }
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
    PluginsStatus {
        folder: catalog.folder().display().to_string(),
        trouble: catalog.trouble(),
        compiling: count(AgentState::Compiling),
        delayed: count(AgentState::Delayed),
    }
}
