//! Made-up data behind every page: for the gallery that shows them all, and for the snapshots.

use super::agents::{Agents, AgentsPage};
use super::alerts::{AlertBody, AlertList, AlertPage, AlertsPage};
use super::brake::{BrakeBody, BrakePage};
use super::delivery_rows::Deliveries;
use super::error::ErrorPage;
use super::file::{FilePage, Text};
use super::job::{Head, JobPage, Log, Rest};
use super::jobs::{Filter, JobsPage, Rows};
use super::ledger::{LedgerPage, Names};
use super::limits::LimitsPage;
use super::login::LoginPage;
use super::overview::{Overview, OverviewPage};
use super::prices::PricesPage;
use super::scope_limits::ScopeForm;
use super::shell::{Nav, Shell};
use super::spend::{Choice, Spend, SpendPage};
use super::submit::{Chosen, SubmitPage};
use super::webhooks::{Form as NewWebhook, Hooks};
use crate::api::Query;
use anvil_budget::{
    BrakeCause, BrakeCauseKind, Forecast, NewBand, PressureEffect, PriceSource, PriceTable, WindowKind,
    Windows,
};
use anvil_runner::{
    AgentsStatus, AlertsStatus, BrakeStatus, Bucket, BucketReport, CircuitReport, FieldError, LimitsView,
    PaceStatus, PriceView, QueueStatus, ScopeLimitsView, ScopeWindowStatus, SpendStatus, Status,
    UpstreamStatus, WebhookView, WeekStatus, WindowStatus,
};
use anvil_store::{
    AlertPage as AlertItems, AuditEntry, BrakeEntry, BrakeHistory, BrakeMove, JobPage as JobItems,
    LedgerPage as Entries, LedgerTotals, LimitSource, Tokens, UsageSum,
};
use anvil_types::{
    Acknowledgement, ActionInfo, AgentInfo, AgentState, Alert, AlertId, AlertKind, AlertNews, AlertState,
    AlertWindow, ArtifactInfo, Attempt, CallId, CallRecord, CallState, Crossing, Delivery, DeliveryId,
    DeliveryState, Effort, Job, JobError, JobId, JobState, Json, Limits, LimitsPatch, LogLevel, LogLine,
    Nanodollars, Priority, Relative, Relatives, Scope as LimitScope, Tier, Timestamp, UpstreamKind, Usage,
    Wait, WaitReason, WebhookFormat,
};
use std::time::Duration;

/// The samples' own time.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_442_712);

fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

fn nano(nano: i64) -> Nanodollars {
    Nanodollars::new(nano)
}

fn json(text: &str) -> Json {
    text.parse().unwrap_or_else(|_| Json::null())
}

fn job_id(seconds: u64, random: u128) -> JobId {
    JobId::new(ago(seconds), random.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060))
}

/// A host in the middle of its work.
pub(crate) fn status() -> Status {
    let window = |spent, held, unknown, limit, resets, forecast| WindowStatus {
        spent_usd: nano(spent),
        held_usd: nano(held),
        unknown_usd: nano(unknown),
        limit_usd: Nanodollars::from_dollars(limit),
        resets_at: NOW + Duration::from_secs(resets),
        forecast,
    };
    let soon = Forecast::At { at: NOW + Duration::from_mins(218) };
    Status {
        now: NOW,
        version: "0.1.0".to_owned(),
        upstream: UpstreamStatus {
            kind: UpstreamKind::Simulated,
            base_url: "http://127.0.0.1:41007".to_owned(),
        },
        agents: AgentsStatus { running: 3, slots: 10, min: 3, max: 10 },
        queue: QueueStatus {
            queued: 14,
            scheduled: 2,
            parked: 5,
            running: 3,
            oldest_wait_s: 252,
            limit: 200,
            succeeded: 1_284,
            failed: 7,
            cancelled: 3,
        },
        spend: SpendStatus {
            hour: window(3_912_400_350, 412_000_000, 0, 8, 540, Forecast::NotBeforeReset),
            day: window(131_204_811_237, 412_000_000, 12_140_000_000, 160, 24_888, soon),
            month: window(174_520_113_902, 412_000_000, 12_140_000_000, 200, 629_688, Forecast::TooLittle),
            week: WeekStatus { hours: 31.4, limit_hours: 80, resets_at: NOW + Duration::from_hours(52) },
            total: nano(1_204_520_113_902),
            bounds_broken: 0,
        },
        pace: PaceStatus {
            requests_last_minute: 31,
            requests_per_minute: 45,
            waiting_calls: 2,
            calls_in_flight: 3,
            input_tokens_per_minute: 50_000,
            output_tokens_per_minute: 10_000,
            buckets: buckets(),
            circuit: CircuitReport::Closed { failures: 0 },
            input_error_percent: Some(3.4),
            output_error_percent: Some(21.7),
        },
        pressure: 0.87,
        effect: PressureEffect::DowngradedAndThrottled,
        brake: BrakeStatus { engaged: false, causes: Vec::new() },
        alerts: AlertsStatus { firing: 2 },
        why_idle: None,
    }
}

fn buckets() -> Vec<BucketReport> {
    let make = |pool: Option<&str>, bucket, taken, limit, told: Option<u64>| BucketReport {
        pool: pool.map(str::to_owned),
        bucket,
        taken,
        limit,
        upstream_limit: told.map(|_| limit),
        remaining: told,
        reset: told.map(|_| NOW + Duration::from_secs(21)),
        shared: pool == Some("opus-4") && bucket == Bucket::InputTokens,
    };
    vec![
        make(None, Bucket::Requests, 31, 45, None),
        make(Some("opus-4"), Bucket::Requests, 12, 45, Some(32)),
        make(Some("opus-4"), Bucket::InputTokens, 41_204, 50_000, Some(6_000)),
        make(Some("opus-4"), Bucket::OutputTokens, 8_112, 10_000, Some(1_900)),
        make(Some("haiku-5-5"), Bucket::Requests, 19, 45, None),
        make(Some("haiku-5-5"), Bucket::InputTokens, 12_400, 50_000, None),
        make(Some("haiku-5-5"), Bucket::OutputTokens, 950, 10_000, None),
    ]
}

/// The same host while Claude fails.
fn failing() -> Status {
    let mut status = status();
    status.pace.circuit = CircuitReport::Open { until: NOW + Duration::from_secs(41) };
    status.pace.calls_in_flight = 0;
    status.why_idle = Some("Claude failed again and again".to_owned());
    status
}

/// The same host with the brake on and nothing running.
pub(crate) fn braked() -> Status {
    let mut status = status();
    status.agents.running = 0;
    status.queue.running = 0;
    status.why_idle = Some(
        "The brake is on: $152.04 of the day's $160.00 are spent. 19 jobs wait; raise the day's limit, release \
         the brake, or wait for the next day."
            .to_owned(),
    );
    status.spend.day.spent_usd = nano(152_041_200_000);
    status.spend.day.forecast = Forecast::Reached;
    status.pressure = 0.95;
    status.effect = PressureEffect::Braked;
    status.brake = BrakeStatus {
        engaged: true,
        causes: vec![BrakeCause {
            kind: BrakeCauseKind::Day,
            reason: "$152.0412 of the day's $160.00 are spent: 95 % is reached".to_owned(),
            since: ago(600),
            until: Some(status.spend.day.resets_at),
            by: None,
        }],
    };
    status
}

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
        max_cost: Nanodollars::from_dollars(2),
        calls: if begun { 3 } else { 0 },
        waiting_for: None,
        result: None,
        error: None,
        progress: running.then_some(0.62),
        progress_line: running.then(|| "Writing src/components/LoginForm.tsx".to_owned()),
        tags: Vec::new(),
        after: Vec::new(),
        schedule: None,
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
        model: "claude-sonnet-5".to_owned(),
        model_answered: None,
        usage: Usage {
            input_tokens: 2_413 * u64::from(place + 1),
            output_tokens: 1_120,
            cache_read_tokens: if place == 1 { 18_204 } else { 0 },
            ..Usage::default()
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

const SCHEMA: &str = r#"{"type":"object","required":["requirements"],"properties":{
  "requirements":{"type":"string","description":"What is to be built, in your own words.","examples":["A login form with e-mail and password"]},
  "language":{"type":"string","enum":["typescript","rust","python"],"default":"typescript","description":"The language of the code."},
  "max_files":{"type":"integer","minimum":1,"maximum":20,"default":5,"description":"At most this many files."},
  "contact":{"type":"string","format":"email","title":"Contact","examples":["you@example.org"]},
  "tests":{"type":"boolean","default":true,"title":"Write tests too"},
  "style":{"type":"object","title":"Style rules","description":"Anything that a linter would say."}}}"#;

/// Plugin files in every state.
pub(crate) fn agents() -> Vec<AgentInfo> {
    let agent = |name: &str, state, summary: &str, actions: &[(&str, &str)]| AgentInfo {
        name: name.to_owned(),
        version: if actions.is_empty() { String::new() } else { "0.1.0".to_owned() },
        summary: summary.to_owned(),
        file: format!("{name}.wasm"),
        digest: "9f2c41d07be35a66c1aa0b".to_owned(),
        size: 214_336,
        state,
        reason: None,
        actions: actions
            .iter()
            .map(|(name, summary)| ActionInfo {
                name: (*name).to_owned(),
                summary: (*summary).to_owned(),
                input_schema: json(SCHEMA),
                output_schema: json("{}"),
            })
            .collect(),
        model_floor: None,
        effort: Effort::Standard,
        time_limit_s: None,
        loaded_at: ago(7_300),
    };
    let mut agents = vec![
        agent(
            "code-generator",
            AgentState::Ready,
            "Turns requirements into files of code.",
            &[("generate", "Plans, writes and checks the files that the requirements ask for.")],
        ),
        agent(
            "requirements-analyzer",
            AgentState::Ready,
            "Finds what a text leaves open.",
            &[("analyze", "Lists requirements, contradictions and open questions.")],
        ),
        agent(
            "design-architect",
            AgentState::Disabled,
            "Proposes designs and weighs them.",
            &[("design", "Two or three designs with their trade-offs.")],
        ),
        agent("half-a-plugin", AgentState::Rejected, "", &[]),
        agent("notes", AgentState::Rejected, "", &[]),
    ];
    agents[1].model_floor = Some(Tier::Sonnet);
    agents[2].reason = Some("A person switched it off; its 2 jobs wait.".to_owned());
    agents[3].reason = Some(
        "the component imports wasi:http/outgoing-handler@0.2.3, which is not offered: an agent's only way out is \
         anvil:agent/claude"
            .to_owned(),
    );
    agents[4].reason = Some("the file is no WebAssembly: it does not begin with \\0asm".to_owned());
    agents
}

/// The limits, one of them changed by a person.
pub(crate) fn limits() -> LimitsView {
    let dollars = Nanodollars::from_dollars;
    let limits = Limits {
        hour_usd: dollars(8),
        day_usd: dollars(160),
        month_usd: dollars(200),
        week_hours: 80,
        job_usd: dollars(2),
        requests_per_minute: 45,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3,
        agents_max: 10,
        queue_max: 200,
    };
    let source = |name: &str| match name {
        "hour_usd" => LimitSource::RunTime { by: "a person at the panel".to_owned(), at: ago(5_000) },
        "job_usd" => LimitSource::Settings { name: "anvil.toml".to_owned() },
        _ => LimitSource::Settings { name: "preset max-200".to_owned() },
    };
    let sources = LimitsPatch::NAMES.iter().map(|name| ((*name).to_owned(), source(name)));
    LimitsView { limits, sources: sources.collect() }
}

/// Prices in force: two built in, one of them in bands, and one that a person set.
fn prices() -> Vec<PriceView> {
    let band = |up_to, input: f64| NewBand {
        up_to,
        input,
        output: input * 5.0,
        cache_write_5m: input * 1.25,
        cache_write_1h: input * 2.0,
        cache_read: input / 10.0,
    };
    let view = |model: &str, bands: Vec<NewBand>, source, by: Option<&str>| PriceView {
        id: format!("{model}@2026-10-07"),
        model: model.to_owned(),
        speed: None,
        from: ago(90_000),
        in_force: true,
        context: 1_000_000,
        max_output: 128_000,
        bands,
        source,
        by: by.map(str::to_owned),
        at: by.map(|_| ago(3_600)),
    };
    vec![
        view("claude-haiku-5-5", vec![band(Some(100_000), 0.1), band(None, 0.5)], PriceSource::BuiltIn, None),
        view("claude-opus-5-5", vec![band(None, 4.0)], PriceSource::BuiltIn, None),
        view("claude-sonnet-5-5", vec![band(None, 1.8)], PriceSource::RunTime, Some("a person at the panel")),
    ]
}

/// Where the samples' people live.
pub(crate) fn windows() -> Windows {
    Windows::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC))
}

fn scoped() -> Vec<ScopeLimitsView> {
    let window = |window, spent, held, limit| {
        let (spent, held, limit) = (nano(spent), nano(held), Nanodollars::from_dollars(limit));
        ScopeWindowStatus {
            window,
            spent_usd: spent,
            held_usd: held,
            unknown_usd: nano(0),
            limit_usd: limit,
            left_usd: limit.less(spent + held),
            resets_at: NOW + Duration::from_hours(6),
            by: "a person at the panel".to_owned(),
            at: ago(7_300),
        }
    };
    vec![
        ScopeLimitsView {
            scope: LimitScope::Agent("code-generator".to_owned()),
            windows: vec![
                window(WindowKind::Hour, 1_912_400_350, 212_000_000, 4),
                window(WindowKind::Day, 17_204_811_237, 212_000_000, 20),
            ],
        },
        ScopeLimitsView {
            scope: LimitScope::ApiKey("ci".to_owned()),
            windows: vec![window(WindowKind::Month, 4_000_000, 0, 50)],
        },
    ]
}

fn changed() -> Vec<AuditEntry> {
    let entry = |seconds, by: &str, action: &str, detail: &str| AuditEntry {
        at: ago(seconds),
        by: by.to_owned(),
        action: action.to_owned(),
        detail: detail.to_owned(),
    };
    vec![
        entry(5_000, "a person at the panel", "limits.change", "hour_usd = 8.0"),
        entry(90_000, "the API token", "limits.reset", "day_usd"),
    ]
}

fn brake_history(muted: bool) -> BrakeHistory {
    let entry = |seconds, change, kind, reason: &str, by: Option<&str>| BrakeEntry {
        at: ago(seconds),
        change,
        kind,
        upstream: None,
        reason: reason.to_owned(),
        by: by.map(str::to_owned),
    };
    let person = Some("a person at the panel");
    BrakeHistory {
        history: vec![
            entry(
                600,
                BrakeMove::Engaged,
                BrakeCauseKind::Day,
                "$152.0412 of the day's $160.00 are spent: 95 % is reached",
                None,
            ),
            entry(80_000, BrakeMove::Released, BrakeCauseKind::Person, "the answers are right again", person),
            entry(
                84_000,
                BrakeMove::Engaged,
                BrakeCauseKind::Person,
                "odd answers of design-architect",
                person,
            ),
        ],
        muted_until: muted.then_some(status().spend.day.resets_at),
    }
}

/// Three weeks of work, less of it at night and at weekends.
fn sums(cuts: &[Timestamp]) -> Vec<UsageSum> {
    let mut sums = Vec::new();
    for (place, start) in (0_u64..).zip(cuts).filter(|(_, start)| **start < NOW) {
        for (agent, (name, model)) in (0_u64..).zip([
            ("code-generator", "claude-sonnet-5-5"),
            ("test-automator", "claude-haiku-5-5"),
            ("design-architect", "claude-opus-5-5"),
            ("documentation-generator", "claude-haiku-5-5"),
        ]) {
            let wave = (place * 7 + agent * 5) % 11;
            if wave < agent + 1 {
                continue;
            }
            let calls = wave * 9 / (agent + 1);
            sums.push(UsageSum {
                start: *start,
                agent: Some(name.to_owned()),
                api_key: None,
                model: model.to_owned(),
                calls,
                settled: nano(i64::try_from(calls).unwrap_or(0) * 61_237_411),
                unknown: nano(if wave == 9 { 137_500_000 } else { 0 }),
                tokens: Tokens {
                    input: calls * 2_413,
                    output: calls * 1_120,
                    cache_read: calls * 911 * (agent % 2),
                    cache_write_5m: calls * 307 * (agent % 2),
                    cache_write_1h: 0,
                },
            });
        }
    }
    sums
}

fn query(text: &str) -> Query {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Query::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn spend_page(status: &Status, asked: &str) -> SpendPage {
    let choice =
        Choice::read(query(asked), &windows(), NOW).unwrap_or_else(|_| unreachable!("the samples ask well"));
    let cuts = choice.cuts(&windows()).unwrap_or_default();
    let body = Spend::new(choice, &cuts, &sums(&cuts), &PriceTable::built_in(), &windows(), true);
    SpendPage { shell: shell(status, Nav::Spend, "Spend"), body }
}

fn ledger_page(status: &Status, asked: &str, items: Vec<CallRecord>) -> LedgerPage {
    let names = Names {
        agents: vec!["code-generator".to_owned()],
        models: PriceTable::built_in().models().into_iter().map(str::to_owned).collect(),
    };
    let totals = LedgerTotals {
        calls: 12_408,
        settled: nano(1_192_380_113_902),
        unknown: nano(12_140_000_000),
        held: nano(412_000_000),
        tokens: Tokens { input: 21_204_811, output: 8_104_377, cache_read: 4_002_118, ..Tokens::default() },
    };
    let totals = if items.is_empty() { LedgerTotals::default() } else { totals };
    let next = items.last().map(|call| call.id);
    let entries = Entries { items, next };
    LedgerPage::new(shell(status, Nav::Ledger, "Ledger"), &query(asked), names, &entries, &totals, &windows())
}

/// Alerts in every state, the newest first.
fn alerts() -> Vec<Alert> {
    let make = |seconds: u64, state, percent, title: &str, detail: &str| Alert {
        id: AlertId::new(ago(seconds), u128::from(seconds) << 40),
        upstream: UpstreamKind::Simulated,
        kind: if percent == 0 { AlertKind::Webhook } else { AlertKind::Threshold },
        state,
        crossing: (percent > 0).then(|| Crossing {
            scope: LimitScope::All,
            window: AlertWindow::Day,
            start: ago(61_512),
            percent,
        }),
        title: title.to_owned(),
        detail: detail.to_owned(),
        raised_at: ago(seconds),
        acknowledged: None,
        resolved_at: (state == AlertState::Resolved).then(|| ago(seconds / 2)),
    };
    let mut alerts = vec![
        make(
            240,
            AlertState::Firing,
            80,
            "80 % of the day's $160.00 are spent",
            "$128.0412 are spent, $0.412 are held; the day ends in 6 h. From here on calls go out at an even pace.",
        ),
        make(
            900,
            AlertState::Firing,
            0,
            "The webhook `pager` was switched off",
            "its receiver answered 410 Gone. Give it another address, or delete it",
        ),
        make(
            7_300,
            AlertState::Acknowledged,
            50,
            "50 % of agent <b>writer</b>'s $20.00 a day are spent",
            "$10.01 are spent.",
        ),
        make(90_000, AlertState::Resolved, 95, "95 % of the day's $160.00 are spent", "$152.00 are spent."),
        make(96_000, AlertState::Resolved, 80, "80 % of the day's $160.00 are spent", "$128.00 are spent."),
    ];
    if let Some(crossing) = &mut alerts[2].crossing {
        crossing.scope = LimitScope::Agent("<b>writer</b>".to_owned());
    }
    alerts[2].acknowledged = Some(Acknowledgement {
        by: "a person at the panel".to_owned(),
        at: ago(7_000),
        note: "The release needs it; looked at the jobs, all is well.".to_owned(),
    });
    alerts
}

fn deliveries() -> Vec<Delivery> {
    let alerts = alerts();
    let make = |place: usize, webhook: &str, state, tries, status, error: Option<&str>| Delivery {
        id: DeliveryId::new(ago(200 + place as u64), place as u128 + 1),
        alert: alerts[place.min(4)].id,
        news: if place == 3 { AlertNews::Resolved } else { AlertNews::Fired },
        webhook: webhook.to_owned(),
        state,
        tries,
        next_at: (state == DeliveryState::Pending).then(|| NOW + Duration::from_secs(1_734)),
        last_status: status,
        last_error: error.map(str::to_owned),
        created_at: ago(240),
        ended_at: (state != DeliveryState::Pending).then(|| ago(238)),
    };
    vec![
        make(0, "ops", DeliveryState::Delivered, 1, Some(204), None),
        make(
            0,
            "chat",
            DeliveryState::Pending,
            3,
            None,
            Some("no connection: Connection refused (os error 111)"),
        ),
        make(1, "pager", DeliveryState::Failed, 1, Some(410), Some("HTTP 410: this channel is archived")),
        make(3, "ops", DeliveryState::Failed, 10, Some(503), Some("HTTP 503: <h1>Service Unavailable</h1>")),
        make(4, "ops", DeliveryState::Delivered, 2, Some(200), None),
    ]
}

fn webhooks() -> Vec<WebhookView> {
    let make = |name: &str, address: &str, format, disabled: Option<&str>| WebhookView {
        name: name.to_owned(),
        address: address.to_owned(),
        format,
        allow_private: name == "chat",
        enabled: disabled.is_none(),
        disabled: disabled.map(str::to_owned),
        created_at: ago(500_000),
        secret: None,
    };
    vec![
        make("chat", "http://10.0.0.7:8065/…", WebhookFormat::Slack, None),
        make("ops", "https://ops.example/…", WebhookFormat::Standard, None),
        make(
            "pager",
            "https://pager.example/…",
            WebhookFormat::Standard,
            Some("its receiver answered 410 Gone"),
        ),
    ]
}

fn alerts_page(status: &Status, full: bool, form: NewWebhook) -> AlertsPage {
    let (open, over): (Vec<_>, Vec<_>) =
        alerts().into_iter().filter(|_| full).partition(|alert| alert.state != AlertState::Resolved);
    let next = over.last().map(|alert| alert.id);
    let (webhooks, sent) = if full { (webhooks(), deliveries()) } else { (Vec::new(), Vec::new()) };
    let titles = alerts().into_iter().map(|alert| (alert.id, alert.title)).collect();
    AlertsPage {
        shell: shell(status, Nav::Alerts, "Alerts"),
        body: AlertList::new(&open, &AlertItems { items: over, next }, None, NOW),
        webhooks: Hooks::new(&webhooks),
        form,
        deliveries: Deliveries::new(&sent, &titles, None, NOW),
    }
}

fn shell(status: &Status, nav: Nav, title: &str) -> Shell {
    Shell::new(status, 4_711, None, nav, title)
}

/// Every page: its address in the gallery, and its HTML.
#[cfg_attr(not(feature = "gallery"), expect(unreachable_pub, reason = "the gallery shows them from outside"))]
#[expect(clippy::too_many_lines, reason = "a list of all pages")]
pub fn pages() -> Vec<(&'static str, String)> {
    let status = status();
    let (jobs, agents, limits) = (jobs(), agents(), limits());
    let running: Vec<Job> = jobs.iter().filter(|job| job.state == JobState::Running).cloned().collect();
    let html = |page: &dyn askama::DynTemplate| page.dyn_render().unwrap_or_else(|error| error.to_string());
    let overview = |status: &Status, running: &[Job], recent: &[Job]| OverviewPage {
        shell: shell(status, Nav::Overview, "Overview"),
        body: Overview::new(status, running, recent, &windows()),
    };
    let mut fresh = super::samples::status();
    fresh.queue = QueueStatus {
        queued: 0,
        scheduled: 0,
        parked: 0,
        running: 0,
        oldest_wait_s: 0,
        limit: 200,
        succeeded: 0,
        failed: 0,
        cancelled: 0,
    };
    fresh.agents.running = 0;
    fresh.pace.buckets.truncate(1);
    let mut quiet = super::samples::status();
    quiet.alerts.firing = 0;
    let job_page = |job: &Job| JobPage {
        shell: shell(&status, Nav::Jobs, "code-generator / generate"),
        id: job.id.to_string(),
        running: job.state == JobState::Running,
        head: Head::new(job, NOW),
        log: Log::new(&log()),
        body: Rest::new(
            job,
            &calls(),
            &[
                artifact("src/LoginForm.tsx", "text/typescript", 4_312),
                artifact("README.md", "text/markdown", 811),
            ],
            &[Attempt { number: 1, started_at: ago(44), ended_at: None, error: None }],
            &Relatives { after: vec![relative(&jobs[9])], followed_by: vec![relative(&jobs[8])] },
            NOW,
        ),
    };
    let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    let list = |filter: Filter, items: Vec<Job>| {
        let body = Rows::new(&status, &filter, JobItems { next: items.last().map(|job| job.id), items });
        JobsPage::new(shell(&status, Nav::Jobs, "Jobs"), &filter, &names, body)
    };
    let newer = Filter { top: Some(jobs[2].id), ..Filter::default() };
    let mut refused = Chosen::new(&agents[0], &agents[0].actions[0]);
    refused.errors = refused.payload.blame(vec![
        FieldError { pointer: String::new(), message: "\"requirements\" is a required property".to_owned() },
        FieldError {
            pointer: "/max_files".to_owned(),
            message: "40 is greater than the maximum of 20".to_owned(),
        },
        FieldError { pointer: "/colour".to_owned(), message: "there is no such property".to_owned() },
    ]);
    let source = "import { useState } from 'react';\n\nexport function LoginForm() {\n  const [email, setEmail] = useState('');\n  return <form aria-label=\"Log in\">…</form>;\n}\n";
    vec![
        ("/", html(&overview(&status, &running, &jobs[..8]))),
        ("/braked", html(&overview(&braked(), &[], &jobs[4..6]))),
        ("/failing", html(&overview(&failing(), &running, &jobs[..8]))),
        ("/fresh", html(&overview(&fresh, &[], &[]))),
        ("/jobs", html(&list(newer, jobs.clone()))),
        ("/jobs-empty", html(&list(Filter::default(), Vec::new()))),
        ("/job", html(&job_page(&jobs[1]))),
        ("/job-parked", html(&job_page(&jobs[4]))),
        ("/job-failed", html(&job_page(&jobs[6]))),
        ("/job-done", html(&job_page(&jobs[5]))),
        (
            "/file",
            html(&FilePage {
                shell: shell(&status, Nav::Jobs, "src/LoginForm.tsx"),
                job: jobs[5].id.to_string(),
                short: super::job_row::short(&jobs[5].id.to_string()),
                name: "src/LoginForm.tsx".to_owned(),
                path: "src/LoginForm.tsx".to_owned(),
                media: "text/typescript".to_owned(),
                size: "4.3 kB".to_owned(),
                text: Text::of(source.as_bytes()),
            }),
        ),
        (
            "/agents",
            html(&AgentsPage {
                shell: shell(&status, Nav::Agents, "Agents"),
                body: Agents::new(&agents, NOW),
            }),
        ),
        (
            "/agents-empty",
            html(&AgentsPage { shell: shell(&status, Nav::Agents, "Agents"), body: Agents::new(&[], NOW) }),
        ),
        (
            "/submit",
            html(&SubmitPage::new(
                shell(&status, Nav::Submit, "Submit a job"),
                &agents,
                Some(Chosen::new(&agents[0], &agents[0].actions[0])),
            )),
        ),
        (
            "/submit-refused",
            html(&SubmitPage::new(shell(&status, Nav::Submit, "Submit a job"), &agents, Some(refused))),
        ),
        (
            "/schedules",
            html(&super::schedules::sample(shell(&status, Nav::Schedules, "Schedules"), &jobs[5..8])),
        ),
        ("/spend", html(&spend_page(&status, "range=today"))),
        ("/spend-month", html(&spend_page(&status, "range=month&by=model"))),
        ("/spend-kind", html(&spend_page(&status, "range=custom&from=2026-11-20&to=2026-11-23&by=kind"))),
        ("/ledger", html(&ledger_page(&status, "", calls()))),
        ("/ledger-filtered", html(&ledger_page(&status, "agent=code-generator&state=held", Vec::new()))),
        (
            "/limits",
            html(&LimitsPage::new(
                shell(&status, Nav::Limits, "Limits"),
                &limits,
                &scoped(),
                ScopeForm::new(None, vec!["code-generator".to_owned(), "writer".to_owned()], None),
                &changed(),
            )),
        ),
        ("/alerts", html(&alerts_page(&status, true, NewWebhook::default()))),
        ("/alerts-empty", html(&alerts_page(&quiet, false, NewWebhook::default()))),
        (
            "/alerts-refused",
            html(&alerts_page(
                &status,
                true,
                NewWebhook {
                    name: "local".to_owned(),
                    url: "http://127.0.0.1/".to_owned(),
                    error: Some(
                        "127.0.0.1, which is no public address; such are called only where the \
                         webhook allows private addresses"
                            .to_owned(),
                    ),
                    ..NewWebhook::default()
                },
            )),
        ),
        (
            "/alerts-made",
            html(&alerts_page(
                &status,
                true,
                NewWebhook {
                    made: Some((
                        "ops".to_owned(),
                        Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=".to_owned()),
                    )),
                    ..NewWebhook::default()
                },
            )),
        ),
        (
            "/alert",
            html(&AlertPage {
                shell: shell(&status, Nav::Alerts, "80 % of the day's $160.00 are spent"),
                body: AlertBody::new(&alerts()[0], NOW),
                open: true,
                known: false,
                deliveries: Deliveries::new(
                    &deliveries()[..2],
                    &std::collections::BTreeMap::new(),
                    Some(alerts()[0].id),
                    NOW,
                ),
            }),
        ),
        ("/prices", html(&PricesPage::new(shell(&status, Nav::Limits, "Prices"), &prices(), None, None))),
        (
            "/limits-review",
            html(&super::limits::sample_review(shell(&status, Nav::Limits, "Limits"), &limits, &status)),
        ),
        (
            "/brake",
            html(&BrakePage {
                shell: shell(&braked(), Nav::Other, "Brake"),
                body: BrakeBody::new(&braked(), &brake_history(false), &windows()),
            }),
        ),
        (
            "/brake-off",
            html(&BrakePage {
                shell: shell(&status, Nav::Other, "Brake"),
                body: BrakeBody::new(&status, &brake_history(true), &windows()),
            }),
        ),
        ("/login", html(&LoginPage { simulated: true, next: "/".to_owned(), wrong: true })),
        (
            "/error",
            html(&ErrorPage {
                status: 404,
                title: "There is no such job".to_owned(),
                detail: "there is no job 01KASX3V8E00000000000000A5".to_owned(),
                errors: Vec::new(),
            }),
        ),
    ]
}

/// A router that shows every page with made-up data, under the real security headers.
#[cfg(feature = "gallery")]
pub fn gallery() -> axum::Router {
    use axum::response::Html;
    use axum::routing::get;
    let mut router = axum::Router::new().route("/static/{hash}/{name}", get(crate::assets::serve));
    for (path, page) in pages() {
        router = router.route(path, get(async move || Html(page)));
    }
    router.layer(axum::middleware::from_fn(crate::guard::dress))
}
