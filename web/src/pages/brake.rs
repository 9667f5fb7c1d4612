//! The brake as a page of its own: what the button in the header does, without a script too.

use super::shell::{Nav, Shell};
use super::{Form, html, local, see_other};
use crate::guard::name_of;
use crate::problem::Problem;
use crate::scope::Caller;
use crate::state::WebState;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

/// The page.
#[derive(Template)]
#[template(path = "brake.html")]
pub(crate) struct BrakePage {
    pub(crate) shell: Shell,
    pub(crate) running: u32,
    pub(crate) waiting: u64,
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Other, "Brake").await?;
    let waiting = status.queue.queued + status.queue.parked;
    html(&BrakePage { shell, running: status.agents.running, waiting })
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Other, "").await?;
    html(&shell.brake)
}

pub(super) async fn set(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    form: Form,
) -> Result<Response, Problem> {
    let reason = form.text("reason").trim();
    if reason.is_empty() {
        return Err(Problem::invalid(
            "invalid-body",
            "A reason is missing",
            "say in a few words why: the audit log keeps it",
        ));
    }
    let engage = match form.text("engaged") {
        "true" => true,
        "false" => false,
        _ => {
            return Err(Problem::bad_request(
                "bad-form",
                "The form makes no sense",
                "`engaged` is true or false",
            ));
        }
    };
    state.runner.set_brake(engage, reason, name_of(caller.map(|c| c.0))).await?;
    Ok(see_other(local(form.text("next"))))
}
