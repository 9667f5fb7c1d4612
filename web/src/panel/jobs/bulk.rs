//! Actions on all jobs that match a filter: the count beforehand, how far they are, and what was done.

use crate::ask::{Filter, Form, Id, JOB_FILTERS, Query, Who, jobs};
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::{ActionPlan, ActionRun, ActionState, JobFilter};
use anvil_types::{JobAction, JobActionId, Priority, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;

/// Actions that are shown.
const SHOWN: u32 = 50;

/// What an action would touch, and the button that does it.
#[derive(Template)]
#[template(path = "jobs/bulk_review.html")]
pub(crate) struct ReviewPage {
    pub(crate) shell: Shell,
    title: &'static str,
    button: &'static str,
    action: &'static str,
    /// Where a priority is to be given: which.
    priorities: Vec<&'static str>,
    /// The filter as it came, for the form that follows.
    pairs: Vec<(String, String)>,
    which: String,
    touched: u64,
    at_least: bool,
    left: Vec<(u64, String)>,
    back: String,
}

/// The page of what was done.
#[derive(Template)]
#[template(path = "jobs/bulk.html")]
pub(crate) struct ActionsPage {
    pub(crate) shell: Shell,
    pub(crate) body: Runs,
}

/// What of it changes while it is looked at.
#[derive(Template)]
#[template(path = "jobs/bulk_body.html")]
pub(crate) struct Runs {
    runs: Vec<Run>,
}

impl HtmlSafe for Runs {}

/// A line of it.
struct Run {
    id: String,
    what: String,
    which: String,
    by: String,
    started: When,
    state: &'static str,
    runs: bool,
    planned: u64,
    touched: u64,
    left: Vec<(u64, String)>,
    waits: Option<String>,
}

impl Runs {
    pub(crate) fn new(runs: &[ActionRun], now: Timestamp) -> Self {
        let run = |run: &ActionRun| Run {
            id: run.id.to_string(),
            what: match run.action {
                JobAction::Cancel => "Cancel".to_owned(),
                JobAction::Retry => "Run again".to_owned(),
                JobAction::Resume => "Go on now".to_owned(),
                JobAction::Prioritise(priority) => format!("Priority {priority}"),
                JobAction::Delete => "Delete".to_owned(),
            },
            which: which(&run.filter),
            by: run.by.clone(),
            started: When::relative(run.started_at, now),
            state: run.state.name(),
            runs: run.state == ActionState::Running,
            planned: run.planned.max(run.touched),
            touched: run.touched,
            left: reasons(&run.left),
            waits: run.waits.clone(),
        };
        Self { runs: runs.iter().map(run).collect() }
    }
}

impl ReviewPage {
    pub(crate) fn new(
        shell: Shell,
        action: JobAction,
        filter: &JobFilter,
        pairs: Vec<(String, String)>,
        plan: &ActionPlan,
    ) -> Self {
        let (title, button) = match action {
            JobAction::Cancel => ("Cancel these jobs?", "Cancel them"),
            JobAction::Retry => ("Run these jobs again?", "Run them again"),
            JobAction::Resume => ("Let these jobs go on now?", "Let them go on"),
            JobAction::Prioritise(_) => ("Change the priority of these jobs?", "Change it"),
            JobAction::Delete => ("Delete these jobs?", "Delete them"),
        };
        let query =
            pairs.iter().map(|(name, value)| format!("{name}={}", crate::panel::kit::address::encode(value)));
        Self {
            shell,
            title,
            button,
            action: action.name(),
            priorities: match action {
                JobAction::Prioritise(_) => Priority::ALL.map(Priority::name).to_vec(),
                _ => Vec::new(),
            },
            which: which(filter),
            touched: plan.touched,
            at_least: plan.at_least,
            left: reasons(&plan.left),
            back: format!("/jobs?{}", query.collect::<Vec<_>>().join("&")),
            pairs,
        }
    }
}

fn reasons(left: &BTreeMap<String, u64>) -> Vec<(u64, String)> {
    left.iter().filter(|(_, jobs)| **jobs > 0).map(|(why, jobs)| (*jobs, why.clone())).collect()
}

/// A filter in words.
fn which(filter: &JobFilter) -> String {
    let states: Vec<_> = filter.states.iter().map(|state| state.name()).collect();
    let mut parts = Vec::new();
    parts.extend((!states.is_empty()).then(|| states.join(" or ")));
    parts.extend(filter.agent.as_ref().map(|agent| format!("agent {agent}")));
    parts.extend(filter.priority.map(|priority| format!("priority {priority}")));
    parts.extend(filter.tag.as_ref().map(|tag| format!("tag {tag}")));
    parts.extend(filter.search.as_ref().map(|words| format!("words {words}")));
    if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
}

fn asked(name: &str, to: &str) -> Result<JobAction, Problem> {
    let to = if to.is_empty() { None } else { Some(to.parse()) };
    let action = to.transpose().and_then(|priority| JobAction::named(name, priority));
    action.map_err(|why| Problem::bad_request("bad-action", "There is no such action", why))
}

pub(super) async fn review(
    State(state): State<WebState>,
    Filter(filter): Filter<JobFilter>,
    query: Query,
) -> Result<Response, Problem> {
    let name = query.text("action").unwrap_or_default();
    // Which one is asked on the page; the count is of those that could be changed.
    let action = asked(name, if name == "prioritise" { Priority::Normal.name() } else { "" })?;
    let mut plan = state.control.bulk.plan(action, filter.clone()).await?;
    if let JobAction::Prioritise(_) = action {
        plan.touched += plan.left.remove("has this priority already").unwrap_or(0);
    }
    let (shell, _) = Shell::load(&state, Nav::Jobs, "Jobs").await?;
    let pairs = query.pairs(&JOB_FILTERS).into_iter();
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    html(&ReviewPage::new(shell, action, &filter, pairs, &plan))
}

pub(super) async fn begin(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let action = asked(form.text("action"), form.text("to"))?;
    let pairs = form.0.iter().filter(|(name, _)| JOB_FILTERS.contains(&name.as_str()));
    let filter = jobs(&Query::of(pairs.cloned().collect()))?;
    state.control.bulk.begin(action, filter, by).await?;
    Ok(see_other("/jobs/actions"))
}

pub(super) async fn stop(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobActionId>,
) -> Result<Response, Problem> {
    state.control.bulk.stop(id, by).await?;
    Ok(see_other("/jobs/actions"))
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Jobs, "Actions on jobs").await?;
    let body = Runs::new(&state.control.bulk.list(None, SHOWN).await?, status.now);
    html(&ActionsPage { shell, body })
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    let now = state.control.clock.now();
    fragment(&Runs::new(&state.control.bulk.list(None, SHOWN).await?, now), now)
}
