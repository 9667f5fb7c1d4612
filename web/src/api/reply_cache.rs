//! The cache of replies.

use crate::ask::{Query, Who, missing_agent};
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::ReplyCacheView;
use anvil_types::ReplySize;
use axum::Json;
use axum::extract::State;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let path = "/api/v1/cache";
    routes
        .route(Read, Method::GET, path, "Replies that are kept, and what they saved today", show)
        .gives::<ReplyCacheView>()
        .route(Operate, Method::DELETE, path, "Purge kept replies", purge)
        .query(&["agent"])
        .gives::<ReplySize>()
}

async fn show(State(state): State<WebState>) -> Result<Json<ReplyCacheView>, Problem> {
    Ok(Json(state.control.replies.view().await?))
}

async fn purge(
    State(state): State<WebState>,
    Who(by): Who,
    query: Query,
) -> Result<Json<ReplySize>, Problem> {
    let agent = query.narrows("agent", "to purge the replies of all agents")?;
    purge_of(&state, agent, by).await.map(Json)
}

/// Purges all replies, or those that an agent paid for: one that is there, or has any.
pub(crate) async fn purge_of(state: &WebState, agent: Option<&str>, by: &str) -> Result<ReplySize, Problem> {
    let replies = &state.control.replies;
    if let Some(agent) = agent {
        let agents = state.control.agents.all();
        if !agents.iter().any(|one| one.name == agent) && !replies.has_of(agent).await? {
            return Err(missing_agent(agent, &agents));
        }
    }
    Ok(replies.purge(agent, by).await?)
}
