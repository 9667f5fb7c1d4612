//! The planner against the running host: the same jobs at the same times, once through the planner and once through the
//! real binary before a simulator, both on a clock that runs sixty times as fast.
//!
//! One of the four workloads is drawn from the commit under test: `ANVIL_TEST_COMMIT`, else what git says, else a fixed one.
//! `ANVIL_TEST_PLAN_MINUTES=60`: longer than the twelve simulated minutes of each (twenty-four of the hour's money).

use crate::harness::{Host, Setup, Upstream, nanos};
use anvil_api::{PlanRun, PlannedJobs};
use anvil_budget::{PressureSteps, PriceTable, Windows, default_models};
use anvil_plan::PlannedHost;
use anvil_types::{Limits, Tier, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RATE: f64 = 60.0;
const MINUTES: u64 = 12;
/// Where jobs wait for the throttle one by one, so many times as long: else the p95 is the wait of one or two of them.
const LONGER: u64 = 2;
/// Where nobody knows which commit this is.
const FIXED: &str = "0123456789abcdef0123456789abcdef01234567";
/// Bytes of the agent's text to a token of the simulator.
const BYTES: usize = 5;
/// Idle jobs by which it is measured what host, sockets and disk take of a call.
const IDLE: usize = 6;

/// Jobs of one kind that come by chance, under some limits.
struct Workload {
    name: String,
    settings: Vec<(&'static str, String)>,
    jobs: PlannedJobs,
    /// Jobs a minute.
    often: f64,
    minutes: u64,
    seed: u64,
}

/// What happened.
#[derive(Debug)]
struct Happened {
    finished: u64,
    usd: f64,
    p95_s: f64,
    binds: Option<String>,
    /// How often jobs were seen to wait for each limit, and how often they were seen at all.
    waits: BTreeMap<String, u64>,
    seen: u64,
}

fn minutes() -> u64 {
    std::env::var("ANVIL_TEST_PLAN_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(MINUTES)
}

/// A number of a sequence that is the same everywhere.
fn number(seed: u64, at: u64) -> u64 {
    let mut z = seed.wrapping_add(at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn share(seed: u64, at: u64) -> f64 {
    (number(seed, at) >> 11) as f64 / (1_u64 << 53) as f64
}

impl Workload {
    /// When its jobs come: each by itself, so often on average.
    fn times(&self, length: Duration) -> Vec<Duration> {
        let (mut at, mut times) = (0.0, Vec::new());
        for draw in 0.. {
            at -= (1.0 - share(self.seed, draw)).ln() * 60.0 / self.often;
            if at >= length.as_secs_f64() {
                break;
            }
            times.push(Duration::from_secs_f64(at));
        }
        times
    }

    fn payload(&self) -> Value {
        let effort = match self.jobs.tier {
            Tier::Haiku => "simple",
            Tier::Sonnet => "standard",
            Tier::Opus => "complex",
        };
        json!({
            "agent": "asker", "action": "ask",
            "payload": {
                "prompt": "Work.", "calls": self.jobs.calls, "prompt_bytes": self.jobs.input_tokens as usize * BYTES,
                "max_output_tokens": self.jobs.max_output_tokens, "effort": effort,
            },
        })
    }

    /// The simulator's settings: how long answers take.
    fn upstream(&self) -> String {
        let ms = |seconds: f64| {
            let varies = f64::from(self.jobs.varies) / 100.0;
            format!("[{:.0}, {:.0}]", seconds * 1e3 * (1.0 - varies), seconds * 1e3 * (1.0 + varies))
        };
        let first = self.jobs.first_byte_s.expect("it is told");
        format!("[latency]\nfirst_byte_ms = {}\nduration_ms = {}\n", ms(first), ms(self.jobs.call_s - first))
    }

    /// Answers as long as the planner has them, over and over.
    fn script(&self) -> Value {
        let (mean, varies) = (f64::from(self.jobs.output_tokens), f64::from(self.jobs.varies) / 100.0);
        let text = |at: u64| {
            let tokens = mean * (1.0 + varies * (2.0 * share(self.seed ^ 7, at) - 1.0));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
            let tokens = tokens.round().max(1.0) as usize;
            json!({ "text": " word".repeat(tokens) })
        };
        json!({ "items": (0..199).map(text).collect::<Vec<_>>(), "repeat": true })
    }
}

/// A host of these settings before a simulator of this workload, both at the rate.
async fn start(work: &Workload) -> (Host, Upstream) {
    let upstream = Upstream::start_with(&work.upstream()).await;
    upstream.script(&work.script()).await;
    let mut setup = Setup::new()
        .agent("asker")
        .compiled_before()
        .simulated_by(&upstream)
        .set("ANVIL_JOBS_CALLS", 1_000)
        .set("ANVIL_SAVING_PROMPT_CACHE", false);
    for (name, value) in &work.settings {
        setup = setup.set(name, value);
    }
    let host = setup.start().await;
    upstream.drive(Duration::ZERO, RATE).await;
    host.rest().drive(Duration::ZERO, RATE).await;
    (host, upstream)
}

fn took(job: &Value) -> f64 {
    let time = |key: &str| job[key].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    time("finished_at").duration_since(time("created_at")).as_secs_f64()
}

/// What sockets and disk take of an idle host's call, in seconds of the driven clock: they are real, and count sixtyfold.
async fn overhead(work: &Workload) -> f64 {
    // Without chance: six calls that vary say nothing of a tenth of a second.
    let jobs = PlannedJobs { varies: 0, ..work.jobs.clone() };
    let one = Workload { settings: Vec::new(), name: String::new(), jobs, ..*work };
    let (host, _upstream) = start(&one).await;
    let rest = host.rest();
    for _ in 0..IDLE {
        let job = rest.post("/api/v1/jobs", &work.payload()).await;
        rest.succeeded(job["id"].as_str().expect("an id"), Duration::from_mins(2)).await;
    }
    // As `--measured` has it: from hold to settlement. What a job takes beside its calls overlaps with others' where they queue.
    let took = |call: &Value| call["duration_ms"].as_f64().expect("it is settled") / 1_000.0;
    let calls = rest.ledger().await;
    #[expect(clippy::cast_precision_loss, reason = "some")]
    let mean = calls.iter().map(took).sum::<f64>() / calls.len() as f64;
    (mean - work.jobs.call_s).max(0.0)
}

/// Lets it happen.
async fn happen(work: &Workload, times: &[Duration], length: Duration) -> (Happened, Limits) {
    let (host, _upstream) = start(work).await;
    let rest = host.rest();
    let limits: Limits =
        serde_json::from_value(rest.get("/api/v1/limits").await["limits"].clone()).expect("limits");
    let began = Instant::now();
    let real = |simulated: Duration| simulated.div_f64(RATE);
    let (mut waits, mut seen) = (BTreeMap::<String, u64>::new(), 0);
    let (mut next, mut looked) = (times.iter().peekable(), Instant::now());
    while began.elapsed() < real(length) {
        while next.next_if(|at| real(**at) <= began.elapsed()).is_some() {
            rest.post("/api/v1/jobs", &work.payload()).await;
        }
        if looked.elapsed() > Duration::from_millis(250) {
            looked = Instant::now();
            seen += look(rest, &mut waits).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let jobs = rest.all("/api/v1/jobs?limit=200").await;
    let mut done: Vec<f64> = jobs.iter().filter(|job| job["state"] == "succeeded").map(took).collect();
    done.sort_by(f64::total_cmp);
    let status = rest.status().await;
    let usd = nanos(&status["spend"]["day"]["spent_usd"]);
    #[expect(clippy::cast_precision_loss, reason = "some dollars")]
    let usd = usd as f64 / 1e9;
    println!("  waits as sampled: {waits:?}, of {seen} looks at a job");
    let longest = waits.clone().into_iter().max_by_key(|(_, count)| *count);
    let happened = Happened {
        finished: done.len() as u64,
        usd,
        p95_s: done.get((done.len() * 95 / 100).min(done.len().saturating_sub(1))).copied().unwrap_or(0.0),
        // One in twenty of those that were there: the planner says nothing of less either.
        binds: longest.filter(|(_, count)| count * 20 > seen).map(|(limit, _)| limit),
        waits,
        seen,
    };
    (happened, limits)
}

/// What every job waits for just now, in the planner's words.
async fn look(rest: &crate::harness::Rest, waits: &mut BTreeMap<String, u64>) -> u64 {
    let jobs = rest.get("/api/v1/jobs?state=queued,running,parked&limit=200").await;
    let status = rest.status().await;
    let there = jobs["items"].as_array().expect("a list");
    for job in there {
        let wait = &job["waiting_for"];
        let detail = wait["detail"].as_str().unwrap_or_default();
        let limit = match wait["reason"].as_str() {
            Some("money" | "holds") => {
                let window = ["hour", "day", "month"].into_iter().find(|window| detail.contains(window));
                window.map_or_else(|| detail.to_owned(), |window| format!("the {window}'s limit"))
            }
            Some("brake") => "the day's limit".to_owned(),
            Some("pace") => fullest(&status),
            Some("slot") => slots(&status),
            _ => continue,
        };
        *waits.entry(limit).or_default() += 1;
    }
    there.len() as u64
}

/// The limit a minute that is used most.
fn fullest(status: &Value) -> String {
    let share = |bucket: &Value| {
        let part = |key: &str| bucket[key].as_u64().expect("a number");
        part("taken") * 1_000_000 / part("limit").max(1)
    };
    let buckets = status["pace"]["buckets"].as_array().expect("a list");
    let counts = |bucket: &&Value| bucket["bucket"] != "requests" || bucket["pool"].is_null();
    let bucket = buckets.iter().filter(counts).max_by_key(|bucket| share(bucket)).expect("there is one");
    let name = bucket["bucket"].as_str().expect("a name").replace('_', " ");
    match bucket["pool"].as_str() {
        Some(pool) if name != "requests" => format!("{name} a minute ({pool})"),
        _ => format!("{name} a minute"),
    }
}

/// Why there are no more slots, as the host says it.
fn slots(status: &Value) -> String {
    let scaling = &status["agents"]["scaling"];
    let reason = scaling["reason"].as_str().unwrap_or_default();
    if let Some(limit) = reason.strip_prefix("more agents would only wait for ") {
        return limit.to_owned();
    }
    // Those who have a slot and wait for the line clog it: what they wait for is what binds.
    let (running, waiting) = (&status["agents"]["running"], &status["pace"]["waiting_calls"]);
    if waiting.as_u64().unwrap_or(0) * 2 > running.as_u64().unwrap_or(0) {
        return fullest(status);
    }
    if reason.contains("agents_max") { "agent slots" } else { "agent slots, which follow the load slowly" }
        .to_owned()
}

/// The host as the planner has it.
fn planned_host(limits: Limits) -> PlannedHost {
    PlannedHost {
        limits,
        hard_slots: 12,
        cooldown: Duration::from_mins(5),
        burst: 5,
        longest_wait: Duration::from_secs(30),
        pressure: PressureSteps::USUAL,
        models: default_models().clone(),
        prices: Arc::new(PriceTable::built_in()),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        prompt_cache: false,
    }
}

/// How often it is let happen until it comes as it was planned: sixty times as fast, forty milliseconds in which the machine does
/// something else are more seconds than a plan may be off. What is planned wrong is wrong each time.
const TIMES: usize = 3;

async fn compare(work: Workload) {
    let mut off = Vec::new();
    for _ in 0..TIMES {
        off = compared(&work).await;
        if off.is_empty() {
            return;
        }
    }
    panic!("{}: {}", work.name, off.join("; "));
}

/// In what the plan and what happened are further apart than they may be.
async fn compared(work: &Workload) -> Vec<String> {
    let length = Duration::from_mins(work.minutes);
    let times = work.times(length);
    let overhead = overhead(work).await;
    let (happened, limits) = happen(work, &times, length).await;
    let first = work.jobs.first_byte_s.expect("it is told");
    let jobs = PlannedJobs {
        call_s: work.jobs.call_s + overhead,
        first_byte_s: Some(first + overhead / 2.0),
        ..work.jobs.clone()
    };
    let given = times.iter().map(|at| (*at, 0)).collect();
    let from: Timestamp = "2026-12-01T08:00:00Z".parse().expect("a time");
    let run: PlanRun = anvil_plan::given(&planned_host(limits), &[jobs], given, from, length, work.seed)
        .expect("it can be planned");
    println!(
        "{}: {} jobs in {} minutes, {overhead:.2} s of a call the host's own\n  \
         planned:  {} done, ${:.4}, p95 {:.1} s, binds {:?}\n  happened: {} done, ${:.4}, p95 {:.1} s, binds {:?}",
        work.name,
        times.len(),
        work.minutes,
        run.finished,
        run.total.usd(),
        run.response.p95_s,
        run.binds,
        happened.finished,
        happened.usd,
        happened.p95_s,
        happened.binds,
    );
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let jobs = (run.finished as f64, happened.finished as f64);
    let mut wrong = Vec::new();
    for (what, (planned, real)) in [
        ("jobs done", jobs),
        ("dollars", (run.total.usd(), happened.usd)),
        ("p95", (run.response.p95_s, happened.p95_s)),
    ] {
        let off = (planned - real).abs() / real.max(1e-9);
        println!("  {what}: {:.1} % off", off * 100.0);
        if off > 0.1 {
            wrong.push(format!("{what}: {planned} planned, {real} happened"));
        }
    }
    // Where jobs wait for two limits nearly alike, either is what binds; and what binds in a twentieth of their time binds or not.
    let longest = happened.waits.values().max().copied().unwrap_or_default();
    let waited = run.binds.as_ref().map(|limit| happened.waits.get(limit).copied().unwrap_or_default());
    let is_alike = match waited {
        None => longest * 10 <= happened.seen,
        Some(waited) => waited * 2 >= longest && waited * 40 > happened.seen,
    };
    if run.binds != happened.binds && !is_alike {
        wrong.push(format!("{:?} is planned to bind; jobs waited {:?}", run.binds, happened.waits));
    }
    wrong
}

fn jobs(tier: Tier, calls: u32, input: u32, output: u32, call_s: f64) -> PlannedJobs {
    PlannedJobs {
        tier,
        calls,
        input_tokens: input,
        output_tokens: output,
        max_output_tokens: Some(output * 2),
        call_s,
        first_byte_s: Some(call_s / 4.0),
        varies: 30,
        #[expect(clippy::cast_precision_loss, reason = "5")]
        bytes_per_token: Some(BYTES as f64),
        ..PlannedJobs::default()
    }
}

fn much_money() -> Vec<(&'static str, String)> {
    let money = [("HOUR", "4000"), ("DAY", "4500"), ("MONTH", "5000")];
    let name = |window| match window {
        "HOUR" => "ANVIL_LIMITS_HOUR_USD",
        "DAY" => "ANVIL_LIMITS_DAY_USD",
        _ => "ANVIL_LIMITS_MONTH_USD",
    };
    money.into_iter().map(|(window, usd)| (name(window), usd.to_owned())).collect()
}

#[tokio::test]
async fn requests_a_minute_are_planned_as_they_bind() {
    let mut settings = much_money();
    settings.push(("ANVIL_LIMITS_REQUESTS_PER_MINUTE", "20".to_owned()));
    let jobs = jobs(Tier::Haiku, 2, 200, 60, 6.0);
    let name = "requests".to_owned();
    compare(Workload { name, settings, jobs, often: 14.0, minutes: minutes(), seed: 1 }).await;
}

#[tokio::test]
async fn output_tokens_a_minute_are_planned_as_they_bind() {
    let jobs = jobs(Tier::Sonnet, 1, 300, 600, 12.0);
    let (name, settings) = ("output tokens".to_owned(), much_money());
    compare(Workload { name, settings, jobs, often: 18.0, minutes: minutes(), seed: 2 }).await;
}

#[tokio::test]
async fn the_hours_money_is_planned_as_it_binds() {
    let mut settings = much_money();
    settings[0].1 = "0.1".to_owned();
    let jobs = jobs(Tier::Haiku, 1, 1_500, 300, 8.0);
    let (name, minutes) = ("the hour's money".to_owned(), minutes() * LONGER);
    compare(Workload { name, settings, jobs, often: 20.0, minutes, seed: 3 }).await;
}

/// The commit under test.
fn commit() -> String {
    let named = std::env::var("ANVIL_TEST_COMMIT").ok().filter(|commit| !commit.is_empty());
    let git = || {
        let said = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .ok()?;
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    named.or_else(git).unwrap_or_else(|| {
        println!("which commit this is nobody knows, so the workload is the fixed one");
        FIXED.to_owned()
    })
}

#[tokio::test]
async fn a_workload_that_is_drawn_from_the_commit_is_planned_as_it_happens() {
    let commit = commit();
    let seed = commit.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let within = |at: u64, from: u64, to: u64| {
        u32::try_from(from + number(seed, 1_000 + at) % (to - from + 1)).expect("small")
    };
    let mut settings = much_money();
    settings.push(("ANVIL_LIMITS_REQUESTS_PER_MINUTE", within(0, 15, 45).to_string()));
    settings.push(("ANVIL_LIMITS_OUTPUT_TOKENS_PER_MINUTE", within(1, 5_000, 20_000).to_string()));
    settings.push(("ANVIL_LIMITS_AGENTS_MAX", within(2, 3, 10).to_string()));
    let tier = [Tier::Haiku, Tier::Sonnet, Tier::Opus][within(3, 0, 2) as usize];
    let jobs =
        jobs(tier, within(4, 1, 3), within(5, 100, 1_000), within(6, 60, 500), f64::from(within(7, 6, 15)));
    let often = f64::from(within(8, 8, 24));
    println!("commit {commit}: {often} jobs a minute of {jobs:?} under {settings:?}");
    let name = "drawn from the commit".to_owned();
    compare(Workload { name, settings, jobs, often, minutes: minutes(), seed }).await;
}
