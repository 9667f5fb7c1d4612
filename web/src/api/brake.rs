//! `GET` and `PUT /api/v1/brake`.

use crate::ask::{Object, Query, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{BrakeStatus, BrakeView};
use anvil_store::BrakeState;
use axum::Json;
use axum::extract::State;

pub(super) async fn show(State(state): State<WebState>, query: Query) -> Result<Json<BrakeView>, Problem> {
    let limit = query.limit(50, 1_000)?;
    let past = state.control.brake.history(limit).await?;
    Ok(Json(BrakeView { now: view(state.control.brake.state().await?), past }))
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    mut body: Object,
) -> Result<Json<BrakeStatus>, Problem> {
    let engaged = body.required::<Option<bool>>("engaged", "true or false");
    let reason: String = body.required("reason", "a few words on why: the audit log keeps them");
    if body.fits() && reason.trim().is_empty() {
        body.wrong("reason", "is empty; it must be a few words on why: the audit log keeps them");
    }
    body.finish()?;
    Ok(Json(view(state.control.brake.set(engaged.unwrap_or(true), reason.trim(), by).await?)))
}

fn view(state: BrakeState) -> BrakeStatus {
    BrakeStatus { engaged: state.engaged(), causes: state.causes }
}
