//! The versions of each agent that the host keeps, and going back to one.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::see_other;
use crate::panel::kit::numbers::{bytes, thousands};
use crate::panel::kit::pill::Pill;
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::StoreError;
use anvil_types::{AgentVersion, Timestamp, VersionState};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::response::Response;
use std::collections::BTreeSet;

/// The part of the page.
#[derive(Template)]
#[template(path = "agents/versions.html")]
pub(crate) struct Versions {
    agents: Vec<OfAgent>,
}

impl HtmlSafe for Versions {}

/// The versions of one agent.
struct OfAgent {
    name: String,
    /// Whether one of them is set aside.
    open: bool,
    rows: Vec<Row>,
}

/// One version. Its name and its file's are untrusted text.
struct Row {
    version: String,
    digest: String,
    file: String,
    pill: Pill,
    reason: Option<String>,
    first_seen: When,
    size: String,
    jobs: String,
    can_go_back: bool,
}

impl OfAgent {
    /// The name in an address.
    fn path(&self) -> String {
        crate::panel::kit::address::encode(&self.name)
    }
}

impl Row {
    /// The beginning of the digest.
    fn short(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }
}

impl Versions {
    /// Of agents with more than one version; `all` by name.
    pub(crate) fn new(all: &[(String, Vec<AgentVersion>)], now: Timestamp) -> Self {
        let row = |version: &AgentVersion| Row {
            version: version.version.clone(),
            digest: version.digest.clone(),
            file: version.file.clone(),
            pill: version.state.into(),
            reason: version.reason.clone(),
            first_seen: When::relative(version.first_seen, now),
            size: bytes(version.size),
            jobs: thousands(version.jobs),
            can_go_back: version.state == VersionState::Kept,
        };
        let is_aside = |version: &AgentVersion| {
            matches!(version.state, VersionState::RolledBack | VersionState::Quarantined)
        };
        let agents = all.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, versions)| OfAgent {
            name: name.clone(),
            open: versions.iter().any(is_aside),
            rows: versions.iter().map(row).collect(),
        });
        Self { agents: agents.collect() }
    }

    /// Those of every agent that a file has, or had.
    pub(super) async fn load(state: &WebState, now: Timestamp) -> Result<Self, StoreError> {
        let agents = state.control.agents.all();
        let names: BTreeSet<&str> = agents
            .iter()
            .filter(|agent| !agent.actions.is_empty())
            .map(|agent| agent.name.as_str())
            .collect();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            all.push((name.to_owned(), state.control.agents.versions(name).await?));
        }
        Ok(Self::new(&all, now))
    }
}

pub(super) async fn roll_back(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    state.control.agents.roll_back(&name, form.find("to"), by).await?;
    Ok(see_other("/agents"))
}

pub(super) async fn forward(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    state.control.agents.roll_forward(&name, by).await?;
    Ok(see_other("/agents"))
}

pub(super) async fn release(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    state.control.agents.release(&name, by).await?;
    Ok(see_other("/agents"))
}
