//! What came of trying an agent against a played Claude.

use crate::ask::Form;
use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{SmokeEnd, SmokeReport};
use anvil_types::Json;
use anvil_types::json_text::indented;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

/// Bytes of a payload or a result that are shown.
const MOST_SHOWN: usize = 64 << 10;

/// The page. All texts are untrusted.
#[derive(Template)]
#[template(path = "agents/smoke.html")]
pub(crate) struct SmokePage {
    shell: Shell,
    name: String,
    version: String,
    action: String,
    good: bool,
    end: &'static str,
    error: Option<String>,
    fault: Option<String>,
    used: String,
    asked: String,
    payload: String,
    result: Option<String>,
    log: String,
}

impl SmokePage {
    pub(crate) fn new(shell: Shell, report: &SmokeReport) -> Self {
        let end = match report.end {
            SmokeEnd::Succeeded => "gave a result",
            SmokeEnd::Failed => "says that it failed",
            SmokeEnd::Broke => "broke",
            SmokeEnd::Stopped => "was stopped",
        };
        let text = |json: &Json| indented(json.as_str(), MOST_SHOWN).text;
        Self {
            shell,
            name: report.agent.clone(),
            version: report.version.clone(),
            action: report.action.clone(),
            good: report.end == SmokeEnd::Succeeded && report.description_fault.is_none(),
            end,
            error: report.error.as_ref().map(ToString::to_string),
            fault: report.description_fault.clone(),
            used: report.used.to_string(),
            asked: format!(
                "{} calls, {} questions and {} tasks, and handed over {} files",
                report.calls, report.questions, report.tasks, report.files
            ),
            payload: text(&report.payload),
            result: report.result.as_ref().map(text),
            log: report.log.join("\n"),
        }
    }
}

pub(super) async fn run(
    State(state): State<WebState>,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let action = form.find("action").filter(|action| !action.is_empty());
    let report = state.control.agents.smoke(&name, action, None).await?;
    let (shell, _) = Shell::load(&state, Nav::Agents, "A try").await?;
    html(&SmokePage::new(shell, &report))
}
