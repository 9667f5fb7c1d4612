//! The overview: what is spent, what runs, and why nothing does.

use super::job_calls::thousands;
use super::job_row::JobRow;
use super::money::Money;
use super::shell::{Bar, Nav, Shell, permille};
use super::when::{When, length, local};
use super::{fragment, html};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_budget::{Forecast, PressureEffect, Windows};
use anvil_runner::{Status, WindowStatus};
use anvil_store::JobFilter;
use anvil_types::{Job, JobState, Timestamp};
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
    gauges: [Gauge; 4],
    pressure: Pressure,
    why_idle: Option<String>,
    engaged: bool,
    slots: Slots,
    figures: Vec<Figure>,
    recent: Vec<JobRow>,
    first_steps: bool,
}

impl HtmlSafe for Overview {}

/// One window.
struct Gauge {
    name: &'static str,
    /// What of it is used, and all of it, as its page shows them.
    used: Money,
    limit: Money,
    left: Money,
    held: Option<Money>,
    unknown: Option<Money>,
    percent: u32,
    bar: Bar,
    resets: When,
    /// The same in the host's time zone.
    resets_at: String,
    /// What the window does when it begins anew.
    resets_how: &'static str,
    ahead: Option<Ahead>,
}

/// What is to be expected of a window.
struct Ahead {
    text: String,
    soon: bool,
}

/// The fullest window and what it does, and the buckets of the pace.
struct Pressure {
    percent: u32,
    tone: &'static str,
    word: &'static str,
    means: &'static str,
    buckets: Vec<Bucket>,
}

/// What was taken of a rate in the last minute.
struct Bucket {
    name: &'static str,
    taken: String,
    limit: String,
    bar: Bar,
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
    pub(crate) fn new(status: &Status, running: &[Job], recent: &[Job], windows: &Windows) -> Self {
        let now = status.now;
        let rows = |jobs: &[Job]| jobs.iter().map(|job| JobRow::new(job, now)).collect::<Vec<_>>();
        let spend = &status.spend;
        Self {
            gauges: [
                gauge("Last 60 minutes", "Oldest minute leaves", &spend.hour, now, windows),
                gauge("Today", "Resets", &spend.day, now, windows),
                gauge("This month", "Resets", &spend.month, now, windows),
                week(status, windows),
            ],
            pressure: Pressure::new(status),
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
        Ok(Self::new(status, &running, &recent, &state.runner.windows()))
    }
}

fn gauge(
    name: &'static str,
    resets_how: &'static str,
    window: &WindowStatus,
    now: Timestamp,
    windows: &Windows,
) -> Gauge {
    Gauge {
        name,
        used: window.spent_usd.into(),
        limit: window.limit_usd.into(),
        left: window.limit_usd.less(window.spent_usd + window.held_usd).into(),
        held: (window.held_usd.get() > 0).then(|| window.held_usd.into()),
        unknown: (window.unknown_usd.get() > 0).then(|| window.unknown_usd.into()),
        percent: permille(window.spent_usd.fraction_of(window.limit_usd)) / 10,
        bar: Bar::new(window, name),
        resets: When::relative(window.resets_at, now),
        resets_at: local(window.resets_at, now, windows),
        resets_how,
        ahead: ahead(window, resets_how == "Resets", now, windows),
    }
}

/// What the forecast says, in words; nothing where there is too little to go by.
fn ahead(window: &WindowStatus, calendar: bool, now: Timestamp, windows: &Windows) -> Option<Ahead> {
    let quiet = |text: &str| Some(Ahead { text: text.to_owned(), soon: false });
    match window.forecast {
        Forecast::TooLittle => None,
        Forecast::Reached => Some(Ahead { text: "95 % is reached".to_owned(), soon: true }),
        Forecast::At { at } => {
            Some(Ahead { text: format!("95 % at {} at this rate", local(at, now, windows)), soon: true })
        }
        Forecast::NotBeforeReset if calendar => quiet("95 % not before the reset at this rate"),
        Forecast::NotBeforeReset => quiet("Stays below 95 % at this rate"),
    }
}

/// The hours of use, which are no money.
fn week(status: &Status, windows: &Windows) -> Gauge {
    let week = &status.spend.week;
    let limit = f64::from(week.limit_hours);
    let plain = |hours: f64| {
        let text = format!("{hours:.1} h");
        Money { short: text.clone(), exact: text }
    };
    let whole = format!("{} h", week.limit_hours);
    let bar = Bar::share(week.hours, limit, format!("This week: {:.1} of {whole} of use", week.hours));
    Gauge {
        name: "Hours of use this week",
        used: plain(week.hours),
        limit: Money { short: whole.clone(), exact: whole },
        left: plain((limit - week.hours).max(0.0)),
        held: None,
        unknown: None,
        percent: permille(if limit > 0.0 { week.hours / limit } else { 1.0 }) / 10,
        bar,
        resets: When::relative(week.resets_at, status.now),
        resets_at: local(week.resets_at, status.now, windows),
        resets_how: "Resets",
        ahead: None,
    }
}

impl Pressure {
    fn new(status: &Status) -> Self {
        let (tone, word, means) = match status.effect {
            PressureEffect::Normal => ("good", "normal", "Calls go out as they come."),
            PressureEffect::Throttled => {
                ("warn", "throttled", "Calls are slowed to an even burn, low priority first.")
            }
            PressureEffect::Downgraded => (
                "warn",
                "downgraded",
                "New conversations get a cheaper model where that really is cheaper for them.",
            ),
            PressureEffect::Braked => {
                ("bad", "braked", "No new call goes out. Calls under way finish, jobs wait.")
            }
        };
        let pace = &status.pace;
        let bucket = |name, taken: u64, limit: u32| Bucket {
            name,
            taken: thousands(taken),
            limit: thousands(limit.into()),
            bar: Bar::share(
                u32::try_from(taken).unwrap_or(u32::MAX).into(),
                limit.into(),
                format!("{name}: {taken} of {limit} in the last minute"),
            ),
        };
        Self {
            percent: permille(status.pressure) / 10,
            tone,
            word,
            means,
            buckets: vec![bucket("Requests", pace.requests_last_minute.into(), pace.requests_per_minute)],
        }
    }
}

fn figures(status: &Status) -> Vec<Figure> {
    let queue = &status.queue;
    let oldest =
        (queue.queued > 0).then(|| format!("oldest {}", length(Duration::from_secs(queue.oldest_wait_s))));
    let pace = &status.pace;
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
            name: "Calls under way",
            value: pace.calls_in_flight.to_string(),
            note: (pace.waiting_calls > 0).then(|| format!("{} waiting", pace.waiting_calls)),
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
