//! Made-up jobs in every state, with their calls, logs and files.

use super::bulk::{ActionsPage, ReviewPage, Runs};
use super::file::{FilePage, Text};
use super::list::{Filter, JobsPage, Rows};
use super::one::{Head, JobPage, Log, Rest};
use super::replay::ReplayPage;
use super::row::short;
use crate::panel::agents::samples::agents;
use crate::panel::kit::samples::{NOW, Sample, ago, html, job_id, json, nano, shell, status};
use crate::panel::kit::shell::{Nav, Shell};
use anvil_api::{Difference, Question, Replayed};
use anvil_budget::WentEarly;
use anvil_store::{ActionPlan, ActionRun, ActionState, JobFilter, JobPage as JobItems, JournalKind};
use anvil_types::{
    ArtifactInfo, Attempt, AttemptUse, Branch, CacheMiss, CacheMissReason, CallId, CallRecord, CallState,
    Compressed, Job, JobAction, JobActionId, JobError, JobId, JobState, LogLevel, LogLine, Nanodollars,
    Priority, Relative, Relatives, Tier, UpstreamKind, Usage, Wait, WaitReason,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn job(state: JobState, seconds: u64, agent: &str, action: &str) -> Job {
    let running = matches!(state, JobState::Running);
    let begun = running || state.is_final();
    Job {
        id: job_id(seconds, u128::from(seconds) * 7_919),
        agent: agent.to_owned(),
        action: action.to_owned(),
        payload: json(r#"{"requirements":"Build a login form","language":"typescript"}"#),
        state,
        priority: Priority::Normal,
        attempts: u32::from(begun),
        max_attempts: 3,
        cost: nano(if begun { 18_342_150 + i64::try_from(seconds).unwrap_or(0) * 91_000 } else { 0 }),
        unknown: Nanodollars::ZERO,
        held: nano(if running { 137_500_000 } else { 0 }),
        team: Nanodollars::ZERO,
        max_cost: Nanodollars::from_dollars(2),
        calls: if begun { 3 } else { 0 },
        waiting_for: None,
        result: None,
        error: None,
        progress: running.then_some(0.62),
        progress_line: running.then(|| "Writing src/components/LoginForm.tsx".to_owned()),
        tags: Vec::new(),
        after: Vec::new(),
        lead: None,
        root: None,
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
        plugin_digest: Some("9f2c41d07be35a66c1".to_owned()),
        created_at: ago(seconds),
        run_at: None,
        started_at: begun.then(|| ago(seconds.saturating_sub(4))),
        finished_at: state.is_final().then(|| ago(seconds.saturating_sub(41))),
        lease: 1,
    }
}

fn relative(job: &Job) -> Relative {
    let Job { id, agent, action, state, .. } = job;
    Relative { id: *id, agent: agent.clone(), action: action.clone(), state: *state }
}

/// Jobs in every state, the newest first.
pub(crate) fn jobs() -> Vec<Job> {
    let wait = |reason, detail: &str, until| {
        Some(Wait { reason, detail: detail.to_owned(), until, refused_at: None })
    };
    let mut jobs = vec![
        job(JobState::Queued, 9, "test-automator", "generate-tests"),
        job(JobState::Running, 48, "code-generator", "generate"),
        job(JobState::Running, 73, "documentation-generator", "generate-docs"),
        job(JobState::Running, 96, "design-architect", "design"),
        job(JobState::Parked, 130, "code-generator", "generate"),
        job(JobState::Succeeded, 190, "code-generator", "generate"),
        job(JobState::Failed, 401, "requirements-analyzer", "analyze"),
        job(JobState::Cancelled, 3_004, "design-architect", "design"),
        job(JobState::Scheduled, 4_111, "documentation-generator", "generate-docs"),
        job(JobState::Succeeded, 90_400, "requirements-analyzer", "analyze"),
    ];
    jobs[0].waiting_for = wait(WaitReason::Slot, "All 10 slots are busy; 3 jobs are before it", None);
    jobs[1].tags = vec!["billing".to_owned(), "sprint-12".to_owned()];
    jobs[2].progress = None;
    jobs[2].progress_line = None;
    jobs[3].priority = Priority::Critical;
    jobs[3].progress = Some(0.18);
    jobs[3].progress_line = Some("Comparing three designs for the session store".to_owned());
    jobs[4].waiting_for = wait(
        WaitReason::Money,
        "Its next call needs up to $0.1375, the hour has $0.0876 left; room comes as the oldest minute leaves",
        Some(NOW + Duration::from_mins(9)),
    );
    jobs[5].result = Some(json(
        r#"{"files":["src/LoginForm.tsx","src/LoginForm.test.tsx","README.md"],"summary":"A login form with validation"}"#,
    ));
    jobs[6].error = Some(JobError {
        kind: "memory".to_owned(),
        message: "the guest asked for 512 MiB, the limit is 256 MiB".to_owned(),
    });
    jobs[6].attempts = 3;
    jobs[8].run_at = Some(NOW + Duration::from_hours(5));
    jobs[8].waiting_for = wait(WaitReason::Schedule, "Its time has not come", jobs[8].run_at);
    jobs
}

/// A job's calls, in every state.
// Of a call that went out before its turn.
fn early() -> WentEarly {
    WentEarly { turn: ago(44), until: ago(47), saves: nano(34_587_600) }
}

pub(crate) fn calls() -> Vec<CallRecord> {
    let states =
        [CallState::Settled, CallState::Settled, CallState::Unknown, CallState::Released, CallState::Held];
    let details = [Some("end_turn"), Some("max_tokens"), Some("unknown-outcome"), Some("overloaded"), None];
    let make = |(place, state): (u32, CallState)| CallRecord {
        id: CallId::new(ago(60 - u64::from(place) * 9), u128::from(place) << 50 | 7),
        state,
        held_at: ago(60 - u64::from(place) * 9),
        settled_at: None,
        job: Some(jobs()[1].id),
        agent: Some("code-generator".to_owned()),
        attempt: Some(1),
        position: Some(place),
        api_key: None,
        session: None,
        tags: Vec::new(),
        tier_asked: if place == 1 { Tier::Opus } else { Tier::Sonnet },
        tier_given: Tier::Sonnet,
        tier_reason: (place == 1).then(|| "the fullest window is at 83 %".to_owned()),
        early: (place == 1).then(|| early().to_string()),
        model: "claude-sonnet-5".to_owned(),
        model_answered: None,
        usage: Usage {
            input_tokens: 2_413 * u64::from(place + 1),
            output_tokens: 1_120,
            cache_read_tokens: if place == 1 { 18_204 } else { 0 },
            cache_write_5m_tokens: if place == 0 { 18_204 } else { 0 },
            ..Usage::default()
        },
        saved: nano([-18_202_000, 34_587_600, 0, 0, 0][place as usize]),
        reply_of: None,
        reply_saved: nano(0),
        compressed: (place == 1).then(|| Compressed { tokens: 412, saved: Nanodollars::new(824_000) }),
        batched: false,
        batch_saved: nano(0),
        miss: match place {
            0 => Some(CacheMiss { reason: CacheMissReason::First, tokens: 18_204, cost: nano(0) }),
            2 => Some(CacheMiss {
                reason: CacheMissReason::PrefixChanged { at: 41_872 },
                tokens: 18_204,
                cost: nano(34_587_600),
            }),
            _ => None,
        },
        price_row: "claude-sonnet-5@2026-06".to_owned(),
        hold: nano(137_500_000),
        cost: nano(match state {
            CallState::Held | CallState::Released => 0,
            CallState::Unknown => 137_500_000,
            CallState::Settled => 24_039_000 + i64::from(place) * 1_201_350,
        }),
        corrections: Vec::new(),
        detail: details[place as usize].map(str::to_owned),
        duration_ms: (state != CallState::Held).then_some(4_120 + u64::from(place) * 911),
    };
    (0..).zip(states).map(make).collect()
}

fn artifact(name: &str, media_type: &str, size: u64) -> ArtifactInfo {
    ArtifactInfo {
        name: name.parse().unwrap_or_else(|_| unreachable!("the samples' names are good")),
        media_type: media_type.to_owned(),
        size,
        created_at: ago(20),
    }
}

fn log() -> Vec<LogLine> {
    let lines = [
        (LogLevel::Info, "host", "attempt 1 begins on code-generator 0.1.0"),
        (LogLevel::Info, "guest", "planning: 3 files"),
        (LogLevel::Debug, "guest", "effort standard, allowance $1.98"),
        (LogLevel::Info, "stdout", "LoginForm.tsx <script>alert(1)</script> is only text here"),
        (LogLevel::Warn, "guest", "the reply was cut at max_tokens; asking for the rest"),
        (LogLevel::Error, "host", "call 3: sent, but no full answer came; counted at its hold"),
    ];
    let line = |(seq, (level, source, text)): (u64, (LogLevel, &str, &str))| LogLine {
        seq,
        at: ago(50 - seq * 5),
        attempt: 1,
        level,
        source: source.to_owned(),
        line: text.to_owned(),
    };
    (1..).zip(lines).map(line).collect()
}

/// A replay on another build, which asks otherwise.
fn replayed(job: &Job) -> Replayed {
    let question = |text: &str| {
        let request = json(&format!(r#"{{"messages": [{{"role": "user", "content": "{text}"}}]}}"#));
        Some(Question { kind: JournalKind::Call, request: Some(request) })
    };
    let difference = Difference {
        position: 3,
        then: question("Write the login form."),
        now: question("Write the login form, with labels."),
    };
    Replayed {
        job: job.id,
        ran_on: "4c1f0be27a95".to_owned(),
        replayed_on: "9b7c0f2e51aa".to_owned(),
        version: "0.2.0".to_owned(),
        answers: 7,
        asked_for: 3,
        differences: vec![difference],
        same_end: None,
        result: None,
        error: None,
    }
}

/// The tree of the job that is parked: what is done for it, and for that.
fn tree(jobs: &[Job], job: JobId) -> Vec<Branch> {
    if job != jobs[4].id {
        return Vec::new();
    }
    let branch = |of: &Job, lead: Option<&Job>, depth, below| Branch {
        id: of.id,
        lead: lead.map(|lead| lead.id),
        depth,
        agent: of.agent.clone(),
        action: of.action.clone(),
        state: of.state,
        cost: of.cost,
        below: nano(below),
        held: of.held,
        max_cost: of.max_cost,
    };
    vec![
        branch(&jobs[4], None, 0, 61_204_000),
        branch(&jobs[3], Some(&jobs[4]), 1, 18_000_000),
        branch(&jobs[0], Some(&jobs[3]), 2, 0),
        branch(&jobs[2], Some(&jobs[4]), 1, 0),
    ]
}

/// What an attempt used.
pub(crate) fn used() -> AttemptUse {
    let used =
        AttemptUse { cpu_us: 84_000, wall_us: 1_310_000, waited_us: 27_400_000, ..AttemptUse::default() };
    AttemptUse { memory_bytes: 9_437_184, log_lines: 12, log_bytes: 903, ..used }
}

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let (status, jobs, agents) = (status(), jobs(), agents());
    let job_page = |job: &Job| JobPage {
        shell: shell(&status, Nav::Jobs, "code-generator / generate"),
        id: job.id.to_string(),
        running: job.state == JobState::Running,
        head: Head::new(job, NOW),
        questions: crate::panel::questions::samples::of_job(job),
        log: Log::new(&log()),
        body: Rest::new(
            job,
            &calls(),
            &[
                artifact("src/LoginForm.tsx", "text/typescript", 4_312),
                artifact("README.md", "text/markdown", 811),
            ],
            &[Attempt { number: 1, started_at: ago(44), ended_at: None, error: None, used: used() }],
            &Relatives { after: vec![relative(&jobs[9])], followed_by: vec![relative(&jobs[8])] },
            &tree(&jobs, job.id),
            &crate::panel::agents::samples::limits(Some(7)),
            NOW,
        ),
    };
    let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    let list = |filter: Filter, items: Vec<Job>| {
        let body =
            Rows::new(&status, &filter, JobItems { next: items.last().map(|job| job.id), items, behind: 0 });
        JobsPage::new(shell(&status, Nav::Jobs, "Jobs"), &filter, &names, body)
    };
    let newer = Filter { top: Some(jobs[2].id), ..Filter::default() };
    let source = "import { useState } from 'react';\n\nexport function LoginForm() {\n  const [email, setEmail] = useState('');\n  return <form aria-label=\"Log in\">…</form>;\n}\n";
    vec![
        ("/jobs", html(&list(newer, jobs.clone()))),
        ("/jobs-actions", html(&ActionsPage { shell: shell(&status, Nav::Jobs, "Jobs"), body: runs() })),
        ("/jobs-actions-new", html(&review(shell(&status, Nav::Jobs, "Jobs")))),
        ("/jobs-empty", html(&list(Filter::default(), Vec::new()))),
        ("/job", html(&job_page(&jobs[1]))),
        ("/job-parked", html(&job_page(&jobs[4]))),
        ("/job-failed", html(&job_page(&jobs[6]))),
        ("/job-done", html(&job_page(&jobs[5]))),
        ("/replay", html(&ReplayPage::new(shell(&status, Nav::Jobs, "Replay"), &replayed(&jobs[5])))),
        (
            "/file",
            html(&FilePage {
                shell: shell(&status, Nav::Jobs, "src/LoginForm.tsx"),
                job: jobs[5].id.to_string(),
                kind: "artifacts",
                short: short(&jobs[5].id.to_string()),
                name: "src/LoginForm.tsx".to_owned(),
                path: "src/LoginForm.tsx".to_owned(),
                media: "text/typescript".to_owned(),
                size: "4.3 kB".to_owned(),
                text: Text::of(source.as_bytes()),
            }),
        ),
    ]
}

/// What was done with many jobs: one action under way, one that waits, one that is over.
fn runs() -> Runs {
    let run = |seconds, action, state, planned, touched, waits: Option<&str>| ActionRun {
        id: JobActionId::new(ago(seconds), u128::from(seconds)),
        action,
        filter: JobFilter {
            states: vec![JobState::Failed],
            search: Some("\"rate limit\" <b>".to_owned()),
            ..JobFilter::default()
        },
        by: "panel".to_owned(),
        state,
        planned,
        touched,
        left: BTreeMap::from([("not finished: cancel it first".to_owned(), 3)]),
        waits: waits.map(str::to_owned),
        started_at: ago(seconds),
        ended_at: (state == ActionState::Done).then(|| ago(seconds - 2)),
    };
    let full = "the queue is full: 200 of 200 unfinished jobs";
    let runs = [
        run(4, JobAction::Prioritise(Priority::High), ActionState::Running, 1_204, 618, None),
        run(60, JobAction::Retry, ActionState::Running, 250, 200, Some(full)),
        run(7_000, JobAction::Delete, ActionState::Done, 40_112, 40_112, None),
    ];
    Runs::new(&runs, NOW)
}

fn review(shell: Shell) -> ReviewPage {
    let filter = JobFilter { tag: Some("nightly".to_owned()), ..JobFilter::default() };
    let left = BTreeMap::from([("finished already".to_owned(), 1_204)]);
    let plan = ActionPlan { touched: 17, left, at_least: false };
    let pairs = vec![("tag".to_owned(), "nightly".to_owned())];
    ReviewPage::new(shell, JobAction::Prioritise(Priority::Normal), &filter, pairs, &plan)
}
