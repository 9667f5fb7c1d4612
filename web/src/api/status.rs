//! `GET /api/v1/status`.

use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::Status;
use axum::Json;
use axum::extract::State;

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<Status>, Problem> {
    Ok(Json(state.control.status.get().await?))
}
