//! One job: where it stands, what it says, what it cost.

use crate::ask::{Id, Known, Query, Who, find_job};
use crate::panel::jobs::calls::CallRow;
use crate::panel::jobs::tree::Tree;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::limit_use::LimitTable;
use crate::panel::kit::money::Money;
use crate::panel::kit::pill::Pill;
use crate::panel::kit::saved::{is_of_a_cache, saved_of};
use crate::panel::kit::shell::{Nav, Shell, permille};
use crate::panel::kit::when::{When, long};
use crate::panel::questions::OfJob;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::json_text::{Indented, indented};
use anvil_types::{
    ArtifactInfo, Attempt, AttemptUse, Branch, CallRecord, Job, JobId, JobState, Json, LimitUsed, LogLine,
    Relative, Relatives, Timestamp,
};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

/// Lines of the log that come with the page; the script fetches the rest.
const LOG_LINES: u32 = 1_000;
/// Bytes of a payload or a result that come with the page; the whole is a download.
const MOST_SHOWN: usize = 64 << 10;
/// Bytes of an error's message that do.
const MOST_OF_ERROR: usize = 8 << 10;

/// The page.
#[derive(Template)]
#[template(path = "jobs/one.html")]
pub(crate) struct JobPage {
    pub(crate) shell: Shell,
    pub(crate) id: String,
    pub(crate) running: bool,
    pub(crate) head: Head,
    pub(crate) questions: OfJob,
    pub(crate) log: Log,
    pub(crate) body: Rest,
}

/// Where the job stands.
#[derive(Template)]
#[template(path = "jobs/head.html")]
pub(crate) struct Head {
    id: String,
    agent: String,
    action: String,
    pill: Pill,
    progress: Option<u32>,
    line: Option<String>,
    waiting: Option<Waiting>,
    error: Option<(String, String)>,
    state: JobState,
    can_replay: bool,
    cost: Money,
    unknown: Option<Money>,
    held: Option<Money>,
    /// What the jobs that it leads take of its cap.
    team: Option<Money>,
    cap: Money,
    /// The job that leads it.
    lead: Option<String>,
    /// Of 1000: how much of the cap is spent, or taken by those that it leads.
    of_cap: u32,
    calls: u32,
    attempts: u32,
    max_attempts: u32,
    priority: &'static str,
    tags: Vec<String>,
    created: When,
    started: Option<When>,
    finished: Option<When>,
    took: Option<String>,
    elapsed: Option<When>,
    run_at: Option<When>,
    simulated: bool,
    digest: Option<String>,
    schedule: Option<String>,
}

impl HtmlSafe for Head {}

/// What a job waits for.
struct Waiting {
    detail: String,
    until: Option<When>,
}

impl Head {
    pub(crate) fn new(job: &Job, now: Timestamp) -> Self {
        let id = job.id.to_string();
        let when = |at| When::relative(at, now);
        let running = job.state == JobState::Running;
        Self {
            id,
            agent: job.agent.clone(),
            action: job.action.clone(),
            pill: job.state.into(),
            progress: job.progress.filter(|_| !job.state.is_final()).map(permille),
            line: job.progress_line.clone().filter(|_| !job.state.is_final()),
            waiting: job
                .waiting_for
                .as_ref()
                .filter(|_| !job.state.is_final())
                .map(|wait| Waiting { detail: wait.detail.clone(), until: wait.until.map(when) }),
            error: job
                .error
                .as_ref()
                .filter(|_| job.state != JobState::Succeeded)
                .map(|error| (error.kind.clone(), beginning(&error.message))),
            state: job.state,
            can_replay: job.state.is_final() && job.started_at.is_some() && job.plugin_digest.is_some(),
            cost: job.cost.into(),
            unknown: (job.unknown.get() > 0).then(|| job.unknown.into()),
            held: (job.held.get() > 0).then(|| job.held.into()),
            team: (job.team.get() > 0).then(|| job.team.into()),
            cap: job.max_cost.into(),
            lead: job.lead.map(|lead| lead.to_string()),
            of_cap: permille((job.cost + job.team).fraction_of(job.max_cost)),
            calls: job.calls,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            priority: job.priority.name(),
            tags: job.tags.clone(),
            created: when(job.created_at),
            started: job.started_at.map(when),
            finished: job.finished_at.map(when),
            took: job.started_at.zip(job.finished_at).map(|(start, end)| long(end.since(start))),
            elapsed: job.started_at.filter(|_| running).map(|start| When::elapsed(start, now)),
            run_at: job.run_at.map(when),
            simulated: job.upstream == anvil_types::UpstreamKind::Simulated,
            schedule: job.schedule.clone(),
            digest: job.plugin_digest.as_deref().map(|digest| digest.chars().take(12).collect()),
        }
    }
}

impl Head {
    fn can_cancel(&self) -> bool {
        !self.state.is_final()
    }

    fn can_edit(&self) -> bool {
        matches!(self.state, JobState::Scheduled | JobState::Queued | JobState::Parked)
    }

    fn can_retry(&self) -> bool {
        // One that is led runs again with its lead.
        self.is_over_undone() && self.lead.is_none()
    }

    fn is_over_undone(&self) -> bool {
        matches!(self.state, JobState::Failed | JobState::Cancelled)
    }

    fn can_resume(&self) -> bool {
        self.state == JobState::Parked
    }

    /// Whether another job may come after it.
    fn can_follow(&self) -> bool {
        !self.is_over_undone()
    }
}

/// Lines of the log.
#[derive(Template)]
#[template(path = "jobs/log.html")]
pub(crate) struct Log {
    lines: Vec<Line>,
}

impl HtmlSafe for Log {}

struct Line {
    seq: u64,
    clock: String,
    level: &'static str,
    source: String,
    text: String,
}

impl Log {
    pub(crate) fn new(lines: &[LogLine]) -> Self {
        let lines = lines.iter().map(|line| Line {
            seq: line.seq,
            clock: line.at.to_jiff().strftime("%H:%M:%S%.3f").to_string(),
            level: line.level.name(),
            source: line.source.clone(),
            text: line.line.clone(),
        });
        Self { lines: lines.collect() }
    }

    fn last(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.seq)
    }
}

/// Calls, files, attempts, payload and result.
#[derive(Template)]
#[template(path = "jobs/body.html")]
pub(crate) struct Rest {
    id: String,
    calls: Vec<CallRow>,
    /// Whether any call has to do with a cache.
    cached: bool,
    /// What the caches saved them, in words.
    saved: Option<String>,
    inputs: Vec<InputRow>,
    files: Vec<File>,
    tries: Vec<Try>,
    limits: LimitTable,
    payload: Shown,
    result: Option<Shown>,
    beside: Vec<(&'static str, Vec<Beside>)>,
    tree: Option<Tree>,
}

/// A job that comes before or after this one.
struct Beside {
    id: String,
    name: String,
    pill: Pill,
}

fn beside(title: &'static str, jobs: &[Relative]) -> Option<(&'static str, Vec<Beside>)> {
    let each = jobs.iter().map(|job| Beside {
        id: job.id.to_string(),
        name: format!("{} / {}", job.agent, job.action),
        pill: job.state.into(),
    });
    (!jobs.is_empty()).then(|| (title, each.collect()))
}

impl HtmlSafe for Rest {}

/// A file that the job was submitted with.
struct InputRow {
    name: String,
    path: String,
    media: String,
    size: String,
}

/// A file that the job handed over.
struct File {
    name: String,
    path: String,
    media: String,
    size: String,
    at: When,
}

/// JSON on the page: all of it, or its beginning and how long it is. The page is made anew at every event.
struct Shown {
    text: String,
    /// Of the whole, where this is not all.
    size: Option<String>,
}

impl Shown {
    fn of(json: &Json) -> Self {
        let Indented { text, cut } = indented(json.as_str(), MOST_SHOWN);
        Self { text, size: cut.then(|| crate::panel::kit::numbers::bytes(json.as_str().len() as u64)) }
    }
}

/// A text of a stranger, cut where it is too long for a page.
fn beginning(text: &str) -> String {
    if text.len() <= MOST_OF_ERROR {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(MOST_OF_ERROR)])
}

/// An attempt.
struct Try {
    number: u32,
    started: When,
    took: String,
    error: Option<String>,
    /// What it has used, where a run of it has ended.
    used: Option<String>,
    running: bool,
}

impl Rest {
    #[expect(clippy::too_many_arguments, reason = "each is a list of the page")]
    pub(crate) fn new(
        job: &Job,
        calls: &[CallRecord],
        files: &[ArtifactInfo],
        attempts: &[Attempt],
        relatives: &Relatives,
        tree: &[Branch],
        limits: &[LimitUsed],
        now: Timestamp,
    ) -> Self {
        let files = files.iter().map(|file| File {
            name: file.name.to_string(),
            path: crate::panel::kit::address::encode_path(file.name.as_str()),
            media: file.media_type.clone(),
            size: crate::panel::kit::numbers::bytes(file.size),
            at: When::relative(file.created_at, now),
        });
        let inputs = job.inputs.iter().map(|file| InputRow {
            name: file.name.to_string(),
            path: crate::panel::kit::address::encode_path(file.name.as_str()),
            media: file.media_type.clone(),
            size: crate::panel::kit::numbers::bytes(file.size),
        });
        let tries = attempts.iter().map(|attempt| Try {
            number: attempt.number,
            started: When::relative(attempt.started_at, now),
            took: long(attempt.ended_at.unwrap_or(now).since(attempt.started_at)),
            error: attempt.error.as_ref().map(|error| beginning(&error.to_string())),
            used: (attempt.used != AttemptUse::default()).then(|| attempt.used.to_string()),
            running: attempt.ended_at.is_none(),
        });
        Self {
            id: job.id.to_string(),
            cached: calls.iter().any(is_of_a_cache),
            saved: saved_of(calls),
            calls: calls.iter().map(|call| CallRow::new(call, now)).collect(),
            inputs: inputs.collect(),
            files: files.collect(),
            tries: tries.collect(),
            limits: LimitTable::new(limits),
            payload: Shown::of(&job.payload),
            result: job.result.as_ref().map(Shown::of),
            beside: [beside("Comes after", &relatives.after), beside("Followed by", &relatives.followed_by)]
                .into_iter()
                .flatten()
                .collect(),
            tree: Tree::new(job.id, tree),
        }
    }

    async fn load(state: &WebState, job: &Job) -> Result<Self, Problem> {
        let calls = state.control.jobs.calls(job.id).await?;
        let files = state.control.jobs.artifacts(job.id).await?;
        let attempts = state.control.jobs.attempts(job.id).await?;
        let relatives = state.control.jobs.relatives(job.id).await?;
        let tree = state.control.jobs.tree(job.id).await?;
        let limits = state.control.jobs.limit_use(job).await?;
        let now = state.control.clock.now();
        Ok(Self::new(job, &calls, &files, &attempts, &relatives, &tree, &limits, now))
    }
}

pub(super) async fn page(State(state): State<WebState>, Known(job): Known<Job>) -> Result<Response, Problem> {
    let id = job.id;
    let title = format!("{} / {}", job.agent, job.action);
    let (shell, status) = Shell::load_for(&state, Some(id), Nav::Jobs, title).await?;
    // Read again, after the place in the events: a change between the two would be missed otherwise.
    let job = find_job(&state, id).await?;
    let log = Log::new(&state.control.jobs.log(id, 0, LOG_LINES).await?);
    let body = Rest::load(&state, &job).await?;
    let head = Head::new(&job, status.now);
    let (questions, running) = (OfJob::load(&state, id).await?, job.state == JobState::Running);
    html(&JobPage { shell, id: id.to_string(), running, head, questions, log, body })
}

pub(super) async fn head(State(state): State<WebState>, Known(job): Known<Job>) -> Result<Response, Problem> {
    let now = state.control.clock.now();
    fragment(&Head::new(&job, now), now)
}

pub(super) async fn rest(State(state): State<WebState>, Known(job): Known<Job>) -> Result<Response, Problem> {
    html(&Rest::load(&state, &job).await?)
}

/// Lines of the log after a place; the header tells where the next begin.
pub(super) async fn log(
    State(state): State<WebState>,
    Id(id): Id<JobId>,
    query: Query,
) -> Result<Response, Problem> {
    let after = query.value("after")?.unwrap_or(0);
    let log = Log::new(&state.control.jobs.log(id, after, LOG_LINES).await?);
    let last = log.last().max(after).to_string();
    Ok(([("anvil-log-last", last)], html(&log)?).into_response())
}

pub(super) async fn cancel(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Response, Problem> {
    state.control.jobs.cancel(id, by).await?;
    Ok(see_other(&format!("/jobs/{id}")))
}

pub(super) async fn retry(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Response, Problem> {
    state.control.jobs.retry(id, by).await?;
    Ok(see_other(&format!("/jobs/{id}")))
}

pub(super) async fn resume(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
) -> Result<Response, Problem> {
    state.control.jobs.resume(id, by).await?;
    Ok(see_other(&format!("/jobs/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_page_is_shown_by_its_beginning_and_its_size() {
        let long: Json = format!("{{\"text\":\"{}\"}}", "word ".repeat(600_000)).parse().expect("JSON");
        let shown = Shown::of(&long);
        assert!(shown.text.len() <= MOST_SHOWN && shown.text.starts_with("{\n  \"text\": \"word"));
        assert_eq!(shown.size.as_deref(), Some("3.0 MB"));
        let short: Json = r#"{"a":1}"#.parse().expect("JSON");
        assert_eq!((Shown::of(&short).text.as_str(), Shown::of(&short).size), ("{\n  \"a\": 1\n}", None));
        let error = beginning(&"é".repeat(MOST_OF_ERROR));
        assert!(error.len() <= MOST_OF_ERROR + 3 && error.ends_with('…'));
    }
}
