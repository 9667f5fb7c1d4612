//! Hostile guests in every slot but one: each ends by name within its limit, and who behaves well hardly notices.
//!
//! Measures time, so it has the machine to itself (`.config/nextest.toml`, `tests/run`).

use crate::harness::{Host, Rest, Setup, until};
use anvil_sandbox::testing::hostile;
use serde_json::{Value, json};
use std::time::Duration;

/// A guest, and the name that its attempt ends by.
struct Crime {
    guest: &'static str,
    ends_by: &'static str,
    /// How many of it there are. Those that end at once and are tried again have to be many, to keep slots busy.
    jobs: usize,
}

const CRIMES: [Crime; 4] = [
    Crime { guest: "spins-forever", ends_by: "cpu-time", jobs: 3 },
    Crime { guest: "sleeps-in-a-host-call", ends_by: "wall-time", jobs: 2 },
    Crime { guest: "recurses", ends_by: "stack", jobs: 20 },
    Crime { guest: "eats-memory", ends_by: "memory", jobs: 165 },
];

/// What `jobs.cpu_s` is by default.
const CPU_LIMIT: Duration = Duration::from_secs(15);
/// What `jobs.wall_s` is by default.
const WALL_LIMIT: Duration = Duration::from_mins(1);
/// Over a limit of time: a tick, the store, and a machine that is busy with the others.
const GRACE: Duration = Duration::from_secs(5);

/// The most that a job may be slowed down.
const MOST: f64 = 1.5;
/// Jobs in one measurement, of which the median counts.
const JOBS: usize = 7;

/// How long well-behaved jobs take in the slot that is kept for critical ones, one after the other.
async fn median(rest: &Rest) -> Duration {
    let mut times = Vec::new();
    for _ in 0..JOBS {
        let body = json!({
            "agent": "code-generator", "action": "generate", "priority": "critical",
            "payload": {"requirements": "Build a login form"},
        });
        let job = rest.post("/api/v1/jobs", &body).await;
        let job = rest.succeeded(job["id"].as_str().expect("an id"), Duration::from_mins(1)).await;
        times.push(between(&job["created_at"], &job["finished_at"]));
    }
    times.sort();
    times[JOBS / 2]
}

/// How long it was between two times that a host told.
pub(super) fn between(from: &Value, to: &Value) -> Duration {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (from, to) = (time(from).expect("a time"), time(to).expect("a time"));
    to.duration_since(from).unsigned_abs()
}

/// Waits until an attempt of one of these jobs has ended by this name, and gives the attempt.
///
/// Those that compute share a processor: beside many others the wall's limit may be reached before the processor's.
async fn ended_by(rest: &Rest, jobs: &[String], name: &str, within: Duration) -> Value {
    until(&format!("a guest ends by {name}"), within, async || {
        for job in jobs {
            let job = rest.job(job).await;
            for attempt in job["attempt_history"].as_array().expect("the attempts") {
                match attempt["error"]["kind"].as_str() {
                    Some(kind) if kind == name => return Some(attempt.clone()),
                    Some(kind) => assert!(name != "wall-time" && kind == "wall-time", "not {name}: {job:#}"),
                    None => {}
                }
            }
        }
        None
    })
    .await
}

/// Switches all criminals on or off.
async fn switch(rest: &Rest, which: &str) {
    for crime in &CRIMES {
        rest.post(&format!("/api/v1/agents/{}/{which}", crime.guest), &json!({})).await;
    }
}

async fn host() -> Host {
    // Each is to break more often than a version may.
    let mut setup = Setup::new()
        .agent("code-generator")
        .set("ANVIL_PLUGINS_QUARANTINE_TRAPS", 0)
        // So that who behaves well waits for slots and processors alone, and is done before the others are.
        .set("ANVIL_LIMITS_OUTPUT_TOKENS_PER_MINUTE", 1_000_000)
        .set("ANVIL_LIMITS_INPUT_TOKENS_PER_MINUTE", 1_000_000);
    for crime in &CRIMES {
        setup = setup.plugin(&format!("{}.wasm", crime.guest), &hostile(crime.guest).component());
    }
    setup.start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn guests_that_loop_eat_recurse_and_sleep_end_by_name_and_slow_the_last_slot_down_by_less_than_half() {
    let host = host().await;
    let rest = host.rest();
    let before = median(rest).await;

    let mut criminals: Vec<Vec<String>> = Vec::new();
    switch(rest, "disable").await;
    for crime in &CRIMES {
        let mut jobs = Vec::new();
        for _ in 0..crime.jobs {
            jobs.push(rest.submit(crime.guest, "run", json!({})).await);
        }
        criminals.push(jobs);
    }
    // All at once: slots rise with the queue at first, and then not for some minutes.
    switch(rest, "enable").await;
    let status = until("all slots but one are taken", Duration::from_secs(30), async || {
        let status = rest.status().await;
        let agents = &status["agents"];
        let number = |name: &str| agents[name].as_u64().expect("a number");
        (number("slots") == number("max") && number("running") + 1 >= number("slots")).then_some(status)
    })
    .await;
    let under_load = median(rest).await;
    let waiting = rest.status().await["queue"]["queued"].as_u64().expect("a number");
    assert!(waiting > 0, "hostile jobs wait for a slot to the end, so all slots but the last were taken");

    println!(
        "a job beside {} hostile guests takes {under_load:?}, alone {before:?}",
        status["agents"]["running"]
    );

    let [spinning, sleeping, recursing, eating] = criminals.as_slice() else { panic!("four crimes") };
    let mut ends = Vec::new();
    for (crime, jobs) in CRIMES.iter().zip([&spinning[..1], sleeping, recursing, eating]).skip(1) {
        ends.push((crime.guest, ended_by(rest, jobs, crime.ends_by, WALL_LIMIT * 3).await));
    }
    // The last that loops has its processor to itself from here on.
    for job in spinning[1..].iter().chain(eating).chain(recursing).chain(sleeping) {
        // Those that have failed for good already say so, and need no more.
        let path = format!("/api/v1/jobs/{job}/cancel");
        rest.send(reqwest::Method::POST, &path, None).await.expect("the host answers");
    }
    ends.push(("spins-forever", ended_by(rest, &spinning[..1], "cpu-time", WALL_LIMIT * 4).await));
    let after = median(rest).await;

    for (guest, attempt) in &ends {
        let took = between(&attempt["started_at"], &attempt["ended_at"]);
        println!("{guest} ended after {took:?}: {}", attempt["error"]["message"]);
        if *guest == "sleeps-in-a-host-call" {
            assert!((WALL_LIMIT..WALL_LIMIT + GRACE).contains(&took), "{guest}: {took:?}");
        }
        if *guest == "spins-forever" {
            assert!(took >= CPU_LIMIT, "time on a processor is no longer than time: {took:?}");
        }
    }
    // A machine that is busy with something else now and then is so alone too.
    let alone = before.max(after);
    let ratio = under_load.as_secs_f64() / alone.as_secs_f64();
    println!("alone {before:?} before and {after:?} after: {ratio:.2} times as long beside the others");
    assert!(ratio <= MOST, "a well-behaved job takes {ratio:.2} times as long beside hostile ones");
}
