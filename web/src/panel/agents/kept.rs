//! What agents keep beyond their jobs, beside what they may; of agents that are gone, too.

use crate::api::clear_agent_state;
use crate::ask::{Form, Who};
use crate::panel::kit::answer::see_other;
use crate::panel::kit::numbers::{bytes, thousands};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::StateUse;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::response::Response;

/// The part of the page.
#[derive(Template)]
#[template(path = "agents/kept.html")]
pub(crate) struct Kept {
    rows: Vec<Row>,
}

impl HtmlSafe for Kept {}

/// What one agent keeps.
struct Row {
    agent: String,
    keys: String,
    bytes: String,
    /// Whether there is anything to clear.
    any: bool,
}

impl Row {
    /// The name in an address.
    fn path(&self) -> String {
        crate::panel::kit::address::encode(&self.agent)
    }
}

impl Kept {
    pub(crate) fn new(all: &[StateUse]) -> Self {
        let rows = all.iter().map(|one| Row {
            agent: one.agent.clone(),
            keys: format!("{} of {} keys", thousands(one.kept.keys), thousands(one.quota.keys)),
            bytes: format!("{} of {}", bytes(one.kept.bytes), bytes(one.quota.bytes)),
            any: one.kept.keys > 0,
        });
        Self { rows: rows.collect() }
    }
}

pub(super) async fn clear(
    State(state): State<WebState>,
    Who(by): Who,
    Path(agent): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    if form.find("confirm").is_none() {
        let detail = "confirm that the agent's jobs start from nothing then; nothing was cleared yet";
        return Err(Problem::invalid("not-confirmed", "That was not confirmed", detail));
    }
    clear_agent_state(&state, &agent, by).await?;
    Ok(see_other("/agents"))
}
