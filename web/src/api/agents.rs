//! Agents: every plugin file, one agent, on and off.

use crate::ask::{Who, missing_agent};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::List;
use anvil_types::{AgentInfo, AgentState};
use axum::Json;
use axum::extract::{Path, State};

pub(super) async fn list(State(state): State<WebState>) -> Json<List<AgentInfo>> {
    Json(List::whole(state.control.agents.all().to_vec()))
}

pub(super) async fn show(
    State(state): State<WebState>,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    let agents = state.control.agents.all();
    // Several files can claim one name; the one that takes jobs is the agent.
    let claims = agents.iter().filter(|agent| agent.name == name);
    let found = claims.min_by_key(|agent| matches!(agent.state, AgentState::Shadowed | AgentState::Rejected));
    found.cloned().map(Json).ok_or_else(|| missing_agent(&name, &agents))
}

pub(super) async fn enable(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    switch(&state, &name, true, by).await.map(Json)
}

pub(super) async fn disable(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    switch(&state, &name, false, by).await.map(Json)
}

/// Switches an agent on or off.
pub(crate) async fn switch(state: &WebState, name: &str, on: bool, by: &str) -> Result<AgentInfo, Problem> {
    let changed = state.control.agents.set_enabled(name, on, by).await?;
    changed.ok_or_else(|| missing_agent(name, &state.control.agents.all()))
}
