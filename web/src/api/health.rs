//! Whether the host lives and can work.

use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready once the store answers and the agents are known, so that no job is refused for want of its agent.
/// The brake and an empty budget do not matter, nor what is being compiled: jobs are taken in.
pub(super) async fn ready(State(state): State<WebState>) -> Result<&'static str, Problem> {
    if !state.runner.knows_agents() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "starting",
            "The host is starting",
            "the plugins folder has not been listed yet; ask again in a moment",
        )
        .with_retry_after(1));
    }
    state.runner.status().await?;
    Ok("ready\n")
}
