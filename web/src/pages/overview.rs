//! The overview: what is spent, what runs, and why nothing does.

use super::job_row::JobRow;
use super::money::Money;
use super::shell::{Bar, Nav, Shell};
use super::when::{When, length};
use super::{fragment, html};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_runner::{Status, WindowStatus};
use anvil_store::JobFilter;
use anvil_types::{Job, JobState};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use std::time::Duration;

/// How many of the newest jobs are shown.
const RECENT: u32 = 8;

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    pub(crate) shell: Shell,
    pub(crate) body: Overview,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "overview_body.html")]
pub(crate) struct Overview {
    gauges: [Gauge; 3],
    why_idle: Option<String>,
    engaged: bool,
    slots: Slots,
    figures: Vec<Figure>,
    recent: Vec<JobRow>,
    first_steps: bool,
}

impl HtmlSafe for Overview {}

/// One money window.
struct Gauge {
    name: &'static str,
    spent: Money,
    limit: Money,
    left: Money,
    held: Option<Money>,
    unknown: Option<Money>,
    percent: u32,
    bar: Bar,
    resets: When,
    /// What the window does when it begins anew.
    resets_how: &'static str,
}

/// What runs.
struct Slots {
    running: Vec<JobRow>,
    all: u32,
}

/// A figure with its name.
struct Figure {
    name: &'static str,
    value: String,
    note: Option<String>,
    href: Option<&'static str>,
}

impl Overview {
    /// From how the host stands, its running jobs and its newest ones.
    pub(crate) fn new(status: &Status, running: &[Job], recent: &[Job]) -> Self {
        let now = status.now;
        let rows = |jobs: &[Job]| jobs.iter().map(|job| JobRow::new(job, now)).collect::<Vec<_>>();
        let spend = &status.spend;
        let gauge = |name, resets_how, window: &WindowStatus| Gauge {
            name,
            spent: window.spent_usd.into(),
            limit: window.limit_usd.into(),
            left: window.limit_usd.less(window.spent_usd + window.held_usd).into(),
            held: (window.held_usd.get() > 0).then(|| window.held_usd.into()),
            unknown: (window.unknown_usd.get() > 0).then(|| window.unknown_usd.into()),
            percent: super::shell::permille(window.spent_usd.fraction_of(window.limit_usd)) / 10,
            bar: Bar::new(window, name),
            resets: When::relative(window.resets_at, now),
            resets_how,
        };
        Self {
            gauges: [
                gauge("Last 60 minutes", "oldest minute leaves", &spend.hour),
                gauge("Today", "resets", &spend.day),
                gauge("This month", "resets", &spend.month),
            ],
            why_idle: status.why_idle.clone(),
            engaged: status.brake.engaged,
            slots: Slots { running: rows(running), all: status.agents.slots },
            figures: figures(status),
            first_steps: recent.is_empty(),
            recent: rows(recent),
        }
    }

    async fn load(state: &WebState, status: &Status) -> Result<Self, Problem> {
        let newest = JobFilter { limit: RECENT, ..JobFilter::default() };
        let running = JobFilter { states: vec![JobState::Running], limit: 50, ..JobFilter::default() };
        let running = state.runner.jobs(running).await?.items;
        let recent = state.runner.jobs(newest).await?.items;
        Ok(Self::new(status, &running, &recent))
    }
}

fn figures(status: &Status) -> Vec<Figure> {
    let queue = &status.queue;
    let oldest =
        (queue.queued > 0).then(|| format!("oldest {}", length(Duration::from_secs(queue.oldest_wait_s))));
    let (pace, week) = (&status.pace, &status.spend.week);
    vec![
        Figure {
            name: "Queued",
            value: queue.queued.to_string(),
            note: oldest,
            href: Some("/jobs?state=queued"),
        },
        Figure {
            name: "Parked",
            value: queue.parked.to_string(),
            note: (queue.scheduled > 0).then(|| format!("{} scheduled", queue.scheduled)),
            href: Some("/jobs?state=parked"),
        },
        Figure {
            name: "Requests a minute",
            value: pace.requests_last_minute.to_string(),
            note: Some(format!("of {}", pace.requests_per_minute)),
            href: None,
        },
        Figure {
            name: "Calls under way",
            value: pace.calls_in_flight.to_string(),
            note: (pace.waiting_calls > 0).then(|| format!("{} waiting", pace.waiting_calls)),
            href: None,
        },
        Figure {
            name: "Hours this week",
            value: format!("{:.1}", week.hours),
            note: Some(format!("of {}", week.limit_hours)),
            href: None,
        },
        Figure {
            name: "Succeeded",
            value: queue.succeeded.to_string(),
            note: (queue.failed > 0).then(|| format!("{} failed", queue.failed)),
            href: Some("/jobs?state=succeeded"),
        },
    ]
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Overview, "Overview").await?;
    let body = Overview::load(&state, &status).await?;
    html(&OverviewPage { shell, body })
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    let status = state.runner.status().await?;
    fragment(&Overview::load(&state, &status).await?, status.now)
}
