//! Actions on all jobs that match a filter.

use crate::ask::{Id, Object, PAGE, Page, Who};
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{ActionPlanned, ActionRequest, List};
use anvil_store::{ActionRun, JobFilter};
use anvil_types::{JobAction, JobActionId, JobState, Priority};
use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Adds the routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .route(Operate, post.clone(), "/api/v1/jobs/actions", "Act on all jobs that match", begin)
        .takes::<ActionRequest>()
        .gives::<ActionRun>()
        .gives::<ActionPlanned>()
        .route(Read, get.clone(), "/api/v1/jobs/actions", "What was done with many jobs", list)
        .query(&PAGE)
        .gives::<List<ActionRun, JobActionId>>()
        .route(Read, get, "/api/v1/jobs/actions/{id}", "How far an action is", show)
        .gives::<ActionRun>()
        .route(Operate, post, "/api/v1/jobs/actions/{id}/stop", "Stop an action where it is", stop)
        .gives::<ActionRun>()
}

/// A filter as a body has it. A misspelt part is refused: it would otherwise match everything.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    state: Option<States>,
    agent: Option<String>,
    tag: Option<String>,
    priority: Option<Priority>,
    q: Option<String>,
}

/// One state, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum States {
    One(JobState),
    Many(Vec<JobState>),
}

impl Filter {
    /// A part that is there and empty: whoever sent it meant something, and not all jobs.
    fn empty_part(&self) -> Option<&'static str> {
        let blank = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        let parts = [("agent", &self.agent), ("tag", &self.tag), ("q", &self.q)];
        let no_state = matches!(&self.state, Some(States::Many(states)) if states.is_empty());
        let empty = parts.into_iter().find(|(_, text)| blank(text)).map(|(name, _)| name);
        no_state.then_some("state").or(empty)
    }
}

impl From<Filter> for JobFilter {
    fn from(filter: Filter) -> Self {
        let named = match filter.state {
            Some(States::One(state)) => vec![state],
            Some(States::Many(states)) => states,
            None => Vec::new(),
        };
        // Each state once: a list without end would be one in the store's question too.
        let mut states = Vec::new();
        for state in named {
            if !states.contains(&state) {
                states.push(state);
            }
        }
        Self {
            states,
            agent: filter.agent,
            tag: filter.tag,
            priority: filter.priority,
            search: filter.q,
            ..Self::default()
        }
    }
}

async fn begin(State(state): State<WebState>, Who(by): Who, mut body: Object) -> Result<Response, Problem> {
    let name: String = body.required("action", "cancel, retry, prioritise or delete");
    let priority: Option<Priority> = body.field("priority", "critical, high, normal or low");
    let filter: Option<Filter> =
        body.field("filter", "an object with any of state, agent, tag, priority and q");
    let dry_run = body.guard("dry_run");
    if body.fits() && filter.is_none() {
        body.wrong("filter", "is missing; {} is all jobs");
    }
    if let Some(part) = filter.as_ref().and_then(Filter::empty_part) {
        body.wrong(
            &format!("filter/{part}"),
            "is empty; say which jobs are meant, or leave it out where it is not to choose among them",
        );
    }
    let action = JobAction::named(&name, priority);
    if body.fits()
        && let Err(why) = &action
    {
        body.wrong(if name == "prioritise" { "priority" } else { "action" }, why.clone());
    }
    body.finish()?;
    let action = action.map_err(|why| Problem::bad_request("bad-action", "There is no such action", why))?;
    let filter: JobFilter = filter.unwrap_or_default().into();
    if dry_run {
        let plan = state.control.bulk.plan(action, filter.clone()).await?;
        return Ok(Json(ActionPlanned { action, filter, plan }).into_response());
    }
    let run = state.control.bulk.begin(action, filter, by).await?;
    let place = format!("/api/v1/jobs/actions/{}", run.id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, place)], Json(run)).into_response())
}

async fn list(
    State(state): State<WebState>,
    Page { after, limit }: Page<JobActionId>,
) -> Result<Json<List<ActionRun, JobActionId>>, Problem> {
    let mut items = state.control.bulk.list(after, limit + 1).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|run| run.id);
    Ok(Json(List { items, next }))
}

async fn show(State(state): State<WebState>, Id(id): Id<JobActionId>) -> Result<Json<ActionRun>, Problem> {
    Ok(Json(state.control.bulk.get(id).await?))
}

async fn stop(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobActionId>,
) -> Result<Json<ActionRun>, Problem> {
    Ok(Json(state.control.bulk.stop(id, by).await?))
}
