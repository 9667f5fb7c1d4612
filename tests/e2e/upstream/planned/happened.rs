//! Lets a workload happen: the real binary before a simulator, both on a clock that runs sixty times as fast.

use super::Workload;
use crate::harness::{Host, Rest, Setup, Upstream, nanos};
use anvil_api::PlannedJobs;
use anvil_types::Limits;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const RATE: f64 = 60.0;
/// Idle jobs by which it is measured what host, sockets and disk take of a call.
const IDLE: usize = 6;

/// What happened.
#[derive(Debug)]
pub(super) struct Happened {
    pub(super) finished: u64,
    pub(super) usd: f64,
    pub(super) p95_s: f64,
    pub(super) binds: Option<String>,
    /// How often jobs were seen to wait for each limit, and how often they were seen at all.
    pub(super) waits: BTreeMap<String, u64>,
    pub(super) seen: u64,
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
pub(super) async fn overhead(work: &Workload) -> f64 {
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
pub(super) async fn happen(work: &Workload, times: &[Duration], length: Duration) -> (Happened, Limits) {
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
async fn look(rest: &Rest, waits: &mut BTreeMap<String, u64>) -> u64 {
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
