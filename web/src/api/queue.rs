//! `GET` and `PUT /api/v1/queue`: the pause.

use super::Object;
use crate::guard::name_of;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::QueueView;
use anvil_store::QueuePause;
use axum::extract::State;
use axum::{Extension, Json};

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<QueueView>, Problem> {
    Ok(Json(view(state.control.queue.pause().await?)))
}

pub(super) async fn set(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    mut body: Object,
) -> Result<Json<QueueView>, Problem> {
    let paused = body.required::<Option<bool>>("paused", "true or false").unwrap_or(true);
    let reason: Option<String> = body.field("reason", "a few words on why: the audit log keeps them");
    let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if body.fits() && paused && reason.is_none() {
        body.wrong("reason", "is missing; it must be a few words on why: the audit log keeps them");
    }
    body.finish()?;
    let by = name_of(caller.map(|c| c.0));
    Ok(Json(view(state.control.queue.set_pause(reason.filter(|_| paused), by).await?)))
}

fn view(pause: Option<QueuePause>) -> QueueView {
    QueueView { paused: pause.is_some(), pause }
}
