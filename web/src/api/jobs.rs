//! Jobs: lists, one, its calls and log, cancel, retry and resume.

use crate::ask::{Filter, Id, Known, Page, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{JobDetail, JobList, JobMisses, List};
use anvil_store::JobFilter;
use anvil_types::Json as AnyJson;
use anvil_types::{CallRecord, Job, JobId, LimitUsed, LogLine, Nanodollars};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

pub(super) async fn list(
    State(state): State<WebState>,
    Filter(filter): Filter<JobFilter>,
) -> Result<Json<JobList>, Problem> {
    let searches = filter.search.is_some();
    let page = state.control.jobs.page(filter).await?;
    Ok(Json(JobList { items: page.items, next: page.next, behind: searches.then_some(page.behind) }))
}

pub(super) async fn show(
    State(state): State<WebState>,
    Known(job): Known<Job>,
) -> Result<Json<JobDetail>, Problem> {
    let attempt_history = state.control.jobs.attempts(job.id).await?;
    let followed_by = state.control.jobs.relatives(job.id).await?.followed_by;
    let tree = state.control.jobs.tree(job.id).await?;
    let branch = tree.iter().find(|branch| branch.id == job.id);
    let tree_cost = branch.map_or(job.cost, |branch| branch.cost + branch.below);
    let calls = state.control.jobs.calls(job.id).await?;
    let saved = calls.iter().map(|call| call.saved).sum();
    let misses = JobMisses::of(calls.iter().filter_map(|call| call.miss));
    let hits = calls.iter().filter(|call| call.reply_of.is_some()).count() as u64;
    let reply_saved = calls.iter().map(|call| call.reply_saved).sum();
    let is_answered = |call: &&CallRecord| call.batched && call.cost > Nanodollars::ZERO;
    let batched = calls.iter().filter(is_answered).count() as u64;
    let batch_saved = calls.iter().map(|call| call.batch_saved).sum();
    Ok(Json(JobDetail {
        job,
        attempt_history,
        followed_by,
        tree,
        tree_cost,
        saved,
        misses,
        hits,
        reply_saved,
        batched,
        batch_saved,
    }))
}

pub(super) async fn limits(
    State(state): State<WebState>,
    Known(job): Known<Job>,
) -> Result<Json<List<LimitUsed>>, Problem> {
    Ok(Json(List::whole(state.control.jobs.limit_use(&job).await?)))
}

/// The payload alone, as it was given.
pub(super) async fn payload(Known(job): Known<Job>) -> Response {
    document(&job.payload, &format!("{}-payload.json", job.id))
}

/// The result alone, as the agent gave it.
pub(super) async fn result(Known(job): Known<Job>) -> Result<Response, Problem> {
    match &job.result {
        Some(result) => Ok(document(result, &format!("{}-result.json", job.id))),
        None => Err(Problem::not_found(
            "no-result",
            "There is no result",
            format!("job {} is {} and has no result", job.id, job.state),
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
    Known(job): Known<Job>,
) -> Result<Json<List<CallRecord>>, Problem> {
    Ok(Json(List::whole(state.control.jobs.calls(job.id).await?)))
}

pub(super) async fn log(
    State(state): State<WebState>,
    Known(job): Known<Job>,
    Page { after, limit }: Page<u64, 500, 5_000>,
) -> Result<Json<List<LogLine, u64>>, Problem> {
    let items = state.control.jobs.log(job.id, after.unwrap_or(0), limit).await?;
    let full = items.len() >= limit as usize;
    let next = items.last().filter(|_| full).map(|line| line.seq);
    Ok(Json(List { items, next }))
}

pub(super) async fn cancel(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.cancel(id, by).await?))
}

pub(super) async fn retry(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.retry(id, by).await?))
}

pub(super) async fn resume(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.control.jobs.resume(id, by).await?))
}
