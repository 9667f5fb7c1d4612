//! Schedules: when each comes next, what it made last, and the form for a new one.

use crate::api::{SCHEDULE_JOBS, switch_schedule};
use crate::ask::{Form, Query, Who, dollars, find_schedule, missing_schedule, words};
use crate::panel::kit::address::encode;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::pill::Pill;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::ScheduleView;
use anvil_control::ScheduleWish;
use anvil_types::{Job, JobTemplate, MissedRuns, Overlap, Priority, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The page.
#[derive(Template)]
#[template(path = "schedules/page.html")]
pub(crate) struct SchedulesPage {
    pub(crate) shell: Shell,
    pub(crate) body: Schedules,
    pub(crate) form: Wanted,
    /// Agents with their actions, for the form.
    pub(crate) choices: Vec<String>,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "schedules/body.html")]
pub(crate) struct Schedules {
    rows: Vec<Row>,
}

impl HtmlSafe for Schedules {}

/// One schedule.
struct Row {
    name: String,
    path: String,
    cron: String,
    zone: String,
    missed: &'static str,
    overlap: Overlap,
    job: String,
    enabled: bool,
    resting: Option<String>,
    blocked: Option<String>,
    next: Vec<(String, When)>,
    last: Vec<(String, Pill, When)>,
}

impl Schedules {
    /// The schedules, each with its newest jobs.
    pub(crate) fn new(schedules: &[(ScheduleView, Vec<Job>)], now: Timestamp) -> Self {
        Self { rows: schedules.iter().map(|(view, jobs)| Row::new(view, jobs, now)).collect() }
    }

    async fn load(state: &WebState) -> Result<Self, Problem> {
        let mut schedules = Vec::new();
        for view in state.control.schedules.all().await? {
            let jobs = state.control.schedules.jobs(&view.schedule.name, SCHEDULE_JOBS).await?;
            schedules.push((view, jobs));
        }
        Ok(Self::new(&schedules, state.control.clock.now()))
    }
}

impl Row {
    fn new(view: &ScheduleView, jobs: &[Job], now: Timestamp) -> Self {
        let schedule = &view.schedule;
        let zone = jiff::tz::TimeZone::get(&schedule.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local = |at: Timestamp| {
            at.to_jiff().to_zoned_datetime(zone.clone()).strftime("%a %-d %b %H:%M").to_string()
        };
        let next = view.next_times.iter().map(|at| (local(*at), When::relative(*at, now)));
        let last = jobs
            .iter()
            .map(|job| (job.id.to_string(), Pill::from(job.state), When::relative(job.created_at, now)));
        Self {
            name: schedule.name.clone(),
            path: encode(&schedule.name),
            cron: schedule.cron.clone(),
            zone: schedule.time_zone.clone(),
            missed: schedule.missed.name(),
            overlap: schedule.overlap,
            job: format!("{} / {}", schedule.job.agent, schedule.job.action),
            enabled: schedule.enabled,
            resting: view.resting.clone(),
            blocked: schedule.blocked.clone(),
            next: next.collect(),
            last: last.collect(),
        }
    }
}

/// The form, as it is filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    name: String,
    cron: String,
    pub(super) zone: String,
    missed: MissedRuns,
    overlap: Overlap,
    job: String,
    payload: String,
    priority: Priority,
    tags: String,
    max_cost: String,
    pub(super) error: Option<String>,
}

impl Wanted {
    /// An empty form.
    pub(crate) fn new(zone: String) -> Self {
        Self { zone, payload: "{}".to_owned(), ..Self::default() }
    }

    /// The form of a schedule that there is.
    pub(super) fn of(view: &ScheduleView) -> Self {
        let schedule = &view.schedule;
        Self {
            name: schedule.name.clone(),
            cron: schedule.cron.clone(),
            zone: schedule.time_zone.clone(),
            missed: schedule.missed,
            overlap: schedule.overlap,
            job: format!("{} / {}", schedule.job.agent, schedule.job.action),
            payload: schedule.job.payload.pretty(),
            priority: schedule.job.priority,
            tags: schedule.job.tags.join(", "),
            max_cost: schedule.job.max_cost.map(|usd| usd.to_string()).unwrap_or_default(),
            error: None,
        }
    }

    fn read(form: &Form) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            name: text("name"),
            cron: text("cron"),
            zone: text("zone"),
            missed: form.text("missed").parse().unwrap_or_default(),
            overlap: form.text("overlap").parse().unwrap_or_default(),
            job: text("job"),
            payload: text("payload"),
            priority: form.text("priority").parse().unwrap_or_default(),
            tags: text("tags"),
            max_cost: text("max_cost"),
            error: None,
        }
    }

    fn wish(&self) -> Result<ScheduleWish, String> {
        let (agent, action) = self.job.split_once(" / ").ok_or("choose what its jobs do")?;
        let payload =
            self.payload.parse().map_err(|error| format!("the payload cannot be taken: {error}"))?;
        let max_cost = dollars(&self.max_cost);
        if max_cost.is_none() && !self.max_cost.is_empty() {
            return Err("what a job may spend is an amount of dollars above 0, as in 0.50".to_owned());
        }
        Ok(ScheduleWish {
            cron: self.cron.clone(),
            time_zone: (!self.zone.is_empty()).then(|| self.zone.clone()),
            missed: self.missed,
            overlap: self.overlap,
            job: JobTemplate {
                agent: agent.to_owned(),
                action: action.to_owned(),
                payload,
                priority: self.priority,
                tags: words(&self.tags).map(str::to_owned).collect(),
                max_cost,
            },
            enabled: true,
        })
    }

    fn open(&self) -> bool {
        self.error.is_some() || !self.name.is_empty()
    }
}

async fn show(state: &WebState, form: Wanted) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(state, Nav::Schedules, "Schedules").await?;
    let agents = state.control.agents.all();
    let choices = crate::panel::submit::page::actions(&agents)
        .map(|(agent, action)| format!("{} / {}", agent.name, action.name));
    let choices = choices.collect();
    html(&SchedulesPage { shell, body: Schedules::load(state).await?, form, choices })
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let form = match query.text("edit") {
        Some(name) => Wanted::of(&find_schedule(&state, name).await?),
        None => Wanted::new(state.control.schedules.time_zone()),
    };
    show(&state, form).await
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    fragment(&Schedules::load(&state).await?, state.control.clock.now())
}

pub(super) async fn put(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let mut wanted = Wanted::read(&form);
    let error = match wanted.wish() {
        Ok(wish) => match state.control.schedules.put(&wanted.name, wish, by).await {
            Ok(_) => return Ok(see_other("/schedules")),
            Err(error) => error.to_string(),
        },
        Err(error) => error,
    };
    wanted.error = Some(error);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&state, wanted).await?).into_response())
}

pub(super) async fn pause(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch_schedule(&state, &name, false, by).await?;
    Ok(see_other("/schedules"))
}

pub(super) async fn resume(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch_schedule(&state, &name, true, by).await?;
    Ok(see_other("/schedules"))
}

pub(super) async fn run(
    State(state): State<WebState>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    match state.control.schedules.run(&name).await? {
        Some(submitted) => Ok(see_other(&format!("/jobs/{}", submitted.job.id))),
        None => Err(missing_schedule(&state, &name).await),
    }
}

pub(super) async fn delete(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    if !state.control.schedules.delete(&name, by).await? {
        return Err(missing_schedule(&state, &name).await);
    }
    Ok(see_other("/schedules"))
}
