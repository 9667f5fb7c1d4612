//! Whether the host lives and can work.

use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready once the store answers. The brake and an empty budget do not matter: jobs are taken in.
pub(super) async fn ready(State(state): State<WebState>) -> Result<&'static str, Problem> {
    state.runner.status().await?;
    Ok("ready\n")
}
