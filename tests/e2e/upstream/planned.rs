//! The planner against the running host: the same jobs at the same times, once through the planner and once through the
//! real binary before a simulator, both on a clock that runs sixty times as fast.
//!
//! One of the four workloads is drawn from the commit under test: `ANVIL_TEST_COMMIT`, else what git says, else a fixed one.
//! `ANVIL_TEST_PLAN_MINUTES=60`: longer than the twelve simulated minutes of each (twenty-four of the hour's money).

mod happened;

use anvil_api::{PlanRun, PlannedJobs};
use anvil_budget::{PressureSteps, PriceTable, Windows, default_models};
use anvil_plan::PlannedHost;
use anvil_types::{Limits, Tier, Timestamp};
use happened::{happen, overhead};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const MINUTES: u64 = 12;
/// Where jobs wait for the throttle one by one, so many times as long: else the p95 is the wait of one or two of them.
const LONGER: u64 = 2;
/// Where nobody knows which commit this is.
const FIXED: &str = "0123456789abcdef0123456789abcdef01234567";
/// Bytes of the agent's text to a token of the simulator.
const BYTES: usize = 5;

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

    /// Answers that vary as the planner has them, over and over. Among any forty that follow each other are as many long as short
    /// ones: else what comes of two hundred of them is chance (where jobs queue, 1 % of their tokens is 10 % of the p95).
    fn script(&self) -> Value {
        const EACH: u64 = 20;
        let (mean, varies) = (f64::from(self.jobs.output_tokens), f64::from(self.jobs.varies) / 100.0);
        let text = |step: u64| {
            #[expect(clippy::cast_precision_loss, reason = "twenty")]
            let share = (step as f64 + 0.5) / EACH as f64;
            let tokens = mean * (1.0 + varies * (2.0 * share - 1.0));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
            let tokens = tokens.round().max(1.0) as usize;
            json!({ "text": " word".repeat(tokens) })
        };
        let round = |round: u64| {
            let mut steps: Vec<u64> = (0..EACH).collect();
            steps.sort_by_key(|step| number(self.seed ^ 7, round * EACH + step));
            steps.into_iter().map(text)
        };
        json!({ "items": (0..10).flat_map(round).collect::<Vec<_>>(), "repeat": true })
    }
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

/// What is planned.
struct Plan {
    /// Of plans drawn from so many seeds the one whose p95 is in the middle.
    run: PlanRun,
    /// Four of five have their p95 within this, in seconds: what chance alone moves it by.
    p95_s: RangeInclusive<f64>,
}

fn planned(host: &PlannedHost, jobs: PlannedJobs, times: &[Duration], length: Duration) -> Plan {
    const DRAWS: u64 = 25;
    let (from, jobs): (Timestamp, _) = ("2026-12-01T08:00:00Z".parse().expect("a time"), [jobs]);
    let given = || times.iter().map(|at| (*at, 0)).collect();
    let draw = |seed| anvil_plan::given(host, &jobs, given(), from, length, seed).expect("it can be planned");
    let mut runs: Vec<_> = (0..DRAWS).map(draw).collect();
    runs.sort_by(|a, b| a.response.p95_s.total_cmp(&b.response.p95_s));
    let tenth = runs.len() / 10;
    let p95_s = runs[tenth].response.p95_s..=runs[runs.len() - 1 - tenth].response.p95_s;
    Plan { run: runs.swap_remove(runs.len() / 2), p95_s }
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
    let Plan { run, p95_s } = planned(&planned_host(limits), jobs, &times, length);
    println!(
        "{}: {} jobs in {} minutes, {overhead:.2} s of a call the host's own\n  \
         planned:  {} done, ${:.4}, p95 {:.1} s ({:.1} to {:.1}), binds {:?}\n  happened: {} done, ${:.4}, p95 {:.1} s, binds {:?}",
        work.name,
        times.len(),
        work.minutes,
        run.finished,
        run.total.usd(),
        run.response.p95_s,
        p95_s.start(),
        p95_s.end(),
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
        ("p95", (happened.p95_s.clamp(*p95_s.start(), *p95_s.end()), happened.p95_s)),
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
