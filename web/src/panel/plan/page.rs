//! The planner: a form, what its work would come to under its limits, and what would change that.

use super::foretold::Foretold;
use super::form::{Form, question};
use crate::ask::{Query, bad_query};
use crate::csv::{dollars, file, line};
use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::spend::chart::{Chart, Column};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{PlanAnswer, PlanDay, PlanRun, PlanTimes, Predictions};
use anvil_budget::Windows;
use anvil_types::{Nanodollars, Tier, Timestamp};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// How many comparisons of each kind are shown.
const SHOWN: u32 = 7;

/// The page.
#[derive(Template)]
#[template(path = "plan/page.html")]
pub(crate) struct PlanPage {
    pub(crate) shell: Shell,
    form: Form,
    /// What makes no sense.
    error: Option<String>,
    plan: Option<Planned>,
    /// What the host predicts by itself.
    foretold: Foretold,
}

/// A plan, as it is read.
struct Planned {
    basis: String,
    /// What it comes to: a name and a text each.
    facts: Vec<(&'static str, String)>,
    full: Vec<(&'static str, String)>,
    chart: Chart,
    days: Vec<Vec<String>>,
    tiers: Vec<Vec<String>>,
    waits: Vec<Vec<String>>,
    alerts: Vec<Vec<String>>,
    savings: Vec<Vec<String>>,
    others: Vec<Vec<String>>,
    leaves_out: Vec<String>,
}

impl PlanPage {
    pub(crate) fn new(
        shell: Shell,
        query: &Query,
        presets: Vec<String>,
        answer: Result<&PlanAnswer, String>,
        predictions: Option<&Predictions>,
        windows: &Windows,
    ) -> Self {
        let (plan, error) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        let form = Form::new(query, presets, plan.map(|answer| &answer.limits));
        let foretold = Foretold::new(predictions, windows);
        Self { shell, form, error, plan: plan.map(|answer| Planned::new(answer, windows)), foretold }
    }
}

impl Planned {
    fn new(answer: &PlanAnswer, windows: &Windows) -> Self {
        let run = &answer.run;
        let column = |day: &PlanDay| Column {
            label: format!("{}: {}, {} jobs done", day.date, day.cost.rounded(), day.finished),
            parts: if day.cost > Nanodollars::ZERO { vec![(0, day.cost)] } else { Vec::new() },
        };
        let columns: Vec<_> = run.by_day.iter().map(column).collect();
        let (first, last) = (run.by_day.first(), run.by_day.last());
        let dates = first.into_iter().chain(last).map(|day| day.date.clone()).collect();
        let label = format!("{} over {} days, by day", run.total.rounded(), answer.days);
        Self {
            basis: format!(
                "{} days from {}, limits of {}",
                answer.days,
                when(answer.from, windows),
                answer.basis
            ),
            facts: facts(run, windows),
            full: full(answer, windows),
            chart: Chart::new(label, &columns, dates),
            days: run.by_day.iter().map(cells).collect(),
            tiers: run
                .tiers
                .iter()
                .map(|row| {
                    vec![
                        row.tier.name().to_owned(),
                        row.calls.to_string(),
                        row.lowered.to_string(),
                        row.cost.rounded(),
                    ]
                })
                .collect(),
            waits: run.waits.iter().map(|row| vec![row.limit.clone(), format!("{:.1}", row.hours)]).collect(),
            alerts: run
                .alerts
                .iter()
                .map(|row| {
                    vec![
                        format!("{} at {} %", row.window, row.percent),
                        row.times.to_string(),
                        when(row.first_at, windows),
                    ]
                })
                .collect(),
            savings: answer
                .savings
                .iter()
                .map(|row| vec![row.name.clone(), row.saved.rounded(), row.jobs.to_string()])
                .collect(),
            others: answer
                .others
                .iter()
                .map(|row| {
                    vec![
                        row.change.clone(),
                        row.finished.to_string(),
                        PlanTimes::shown(row.p95_s),
                        row.cost.rounded(),
                        binds(row.binds.as_deref()),
                    ]
                })
                .collect(),
            leaves_out: answer.leaves_out.clone(),
        }
    }
}

fn cells(day: &PlanDay) -> Vec<String> {
    let (submitted, finished) = (day.submitted.to_string(), day.finished.to_string());
    vec![day.date.clone(), submitted, finished, day.cost.rounded(), PlanTimes::shown(day.p95_s)]
}

fn facts(run: &PlanRun, windows: &Windows) -> Vec<(&'static str, String)> {
    let mut jobs = format!("{} of {} done", run.finished, run.submitted);
    for (count, word) in [(run.refused, "refused"), (run.failed, "failed"), (run.left, "left at the end")] {
        if count > 0 {
            jobs = format!("{jobs}, {count} {word}");
        }
    }
    if let Some(limit) = &run.failed_by {
        jobs = format!("{jobs}; most that failed fail by {limit}");
    }
    vec![
        ("What binds", binds(run.binds.as_deref())),
        ("Jobs", jobs),
        ("A minute, an hour", format!("{:.2}, {:.0}", run.jobs_per_minute, run.jobs_per_hour)),
        (
            "Response",
            format!(
                "p50 {}, p95 {}",
                PlanTimes::shown(run.response.p50_s),
                PlanTimes::shown(run.response.p95_s)
            ),
        ),
        (
            "A call",
            format!(
                "p50 {}, p95 {}",
                PlanTimes::shown(run.call_response.p50_s),
                PlanTimes::shown(run.call_response.p95_s)
            ),
        ),
        ("Agents busy", format!("{:.1} on average; {} slots at most", run.agents_busy, run.most_slots)),
        (
            "Cost",
            format!(
                "{}; {} a day with any spend, {} an hour",
                run.total.rounded(),
                run.day.rounded(),
                run.hour.rounded()
            ),
        ),
        (
            "At most",
            format!(
                "{} in a day, {} in an hour of the clock",
                run.dearest_day.rounded(),
                run.dearest_hour.rounded()
            ),
        ),
        ("Saved by the prompt cache", run.saved.rounded()),
        ("Hours of use", format!("{:.1} in the fullest week", run.week_hours)),
        (
            "Brake",
            match run.brake_at {
                Some(at) => format!("on {} days, first {}", run.brakes, when(at, windows)),
                None => "never".to_owned(),
            },
        ),
    ]
}

fn full(answer: &PlanAnswer, windows: &Windows) -> Vec<(&'static str, String)> {
    let full = &answer.full;
    let fed = match (full.agents_fed, &full.fed_limit) {
        (Some(agents), Some(limit)) => format!("{agents}, by {limit}"),
        _ => "too little work was done to tell".to_owned(),
    };
    vec![
        ("Agents that the pace feeds", fed),
        ("Agents at work", format!("{:.1}", full.agents_working)),
        (
            "First hour",
            format!(
                "{:.0} jobs, {}; {}",
                full.jobs_per_hour,
                full.hour.rounded(),
                binds(full.binds_hour.as_deref())
            ),
        ),
        (
            "24 hours",
            format!(
                "{:.0} jobs, {}; {}",
                full.jobs_per_day,
                full.day.rounded(),
                binds(full.binds_day.as_deref())
            ),
        ),
        (
            "The month's limit lasts",
            full.month_lasts_days
                .map_or_else(|| "for ever".to_owned(), |days| format!("{days:.1} such days")),
        ),
        ("Brake", full.brake_at.map_or_else(|| "not in 24 hours".to_owned(), |at| when(at, windows))),
    ]
}

pub(super) fn binds(limit: Option<&str>) -> String {
    limit.map_or_else(|| "nothing: jobs hardly wait".to_owned(), str::to_owned)
}

fn when(at: Timestamp, windows: &Windows) -> String {
    windows.local(at)
}

fn csv(answer: &PlanAnswer) -> String {
    let head = ["date", "submitted", "finished", "usd", "p95_s"].map(str::to_owned);
    let row = |day: &PlanDay| {
        let mut cells = cells(day);
        cells[3] = dollars(day.cost);
        cells[4] = format!("{:.3}", day.p95_s);
        line(cells)
    };
    line(head) + &answer.run.by_day.iter().map(row).collect::<String>()
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let asked = question(&query);
    let answer = match asked {
        Ok(question) => state.control.plan.answer(question).await.map_err(Problem::from),
        Err(error) => Err(bad_query(error)),
    };
    if query.text("format") == Some("csv") {
        return Ok(file("plan.csv", csv(&answer?)));
    }
    let (shell, _) = Shell::load(&state, Nav::Plan, "Plan").await?;
    let presets = state.control.plan.presets().map(str::to_owned).collect();
    let (answer, status) = match answer {
        Ok(answer) => (Ok(answer), StatusCode::OK),
        Err(problem) => (Err(problem.detail().to_owned()), problem.status()),
    };
    // Nobody goes without a plan because what the host predicted of itself cannot be read.
    let predictions = state.control.predictions.list(SHOWN).await;
    let predictions = predictions.inspect_err(|error| {
        tracing::error!(%error, "the page Plan is shown without what the host predicts of itself");
    });
    let page = html(&PlanPage::new(
        shell,
        &query,
        presets,
        answer.as_ref().map_err(Clone::clone),
        predictions.as_ref().ok(),
        &state.control.ledger.windows(),
    ))?;
    Ok((status, page).into_response())
}
