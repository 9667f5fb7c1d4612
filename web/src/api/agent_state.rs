//! What an agent keeps beyond its jobs. An agent that is gone has its state still.

use crate::ask::{Page, Query, Who, bad_query, missing_agent};
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::StateList;
use anvil_types::{LONGEST_STATE_PAGE, StateKey, StateSize};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let (get, delete) = (Method::GET, Method::DELETE);
    let (all, one) = ("/api/v1/agents/{name}/state", "/api/v1/agents/{name}/state/value");
    routes
        .route(Read, get.clone(), all, "What an agent keeps, by key", list)
        .query(&["prefix", "after", "limit"])
        .gives::<StateList>()
        .route(Operate, delete.clone(), all, "Clear all that an agent keeps", clear)
        .gives::<StateSize>()
        .route(Read, get, one, "The value of one key", value)
        .query(&["key"])
        .gives_media("application/octet-stream")
        .route(Operate, delete, one, "Clear one key", clear_key)
        .query(&["key"])
        .gives::<StateSize>()
}

async fn list(
    State(state): State<WebState>,
    Path(agent): Path<String>,
    query: Query,
    page: Page<String, 100, LONGEST_STATE_PAGE>,
) -> Result<Json<StateList>, Problem> {
    let prefix = query.text("prefix").unwrap_or_default();
    let found = state.control.state.page(&agent, prefix, page.after.as_deref(), page.limit).await?;
    match found {
        Some(list) => Ok(Json(list)),
        None => {
            known(&state, &agent)?;
            Ok(Json(state.control.state.none_of(&agent)))
        }
    }
}

async fn value(
    State(state): State<WebState>,
    Path(agent): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let key = key(&query)?;
    let found = state.control.state.value(&agent, &key).await?.ok_or_else(|| missing_key(&agent, &key))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"value\""));
    // What an agent wrote is never run by a browser.
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
    );
    if let Ok(version) = HeaderValue::from_str(&format!("\"{}\"", found.version)) {
        headers.insert(ETAG, version);
    }
    Ok((headers, found.value).into_response())
}

async fn clear(
    State(state): State<WebState>,
    Who(by): Who,
    Path(agent): Path<String>,
) -> Result<Json<StateSize>, Problem> {
    clear_all(&state, &agent, by).await.map(Json)
}

/// Clears all that an agent keeps.
pub(crate) async fn clear_all(state: &WebState, agent: &str, by: &str) -> Result<StateSize, Problem> {
    match state.control.state.clear(agent, by).await? {
        Some(gone) => Ok(gone),
        None => known(state, agent).map(|()| StateSize::default()),
    }
}

async fn clear_key(
    State(state): State<WebState>,
    Who(by): Who,
    Path(agent): Path<String>,
    query: Query,
) -> Result<Json<StateSize>, Problem> {
    let key = key(&query)?;
    let gone = state.control.state.clear_key(&agent, &key, by).await?;
    gone.map(Json).ok_or_else(|| missing_key(&agent, &key))
}

/// Which key is meant: no key never means all of them.
fn key(query: &Query) -> Result<StateKey, Problem> {
    query.value("key")?.ok_or_else(|| bad_query("`key` says which one is meant, and is not there".to_owned()))
}

fn missing_key(agent: &str, key: &StateKey) -> Problem {
    let detail = format!("the agent `{agent}` keeps no key `{key}`");
    Problem::not_found("no-such-key", "There is no such key", detail)
}

/// Whether there is an agent of this name.
fn known(state: &WebState, agent: &str) -> Result<(), Problem> {
    let agents = state.control.agents.all();
    let is_there = agents.iter().any(|one| one.name == agent);
    if is_there { Ok(()) } else { Err(missing_agent(agent, &agents)) }
}
