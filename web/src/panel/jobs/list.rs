//! The list of jobs.

use crate::ask::{Filter as Asked, Query};
use crate::panel::jobs::row::JobRow;
use crate::panel::kit::answer::{fragment, html};
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{QueueStatus, Status};
use anvil_store::{JobFilter, JobPage};
use anvil_types::{JobAction, JobId, JobState, Priority};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;

/// Jobs on a page.
const PAGE: u32 = 50;
/// How many jobs above the shown ones are looked for when the page is refreshed.
const ABOVE: u32 = 200;

/// The page.
#[derive(Template)]
#[template(path = "jobs/list.html")]
pub(crate) struct JobsPage {
    pub(crate) shell: Shell,
    pub(crate) agents: Vec<Choice>,
    pub(crate) priorities: Vec<Choice>,
    pub(crate) tag: String,
    pub(crate) search: String,
    pub(crate) state: String,
    /// Whether jobs that are done for others are left out.
    pub(crate) roots: bool,
    pub(crate) body: Rows,
}

/// An entry of a select.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) chosen: bool,
}

/// A tab with its count.
struct Tab {
    name: &'static str,
    href: String,
    count: u64,
    here: bool,
}

/// Tabs and rows: what changes while the page is looked at.
#[derive(Template)]
#[template(path = "jobs/list_body.html")]
pub(crate) struct Rows {
    tabs: Vec<Tab>,
    shown: Vec<JobRow>,
    /// The address that refreshes exactly these rows: they change in place, and new ones are counted,
    /// not put above the one that a person is about to click.
    refresh: String,
    newer: usize,
    newest: String,
    next: Option<String>,
    filtered: bool,
    /// What can be done with all jobs that match.
    actions: Vec<Act>,
    /// Changes of jobs that a search cannot find yet.
    behind: u64,
}

impl HtmlSafe for Rows {}

/// What a person filters by, as it stands in the address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) jobs: JobFilter,
    /// The first row that is shown, where it is not simply the newest.
    pub(crate) top: Option<JobId>,
}

impl FromRequestParts<WebState> for Filter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let Asked(jobs) = Asked::from_request_parts(parts, state).await?;
        let top = Query::from_request_parts(parts, state).await?.value("top")?;
        Ok(Self { jobs, top })
    }
}

impl Filter {
    /// The address with this filter and these further parts.
    fn href(&self, root: &str, states: &[JobState], more: &[(&str, String)]) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        if !states.is_empty() {
            let names: Vec<_> = states.iter().map(|state| state.name()).collect();
            pairs.push(("state", names.join(",")));
        }
        pairs.extend(self.jobs.agent.clone().map(|agent| ("agent", agent)));
        pairs.extend(self.jobs.tag.clone().map(|tag| ("tag", tag)));
        pairs.extend(self.jobs.priority.map(|priority| ("priority", priority.to_string())));
        pairs.extend(self.jobs.search.clone().map(|search| ("q", search)));
        pairs.extend(self.jobs.upstream.map(|upstream| ("upstream", upstream.to_string())));
        pairs.extend(self.jobs.roots.then(|| ("roots", "true".to_owned())));
        pairs.extend(more.iter().cloned());
        if pairs.is_empty() {
            return root.to_owned();
        }
        let pairs =
            pairs.iter().map(|(key, value)| format!("{key}={}", crate::panel::kit::address::encode(value)));
        format!("{root}?{}", pairs.collect::<Vec<_>>().join("&"))
    }
}

impl Rows {
    /// From a page of jobs that begins with the filter's `top` or above it.
    pub(crate) fn new(status: &Status, filter: &Filter, page: JobPage) -> Self {
        let JobPage { mut items, next, behind } = page;
        let newer = filter.top.map_or(0, |top| items.iter().take_while(|job| job.id > top).count());
        items.drain(..newer);
        // Older rows than the page had are for the next page.
        let more = next.is_some() || items.len() > PAGE as usize;
        items.truncate(PAGE as usize);
        let last = items.last().map(|job| job.id);
        let top = filter.top.or_else(|| items.first().map(|job| job.id));
        let chosen = &filter.jobs.states;
        let mut place = Vec::new();
        place.extend(filter.jobs.after.map(|after| ("after", after.to_string())));
        place.extend(top.map(|top| ("top", top.to_string())));
        Self {
            tabs: tabs(&status.queue, filter),
            shown: items.iter().map(|job| JobRow::new(job, status.now)).collect(),
            refresh: filter.href("/ui/jobs", chosen, &place),
            newer,
            newest: filter.href("/jobs", chosen, &[]),
            next: last
                .filter(|_| more)
                .map(|last| filter.href("/jobs", chosen, &[("after", last.to_string())])),
            filtered: !chosen.is_empty()
                || filter.jobs.agent.is_some()
                || filter.jobs.tag.is_some()
                || filter.jobs.priority.is_some()
                || filter.jobs.search.is_some(),
            actions: acts(filter),
            behind,
        }
    }

    async fn load(state: &WebState, status: &Status, filter: &Filter) -> Result<Self, Problem> {
        // With a top row and no page before it, newer jobs stand above the shown ones.
        let above = if filter.top.is_some() && filter.jobs.after.is_none() { ABOVE } else { 0 };
        let wanted = JobFilter { limit: PAGE + above, ..filter.jobs.clone() };
        Ok(Self::new(status, filter, state.control.jobs.page(wanted).await?))
    }
}

/// Something that can be done with all jobs that match.
struct Act {
    name: &'static str,
    href: String,
}

/// What would touch none of the states that are shown is not offered.
fn acts(filter: &Filter) -> Vec<Act> {
    let chosen = &filter.jobs.states;
    let offered = [
        ("Cancel", JobAction::Cancel),
        ("Run again", JobAction::Retry),
        ("Go on now", JobAction::Resume),
        ("Change priority", JobAction::Prioritise(Priority::Normal)),
        ("Delete", JobAction::Delete),
    ];
    let fits =
        |action: JobAction| chosen.is_empty() || chosen.iter().any(|state| action.leaves(*state).is_none());
    let acts = offered.into_iter().filter(|(_, action)| fits(*action)).map(|(name, action)| {
        let more = [("action", action.name().to_owned())];
        Act { name, href: filter.href("/jobs/actions/new", chosen, &more) }
    });
    acts.collect()
}

fn tabs(queue: &QueueStatus, filter: &Filter) -> Vec<Tab> {
    let counts = [
        ("Running", JobState::Running, queue.running),
        ("Queued", JobState::Queued, queue.queued),
        ("Scheduled", JobState::Scheduled, queue.scheduled),
        ("Parked", JobState::Parked, queue.parked),
        ("Succeeded", JobState::Succeeded, queue.succeeded),
        ("Failed", JobState::Failed, queue.failed),
        ("Cancelled", JobState::Cancelled, queue.cancelled),
    ];
    let all = Tab {
        name: "All",
        href: filter.href("/jobs", &[], &[]),
        count: counts.iter().map(|(_, _, count)| count).sum(),
        here: filter.jobs.states.is_empty(),
    };
    let each = counts.into_iter().map(|(name, state, count)| Tab {
        name,
        href: filter.href("/jobs", &[state], &[]),
        count,
        here: filter.jobs.states == [state],
    });
    std::iter::once(all).chain(each).collect()
}

impl JobsPage {
    /// From the filter, the names of the agents, and the rows.
    pub(crate) fn new(shell: Shell, filter: &Filter, names: &[String], body: Rows) -> Self {
        let mut names = names.to_vec();
        // Jobs outlive their agents.
        names.extend(filter.jobs.agent.clone());
        names.sort();
        names.dedup();
        let agents = names
            .into_iter()
            .map(|value| Choice { chosen: filter.jobs.agent.as_ref() == Some(&value), value });
        let priorities = Priority::ALL.into_iter().map(|priority| Choice {
            value: priority.to_string(),
            chosen: filter.jobs.priority == Some(priority),
        });
        let states: Vec<_> = filter.jobs.states.iter().map(|state| state.name()).collect();
        Self {
            shell,
            agents: agents.collect(),
            priorities: priorities.collect(),
            tag: filter.jobs.tag.clone().unwrap_or_default(),
            search: filter.jobs.search.clone().unwrap_or_default(),
            roots: filter.jobs.roots,
            state: states.join(","),
            body,
        }
    }
}

pub(super) async fn page(State(state): State<WebState>, filter: Filter) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Jobs, "Jobs").await?;
    let body = Rows::load(&state, &status, &filter).await?;
    let names: Vec<String> = state.control.agents.all().iter().map(|agent| agent.name.clone()).collect();
    html(&JobsPage::new(shell, &filter, &names, body))
}

pub(super) async fn changing(State(state): State<WebState>, filter: Filter) -> Result<Response, Problem> {
    let status = state.control.status.get().await?;
    fragment(&Rows::load(&state, &status, &filter).await?, status.now)
}
