//! A job as a line of a list or a card of the slots.

use crate::panel::kit::money::Money;
use crate::panel::kit::pill::Pill;
use crate::panel::kit::when::{When, long};
use anvil_types::{Job, JobState, Priority, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;

/// A job as a line of a list.
#[derive(Clone, Template)]
#[template(path = "jobs/row.html")]
pub(crate) struct JobRow {
    pub(crate) id: String,
    pub(crate) short: String,
    pub(crate) agent: String,
    pub(crate) action: String,
    pub(crate) pill: Pill,
    /// Where it is not the usual one.
    pub(crate) priority: Option<&'static str>,
    pub(crate) created: When,
    /// How long it has run so far, or took.
    pub(crate) took: Took,
    pub(crate) cost: Money,
    pub(crate) held: Option<Money>,
    pub(crate) calls: u32,
    /// What it waits for, says, or failed of: untrusted in part.
    pub(crate) note: Option<String>,
    pub(crate) progress: Option<u32>,
    pub(crate) tags: Vec<String>,
    /// The job that leads it.
    pub(crate) lead: Option<String>,
}

impl HtmlSafe for JobRow {}

/// How long a job takes.
#[derive(Clone, Debug)]
pub(crate) enum Took {
    /// It has not begun.
    NotYet,
    /// It goes on.
    Since(When),
    /// It is over.
    Over(String),
}

impl JobRow {
    pub(crate) fn new(job: &Job, now: Timestamp) -> Self {
        let id = job.id.to_string();
        let took = match (job.started_at, job.finished_at) {
            (Some(start), Some(end)) => Took::Over(long(end.since(start))),
            (Some(start), None) if job.state == JobState::Running => Took::Since(When::elapsed(start, now)),
            _ => Took::NotYet,
        };
        let note = match job.state {
            JobState::Running => job.progress_line.clone(),
            JobState::Failed => job.error.as_ref().map(ToString::to_string),
            JobState::Succeeded | JobState::Cancelled => None,
            JobState::Scheduled | JobState::Queued | JobState::Parked => {
                job.waiting_for.as_ref().map(|wait| wait.detail.clone())
            }
        };
        Self {
            short: short(&id),
            id,
            agent: job.agent.clone(),
            action: job.action.clone(),
            pill: job.state.into(),
            priority: (job.priority != Priority::Normal).then(|| job.priority.name()),
            created: When::relative(job.created_at, now),
            took,
            cost: job.cost.into(),
            held: (job.held.get() > 0).then(|| job.held.into()),
            calls: job.calls,
            note,
            progress: job
                .progress
                .filter(|_| job.state == JobState::Running)
                .map(crate::panel::kit::shell::permille),
            tags: job.tags.clone(),
            lead: job.lead.map(|lead| lead.to_string()),
        }
    }
}

/// The end of an id: what tells ids of one minute apart.
pub(crate) fn short(id: &str) -> String {
    id[id.len().saturating_sub(8)..].to_owned()
}
