//! Schedules: jobs that come again and again.

use super::submit::no_files;
use crate::ask::{Known, Object, Who, missing_schedule, no_key};
use crate::permission::Permission::{Read, Submit};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{List, ScheduleDetail, ScheduleRequest, ScheduleView};
use anvil_control::ScheduleWish;
use anvil_types::{Job, JobTemplate, Json as Payload, MissedRuns, Overlap, Priority};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};

/// How many of its newest jobs a schedule is shown with.
pub(crate) const SHOWN_JOBS: u32 = 10;

pub(super) fn routes(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    let one = "/api/v1/schedules/{name}";
    routes
        .route(Read, get.clone(), "/api/v1/schedules", "Schedules and their next times", list)
        .gives::<List<ScheduleView>>()
        .route(Read, get, one, "A schedule with its newest jobs", show)
        .gives::<ScheduleDetail>()
        .route(Submit, Method::PUT, one, "Make or change a schedule", put)
        .takes::<ScheduleRequest>()
        .gives::<ScheduleView>()
        .route(Submit, Method::DELETE, one, "Delete a schedule; its jobs stay", delete)
        .route(Submit, post.clone(), "/api/v1/schedules/{name}/pause", "Pause it", pause)
        .gives::<ScheduleView>()
        .route(Submit, post.clone(), "/api/v1/schedules/{name}/resume", "Let it go on", resume)
        .gives::<ScheduleView>()
        .route(Submit, post, "/api/v1/schedules/{name}/run", "Make a job of it now", run)
        .gives::<Job>()
}

async fn list(State(state): State<WebState>) -> Result<Json<List<ScheduleView>>, Problem> {
    Ok(Json(List::whole(state.control.schedules.all().await?)))
}

async fn show(
    State(state): State<WebState>,
    Known(schedule): Known<ScheduleView>,
) -> Result<Json<ScheduleDetail>, Problem> {
    let jobs = state.control.schedules.jobs(&schedule.schedule.name, SHOWN_JOBS).await?;
    Ok(Json(ScheduleDetail { schedule, jobs }))
}

async fn put(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
    mut body: Object,
) -> Result<(StatusCode, Json<ScheduleView>), Problem> {
    let wish = ScheduleWish {
        cron: body.required("cron", "a cron expression, as in `30 6 * * mon-fri`"),
        time_zone: body.field("time_zone", "a time zone's name, as in Europe/Berlin"),
        missed: body.field::<MissedRuns>("missed", "skip, run_once or run_all").unwrap_or_default(),
        overlap: body.field::<Overlap>("overlap", "allow, skip or one_at_a_time").unwrap_or_default(),
        job: JobTemplate {
            agent: body.required("agent", "an agent's name"),
            action: body.required("action", "the name of one of the agent's actions"),
            payload: body.json("payload").unwrap_or_else(|| "{}".parse().unwrap_or_else(|_| Payload::null())),
            priority: body.field::<Priority>("priority", "critical, high, normal or low").unwrap_or_default(),
            tags: body.field("tags", "a list of texts").unwrap_or_default(),
            max_cost: body.dollars("max_cost_usd", "a number of dollars, as in 0.5"),
        },
        enabled: body.field("enabled", "true or false").unwrap_or(true),
    };
    no_files(&mut body);
    body.finish()?;
    let new = state.control.schedules.get(&name).await?.is_none();
    let schedule = state.control.schedules.put(&name, wish, by).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(schedule)))
}

async fn delete(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if state.control.schedules.delete(&name, by).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(missing_schedule(&state, &name).await)
}

async fn pause(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, Problem> {
    switch(&state, &name, false, by).await.map(Json)
}

async fn resume(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, Problem> {
    switch(&state, &name, true, by).await.map(Json)
}

/// Pauses a schedule or lets it go on.
pub(crate) async fn switch(
    state: &WebState,
    name: &str,
    on: bool,
    by: &str,
) -> Result<ScheduleView, Problem> {
    match state.control.schedules.set_enabled(name, on, by).await? {
        Some(schedule) => Ok(schedule),
        None => Err(missing_schedule(state, name).await),
    }
}

async fn run(
    State(state): State<WebState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Job>), Problem> {
    no_key(&headers, "submit a job of your own with it")?;
    match state.control.schedules.run(&name).await? {
        Some(submitted) => Ok((StatusCode::CREATED, Json(submitted.job))),
        None => Err(missing_schedule(&state, &name).await),
    }
}
