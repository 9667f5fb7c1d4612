//! `GET` and `PUT /api/v1/queue`: the pause.

use super::Object;
use crate::guard::name_of;
use crate::problem::Problem;
use crate::scope::Caller;
use crate::state::WebState;
use anvil_store::QueuePause;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;

/// Whether jobs are claimed.
#[derive(Serialize)]
pub(super) struct Queue {
    paused: bool,
    pause: Option<QueuePause>,
}

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<Queue>, Problem> {
    Ok(Json(view(state.runner.queue_pause().await?)))
}

pub(super) async fn set(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    mut body: Object,
) -> Result<Json<Queue>, Problem> {
    let paused = body.required::<Option<bool>>("paused", "true or false").unwrap_or(true);
    let reason: Option<String> = body.field("reason", "a few words on why: the audit log keeps them");
    let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if body.fits() && paused && reason.is_none() {
        body.wrong("reason", "is missing; it must be a few words on why: the audit log keeps them");
    }
    body.finish()?;
    let by = name_of(caller.map(|c| c.0));
    Ok(Json(view(state.runner.set_queue_pause(reason.filter(|_| paused), by).await?)))
}

fn view(pause: Option<QueuePause>) -> Queue {
    Queue { paused: pause.is_some(), pause }
}
