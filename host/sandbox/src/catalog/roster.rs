//! What is shown of the agents, and what their payloads have to look like.

use super::settings::PayloadBound;
use crate::plugin::{Schemas, schemas};
use crate::schema::InputSchema;
use anvil_types::{AgentInfo, AgentState, PerAgent};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// The agents of one moment: one line for every file and every retired agent, sorted by name. A file that
/// holds no plugin is there under its own name; where an older version of it stays in force that has its
/// line too. Made once for each change, and shared by all who look.
#[derive(Debug, Default)]
pub struct Roster {
    agents: Vec<AgentInfo>,
    schemas: HashMap<String, Schemas>,
    coming: Vec<String>,
    /// Files that are still to be looked at, and have no line.
    waiting: Vec<String>,
    payloads: Arc<PerAgent<PayloadBound>>,
}

impl Roster {
    pub(crate) fn new(
        agents: Vec<AgentInfo>,
        schemas: HashMap<String, Schemas>,
        coming: Vec<String>,
        waiting: Vec<String>,
        payloads: Arc<PerAgent<PayloadBound>>,
    ) -> Self {
        Self { agents, schemas, coming, waiting, payloads }
    }

    /// A roster of these agents, each with the schemas that it says it has, and with no bound on their payloads.
    pub fn of(agents: Vec<AgentInfo>) -> Self {
        let schemas = agents.iter().map(|agent| (agent.name.clone(), schemas(agent))).collect();
        Self::new(agents, schemas, Vec::new(), Vec::new(), Arc::default())
    }

    /// The longest payload of an agent's jobs.
    pub fn payload_bound(&self, agent: &str) -> &PayloadBound {
        self.payloads.of(agent)
    }

    /// The schema of an action's payload.
    pub fn schema(&self, agent: &str, action: &str) -> Option<Arc<InputSchema>> {
        self.schemas.get(agent)?.get(action).cloned()
    }

    /// The files that may become agents of which nothing is known yet, each with why it is none so far.
    pub fn coming(&self) -> &[String] {
        &self.coming
    }

    /// How many files are still to be looked at, and have no line yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The files that are still to be looked at, are being compiled, or wait for either.
    pub fn under_way(&self) -> impl Iterator<Item = &str> {
        let compiling = self.agents.iter().filter(|agent| agent.state == AgentState::Compiling);
        compiling.map(|agent| agent.file.as_str()).chain(self.waiting.iter().map(String::as_str))
    }

    /// How many files are being compiled, or wait for that.
    pub fn compiling(&self) -> usize {
        self.agents.iter().filter(|agent| agent.state == AgentState::Compiling).count()
    }
}

impl Deref for Roster {
    type Target = [AgentInfo];
    fn deref(&self) -> &[AgentInfo] {
        &self.agents
    }
}
