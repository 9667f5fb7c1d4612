//! The overview: what is spent, what runs, and why nothing does.

use crate::panel::jobs::row::JobRow;
use crate::panel::kit::answer::{fragment, html};
use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use crate::panel::kit::shell::{Bar, Nav, Shell, permille};
use crate::panel::kit::when::{When, length, local};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{PaceStatus, Status, WindowStatus};
use anvil_budget::{CircuitReport, Forecast, PressureEffect, Windows};
use anvil_store::JobFilter;
use anvil_types::{Bucket, BucketReport, Job, JobState, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use std::time::Duration;

/// How many of the newest jobs are shown.
const RECENT: u32 = 8;

/// The page.
#[derive(Template)]
#[template(path = "overview/page.html")]
pub(crate) struct OverviewPage {
    pub(crate) shell: Shell,
    pub(crate) body: Overview,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "overview/body.html")]
pub(crate) struct Overview {
    gauges: [Gauge; 4],
    pressure: Pressure,
    why_idle: Option<String>,
    queue: crate::panel::queue::page::QueueBox,
    /// What it means that Claude does not answer, where it does not.
    circuit: Option<String>,
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
    buckets: Vec<Rate>,
    /// How far off the estimates of tokens are.
    estimates: Option<String>,
}

/// What was taken of a rate in the last minute.
struct Rate {
    name: String,
    taken: String,
    limit: String,
    bar: Bar,
    /// What Claude says of its own limit.
    told: Option<String>,
    shared: bool,
}

/// What runs.
struct Slots {
    running: Vec<JobRow>,
    all: u32,
    bounds: String,
    why: String,
}

impl Slots {
    fn new(running: Vec<JobRow>, status: &Status, windows: &Windows) -> Self {
        let agents = &status.agents;
        let mut why = match &agents.scaling.changed {
            Some(change) => format!(
                "From {} to {} slots ({}): {}. Now: {}.",
                change.from,
                change.to,
                local(change.at, status.now, windows),
                change.reason,
                agents.scaling.reason
            ),
            None => format!("Slots: {}.", agents.scaling.reason),
        };
        if let (Some(ceiling), Some(limit)) = (agents.scaling.ceiling, &agents.scaling.ceiling_limit) {
            let agents = if ceiling == 1 { "agent" } else { "agents" };
            why = format!(
                "{why} The {limit} feed up to {ceiling} {agents} at the work of the last ten minutes."
            );
        }
        Self { running, all: agents.slots, bounds: format!("{} to {}", agents.min, agents.max), why }
    }
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
        let circuit = circuit(&status.pace, now, windows);
        Self {
            gauges: [
                gauge("Last 60 minutes", "Oldest minute leaves", &spend.hour, now, windows),
                gauge("Today", "Resets", &spend.day, now, windows),
                gauge("This month", "Resets", &spend.month, now, windows),
                week(status, windows),
            ],
            pressure: Pressure::new(status),
            // Both would say the same.
            queue: crate::panel::queue::page::QueueBox::new(status.queue.paused.as_ref(), status.now),
            why_idle: status.why_idle.clone().filter(|_| circuit.is_none() || status.brake.engaged),
            circuit,
            engaged: status.brake.engaged,
            slots: Slots::new(rows(running), status, windows),
            figures: figures(status),
            first_steps: recent.is_empty(),
            recent: rows(recent),
        }
    }

    async fn load(state: &WebState, status: &Status) -> Result<Self, Problem> {
        let newest = JobFilter { limit: RECENT, ..JobFilter::default() };
        let running = JobFilter { states: vec![JobState::Running], limit: 50, ..JobFilter::default() };
        let running = state.control.jobs.page(running).await?.items;
        let recent = state.control.jobs.page(newest).await?.items;
        Ok(Self::new(status, &running, &recent, &state.control.ledger.windows()))
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
            PressureEffect::DowngradedAndThrottled => (
                "warn",
                "downgraded and throttled",
                "New conversations get a cheaper model where that is cheaper; calls are slowed to an even burn.",
            ),
            PressureEffect::Braked => {
                ("bad", "braked", "No new call goes out. Calls under way finish, jobs wait.")
            }
        };
        Self {
            percent: permille(status.pressure) / 10,
            tone,
            word,
            means,
            buckets: buckets(&status.pace, status.now),
            estimates: estimates(&status.pace),
        }
    }
}

/// Requests over all models, and the tokens of each pool of models in use.
fn buckets(pace: &PaceStatus, now: Timestamp) -> Vec<Rate> {
    let mut pools: Vec<&str> = pace.buckets.iter().filter_map(|bucket| bucket.pool.as_deref()).collect();
    pools.dedup();
    let several = pools.len() > 1;
    let shown = pace.buckets.iter().filter(|bucket| {
        // What a pool has of requests says something new only where Claude allows it less.
        let less = bucket.limit < u64::from(pace.requests_per_minute);
        bucket.pool.is_none() || bucket.bucket != Bucket::Requests || less || bucket.shared
    });
    let mut rates: Vec<Rate> = shown.map(|bucket| rate(bucket, several, now)).collect();
    if pools.is_empty() {
        let limits = [
            (Bucket::InputTokens, pace.input_tokens_per_minute),
            (Bucket::OutputTokens, pace.output_tokens_per_minute),
        ];
        rates.extend(limits.map(|(bucket, limit)| {
            let limit = limit.into();
            let untouched = BucketReport {
                pool: None,
                bucket,
                taken: 0,
                limit,
                upstream_limit: None,
                remaining: None,
                reset: None,
                shared: false,
            };
            rate(&untouched, false, now)
        }));
    }
    rates
}

fn rate(bucket: &BucketReport, named: bool, now: Timestamp) -> Rate {
    let what = match bucket.bucket {
        Bucket::Requests => "Requests",
        Bucket::InputTokens => "Input tokens",
        Bucket::OutputTokens => "Output tokens",
    };
    let pool = bucket.pool.as_deref().filter(|_| named || bucket.bucket == Bucket::Requests);
    let name = pool.map_or_else(|| what.to_owned(), |pool| format!("{what}, {pool}"));
    let part = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let told = bucket.remaining.map(|left| {
        let limit = bucket.upstream_limit.unwrap_or(bucket.limit);
        let full = bucket.reset.filter(|reset| *reset > now).map(|reset| reset.since(now));
        let full = full.map(|wait| format!(", full again in {}", length(wait))).unwrap_or_default();
        format!("Claude says {} of its {} are left{full}", thousands(left), thousands(limit))
    });
    Rate {
        bar: Bar::share(
            part(bucket.taken),
            part(bucket.limit),
            format!("{name}: {} of {} in the last minute", bucket.taken, bucket.limit),
        ),
        name,
        taken: thousands(bucket.taken),
        limit: thousands(bucket.limit),
        told,
        shared: bucket.shared,
    }
}

fn estimates(pace: &PaceStatus) -> Option<String> {
    let errors = [("input", pace.input_error_percent), ("output", pace.output_error_percent)];
    let told = errors.iter().filter_map(|(name, error)| Some(format!("{:.0} % for {name}", (*error)?)));
    let told = told.collect::<Vec<_>>().join(", ");
    (!told.is_empty()).then(|| format!("Estimates of tokens were off by {told} of late."))
}

/// What it means that Claude does not answer.
fn circuit(pace: &PaceStatus, now: Timestamp, windows: &Windows) -> Option<String> {
    match pace.circuit {
        CircuitReport::Closed { .. } => None,
        CircuitReport::Open { until } => Some(format!(
            "It failed again and again, so no call goes out until {}. Then one tries again; jobs go on by \
             themselves when it answers.",
            local(until, now, windows)
        )),
        CircuitReport::HalfOpen { until } => Some(format!(
            "One call tries whether it is back, and the others wait for it. Should nothing be heard, another \
             tries at {}.",
            local(until, now, windows)
        )),
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
    let status = state.control.status.get().await?;
    fragment(&Overview::load(&state, &status).await?, status.now)
}
