//! A plugin that is handed in: what it is and what it changes, before it goes into the folder.

use crate::ask::{Form, PluginBody, Who};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::numbers::bytes;
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::PluginReport;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

/// The page.
#[derive(Template)]
#[template(path = "agents/upload.html")]
pub(crate) struct UploadPage {
    pub(crate) shell: Shell,
    pub(crate) report: Report,
}

/// What the plugin is. All texts are untrusted.
pub(crate) struct Report {
    name: String,
    version: String,
    summary: String,
    changes: Vec<String>,
    actions: Vec<(String, String)>,
    file: String,
    size: String,
    digest: String,
}

impl Report {
    pub(crate) fn new(report: &PluginReport) -> Self {
        let agent = &report.agent;
        Self {
            name: agent.name.clone(),
            version: agent.version.clone(),
            summary: agent.summary.clone(),
            changes: report.changes.clone(),
            actions: agent.actions.iter().map(|one| (one.name.clone(), one.summary.clone())).collect(),
            file: report.file.clone(),
            size: bytes(agent.size),
            digest: agent.digest.clone(),
        }
    }
}

pub(super) async fn examine(
    State(state): State<WebState>,
    PluginBody(mut incoming): PluginBody,
) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Agents, "A plugin").await?;
    let report = state.control.agents.examine(&mut incoming, None).await?;
    let page = UploadPage { shell, report: Report::new(&report) };
    state.control.agents.hold(incoming, report);
    html(&page)
}

pub(super) async fn put(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    state.control.agents.put_held(form.text("digest"), by).await?;
    Ok(see_other("/agents"))
}

pub(super) async fn remove(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    if form.find("confirm").is_none() {
        let detail = "confirm that its file is removed and its jobs wait then; nothing was removed yet";
        return Err(Problem::invalid("not-confirmed", "That was not confirmed", detail));
    }
    state.control.agents.remove(&name, by).await?;
    Ok(see_other("/agents"))
}
