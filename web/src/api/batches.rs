//! Message Batches.

use crate::permission::Permission::Read;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::BatchesView;
use axum::Json;
use axum::extract::State;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let about = "What waits for a batch, the newest batches, and what they saved today";
    routes.route(Read, Method::GET, "/api/v1/batches", about, show).gives::<BatchesView>()
}

async fn show(State(state): State<WebState>) -> Result<Json<BatchesView>, Problem> {
    Ok(Json(state.control.batches.view().await?))
}
