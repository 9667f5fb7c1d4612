//! The limits of each agent, beside the most that one attempt used of them.

use crate::panel::kit::limit_use::LimitTable;
use crate::state::WebState;
use anvil_store::StoreError;
use anvil_types::LimitUsed;
use askama::Template;
use askama::filters::HtmlSafe;
use std::collections::BTreeSet;

/// The part of the page.
#[derive(Template)]
#[template(path = "agents/limits.html")]
pub(crate) struct AgentLimits {
    agents: Vec<(String, LimitTable)>,
}

impl HtmlSafe for AgentLimits {}

impl AgentLimits {
    /// Of these agents, by name.
    pub(crate) fn new(all: &[(String, Vec<LimitUsed>)]) -> Self {
        Self { agents: all.iter().map(|(name, limits)| (name.clone(), LimitTable::new(limits))).collect() }
    }

    /// Those of every agent that a file has, or had.
    pub(super) async fn load(state: &WebState) -> Result<Self, StoreError> {
        let agents = state.control.agents.all();
        let names: BTreeSet<&str> = agents
            .iter()
            .filter(|agent| !agent.actions.is_empty())
            .map(|agent| agent.name.as_str())
            .collect();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            all.push((name.to_owned(), state.control.agents.limits(name).await?));
        }
        Ok(Self::new(&all))
    }
}
