//! Agents: every plugin file, one agent, on and off.

use crate::guard::name_of;
use crate::nearest::nearest;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::List;
use anvil_types::{AgentInfo, AgentState};
use axum::extract::{Path, State};
use axum::{Extension, Json};

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
    found.cloned().map(Json).ok_or_else(|| missing(&name, &agents))
}

/// That there is no such agent, with the names that there are.
pub(crate) fn missing(name: &str, agents: &[AgentInfo]) -> Problem {
    let known: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    let near = nearest(name, known.iter().map(String::as_str));
    let hint = near.as_deref().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    let names = if known.is_empty() {
        "none; drop a plugin into the plugins folder".to_owned()
    } else {
        known.join(", ")
    };
    let detail = format!("there is no agent `{name}`{hint}; the agents are: {names}");
    Problem::not_found("no-such-agent", "There is no such agent", detail).with_known(known, near)
}

pub(super) async fn enable(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    switch(&state, &name, true, caller.map(|c| c.0)).await.map(Json)
}

pub(super) async fn disable(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    switch(&state, &name, false, caller.map(|c| c.0)).await.map(Json)
}

/// Switches an agent on or off.
pub(crate) async fn switch(
    state: &WebState,
    name: &str,
    on: bool,
    caller: Option<Caller>,
) -> Result<AgentInfo, Problem> {
    let changed = state.control.agents.set_enabled(name, on, name_of(caller)).await?;
    changed.ok_or_else(|| missing(name, &state.control.agents.all()))
}
