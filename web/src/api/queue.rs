//! `GET` and `PUT /api/v1/queue`: the pause.

use crate::ask::{Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::QueueView;
use anvil_store::QueuePause;
use axum::Json;
use axum::extract::State;

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<QueueView>, Problem> {
    Ok(Json(view(state.control.queue.pause().await?)))
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    mut body: Object,
) -> Result<Json<QueueView>, Problem> {
    let paused = body.required::<Option<bool>>("paused", "true or false").unwrap_or(true);
    let reason: Option<String> = body.field("reason", "a few words on why: the audit log keeps them");
    let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if body.fits() && paused && reason.is_none() {
        body.wrong("reason", "is missing; it must be a few words on why: the audit log keeps them");
    }
    body.finish()?;
    Ok(Json(view(state.control.queue.set_pause(reason.filter(|_| paused), by).await?)))
}

fn view(pause: Option<QueuePause>) -> QueueView {
    QueueView { paused: pause.is_some(), pause }
}
