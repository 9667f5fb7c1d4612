//! Whether the host lives and can work.

use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready once the store answers and the agents are known, so that no job is refused for want of its agent.
/// A disk on which nothing can be written is no place for them.
/// The brake and an empty budget do not matter, nor what is being compiled: jobs are taken in.
pub(super) async fn ready(State(state): State<WebState>) -> Result<&'static str, Problem> {
    if !state.control.agents.are_known() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "starting",
            "The host is starting",
            "the plugins folder has not been listed yet; ask again in a moment",
        )
        .with_retry_after(1));
    }
    if let Some(why) = state.control.status.disk_trouble().await {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "disk-full",
            "The disk is full or failing",
            why,
        )
        .with_retry_after(30));
    }
    state.control.status.get().await?;
    Ok("ready\n")
}
