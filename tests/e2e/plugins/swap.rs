//! The file of an agent is replaced again and again, by good ones and bad ones, while its jobs run.

use crate::harness::{Host, Setup, until};
use anvil_sandbox::testing::hostile;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

const AGENT: &str = "asks-claude";
const FILE: &str = "asks-claude.wasm";
/// How often the file is replaced, by a good one and a bad one in turn.
const REPLACEMENTS: u32 = 50;
/// Jobs that are under way at each replacement, at least.
const IN_FLIGHT: u64 = 8;
/// Jobs that are there at any time, so that as many run.
const WAITING: u64 = 20;
/// After every so many replacements somebody goes back to the version before, while jobs run.
const ROLL_BACK_EVERY: u32 = 10;
const PATIENCE: Duration = Duration::from_mins(1);

/// The agent's component in this version.
fn version(n: u32) -> Vec<u8> {
    hostile(AGENT).version(&format!("1.0.{n}")).component()
}

/// What is no agent, in four ways.
fn bad(n: u32) -> Vec<u8> {
    let whole = version(n);
    match n % 4 {
        0 => whole[..whole.len() / 2].to_vec(),
        1 => b"Dear host, this is a text.".to_vec(),
        2 => hostile("imports-http").component(),
        _ => [b"\0asm\x0d\0\x01\0".as_slice(), &[0xff; 64]].concat(),
    }
}

/// The agent as it is shown.
async fn shown(host: &Host) -> Value {
    let agents = host.rest().get("/api/v1/agents").await;
    let items = agents["items"].as_array().expect("a list");
    items.iter().find(|agent| agent["name"] == AGENT).cloned().unwrap_or_default()
}

/// Keeps jobs waiting, and says how many run.
async fn fed(host: &Host, jobs: &mut Vec<String>) -> u64 {
    let status = host.rest().status().await;
    let number = |part: &str, name: &str| status[part][name].as_u64().expect("a number");
    let there = number("queue", "queued") + number("queue", "parked") + number("agents", "running");
    for _ in there..WAITING {
        jobs.push(host.rest().submit(AGENT, "run", json!({})).await);
    }
    number("agents", "running")
}

/// Goes back to the version before; jobs go on on it. Then forward again, or what comes next ends it.
async fn rolled_back(host: &Host, jobs: &mut Vec<String>, and_forward: bool) {
    let now = shown(host).await;
    host.rest().post(&format!("/api/v1/agents/{AGENT}/rollback"), &json!({})).await;
    let back = until("the version before is in force", PATIENCE, async || {
        fed(host, jobs).await;
        let back = shown(host).await;
        (back["digest"] != now["digest"] && back["state"] == "ready").then_some(back)
    })
    .await;
    assert_eq!(back["instead_of"]["cause"], "rolled_back", "{back:#}");
    // One that is submitted from here on begins on it.
    let id = host.rest().submit(AGENT, "run", json!({})).await;
    let job = until("a job has begun on it", PATIENCE, async || {
        fed(host, jobs).await;
        let job = host.rest().job(&id).await;
        job["plugin_digest"].is_string().then_some(job)
    })
    .await;
    assert_eq!(job["plugin_digest"], back["digest"], "{job:#}");
    jobs.push(id);
    if and_forward {
        host.rest().post(&format!("/api/v1/agents/{AGENT}/forward"), &json!({})).await;
        until("the file's version is in force again", PATIENCE, async || {
            fed(host, jobs).await;
            (shown(host).await["digest"] == now["digest"]).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_file_that_is_replaced_fifty_times_under_load_costs_no_job() {
    let least: usize =
        std::env::var("ANVIL_TEST_SWAP_JOBS").map_or(200, |jobs| jobs.parse().expect("a number"));
    let host = Setup::new()
        .plugin(FILE, &version(0))
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 10)
        .set("ANVIL_LIMITS_AGENTS_MAX", 10)
        .set("ANVIL_SIMULATOR_LATENCY_MS", 1_500)
        .start()
        .await;
    let mut jobs = Vec::new();
    let mut digests = BTreeSet::new();
    let mut flights = Vec::new();
    for n in 1..=REPLACEMENTS {
        let running = until("enough jobs run", PATIENCE, async || {
            let running = fed(&host, &mut jobs).await;
            (running >= IN_FLIGHT).then_some(running)
        })
        .await;
        flights.push(running);
        let before = shown(&host).await["digest"].clone();
        let is_good = n % 2 == 1;
        let bytes = if is_good { version(n) } else { bad(n / 2) };
        fs::write(host.plugins().join(FILE), bytes).expect("the file is replaced");
        until("the replacement is noticed", PATIENCE, async || {
            fed(&host, &mut jobs).await;
            let agent = shown(&host).await;
            let said = host.rest().get("/api/v1/agents").await;
            let rejected =
                said["items"].as_array().expect("a list").iter().any(|agent| agent["state"] == "rejected");
            if is_good {
                (agent["version"] == format!("1.0.{n}") && agent["state"] == "ready").then_some(())
            } else {
                assert_eq!(agent["digest"], before, "the last good version stays: {agent:#}");
                rejected.then_some(())
            }
        })
        .await;
        digests.insert(shown(&host).await["digest"].as_str().expect("a digest").to_owned());
        if n % ROLL_BACK_EVERY == ROLL_BACK_EVERY - 1 {
            rolled_back(&host, &mut jobs, n % (2 * ROLL_BACK_EVERY) == ROLL_BACK_EVERY - 1).await;
        }
    }
    while jobs.len() < least {
        until("there is room", PATIENCE, async || (fed(&host, &mut jobs).await < 10).then_some(())).await;
    }
    println!(
        "{} jobs, {REPLACEMENTS} replacements with {} to {} jobs in flight",
        jobs.len(),
        flights.iter().min().expect("some"),
        flights.iter().max().expect("some")
    );
    let mut ran_on = BTreeSet::new();
    for job in &jobs {
        let job = host.rest().succeeded(job, PATIENCE).await;
        assert_eq!(job["attempts"], 1, "no job is begun twice: {job:#}");
        ran_on.insert(job["plugin_digest"].as_str().expect("a digest").to_owned());
    }
    assert!(ran_on.len() > REPLACEMENTS as usize / 4, "jobs ran on many versions: {}", ran_on.len());
    let strange: Vec<_> = ran_on.iter().filter(|digest| !digests.contains(*digest)).collect();
    assert!(strange.len() <= 1, "each ran on a version that was in force: {strange:?}");
}
