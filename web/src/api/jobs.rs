//! Jobs: lists, one, its calls and log, cancel, retry and resume.

use super::{Id, Query};
use crate::guard::name_of;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{JobDetail, JobList, List};
use anvil_store::{JobFilter, StoreError};
use anvil_types::Json as AnyJson;
use anvil_types::{CallRecord, Job, JobId, LogLine};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

/// What a log is asked by.
pub(super) const LOG_QUERY: [&str; 2] = ["after", "limit"];

/// What a list is asked by: [`LIST_FILTERS`] and the page.
pub(super) const LIST_QUERY: [&str; 8] =
    ["state", "agent", "tag", "priority", "q", "upstream", "after", "limit"];

/// What jobs are filtered by that something is done with: those of the upstream that is asked now.
pub(crate) const FILTERS: [&str; 5] = ["state", "agent", "tag", "priority", "q"];
/// What jobs are filtered by that are listed.
pub(crate) const LIST_FILTERS: [&str; 6] = ["state", "agent", "tag", "priority", "q", "upstream"];

pub(super) async fn list(State(state): State<WebState>, query: Query) -> Result<Json<JobList>, Problem> {
    let query = query.only(&LIST_QUERY)?;
    let filter = filter(&query, 50)?;
    let searches = filter.search.is_some();
    let page = state.control.jobs.page(filter).await?;
    Ok(Json(JobList { items: page.items, next: page.next, behind: searches.then_some(page.behind) }))
}

/// The filter that a query asks for; the panel's list takes the same.
pub(crate) fn filter(query: &Query, usual: u32) -> Result<JobFilter, Problem> {
    Ok(JobFilter {
        upstream: query.value("upstream")?,
        states: query.values("state")?,
        agent: query.text("agent").map(str::to_owned),
        tag: query.text("tag").map(str::to_owned),
        priority: query.value("priority")?,
        search: query.text("q").map(str::to_owned),
        after: query.value("after")?,
        limit: query.limit(usual, 500)?,
    })
}

pub(super) async fn show(State(state): State<WebState>, Id(id): Id) -> Result<Json<JobDetail>, Problem> {
    let job = known(&state, id).await?;
    let attempt_history = state.control.jobs.attempts(id).await?;
    let followed_by = state.control.jobs.relatives(id).await?.followed_by;
    Ok(Json(JobDetail { job, attempt_history, followed_by }))
}

/// The job, or that there is none.
pub(crate) async fn known(state: &WebState, id: JobId) -> Result<Job, Problem> {
    Ok(state.control.jobs.get(id).await?.ok_or(StoreError::NoSuchJob(id))?)
}

/// The payload alone, as it was given.
pub(super) async fn payload(State(state): State<WebState>, Id(id): Id) -> Result<Response, Problem> {
    Ok(document(&known(&state, id).await?.payload, &format!("{id}-payload.json")))
}

/// The result alone, as the agent gave it.
pub(super) async fn result(State(state): State<WebState>, Id(id): Id) -> Result<Response, Problem> {
    let job = known(&state, id).await?;
    match &job.result {
        Some(result) => Ok(document(result, &format!("{id}-result.json"))),
        None => Err(Problem::not_found(
            "no-result",
            "There is no result",
            format!("job {id} is {} and has no result", job.state),
        )),
    }
}

/// A stranger's JSON as a file that no browser runs.
fn document(json: &AnyJson, name: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned()),
    ];
    (headers, json.as_str().to_owned()).into_response()
}

pub(super) async fn calls(
    State(state): State<WebState>,
    Id(id): Id,
) -> Result<Json<List<CallRecord>>, Problem> {
    known(&state, id).await?;
    Ok(Json(List::whole(state.control.jobs.calls(id).await?)))
}

pub(super) async fn log(
    State(state): State<WebState>,
    Id(id): Id,
    query: Query,
) -> Result<Json<List<LogLine, u64>>, Problem> {
    let query = query.only(&LOG_QUERY)?;
    let limit = query.limit(500, 5_000)?;
    known(&state, id).await?;
    let items = state.control.jobs.log(id, query.value("after")?.unwrap_or(0), limit).await?;
    let full = items.len() >= limit as usize;
    let next = items.last().filter(|_| full).map(|line| line.seq);
    Ok(Json(List { items, next }))
}

pub(super) async fn cancel(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Id(id): Id,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.cancel(id, name_of(caller.map(|c| c.0))).await?))
}

pub(super) async fn retry(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Id(id): Id,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.retry(id, name_of(caller.map(|c| c.0))).await?))
}

pub(super) async fn resume(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Id(id): Id,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.resume(id, name_of(caller.map(|c| c.0))).await?))
}
