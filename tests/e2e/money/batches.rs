//! Batches, through the real binary: a host that is killed at random moments between gathering and result neither sends
//! nor pays twice.

use crate::harness::{Setup, Upstream, nanos, until};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
const JOBS: usize = 6;
/// How often the host is killed, unless `ANVIL_TEST_BATCH_KILLS` says otherwise.
const KILLS: usize = 4;
const SEED: u64 = 14;

fn from_env<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn submit(host: &crate::harness::Host, job: usize) -> String {
    let payload = json!({"prompt": format!("No hurry {job}"), "calls": 2, "max_output_tokens": 100});
    let body = json!({"agent": "asker", "action": "ask", "payload": payload, "economy": true,
        "idempotency_key": format!("economy {job}")});
    let job = host.rest().post("/api/v1/jobs", &body).await;
    job["id"].as_str().expect("an id").to_owned()
}

fn is_open(job: &Value) -> bool {
    !matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled"))
}

#[tokio::test]
async fn a_host_that_is_killed_between_gathering_and_result_neither_sends_nor_pays_twice() {
    let kills = from_env("ANVIL_TEST_BATCH_KILLS", KILLS);
    let seed = from_env("ANVIL_TEST_BATCH_SEED", SEED);
    println!("{kills} kills (ANVIL_TEST_BATCH_KILLS), seed {seed} (ANVIL_TEST_BATCH_SEED)");
    let mut random = StdRng::seed_from_u64(seed);
    let upstream = Upstream::start_with("[batches]\nstart_ms = 200\nitems_per_minute = 6000\n").await;
    upstream.script(&json!({"items": ["a few words"], "repeat": true})).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let mut host =
        setup.set("ANVIL_SAVING_BATCH_WAIT_S", 1).set("ANVIL_SAVING_BATCH_LOOK_S", 1).start().await;
    let mut jobs = Vec::new();
    for job in 0..JOBS {
        jobs.push(submit(&host, job).await);
    }
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..2_500))).await;
        host.kill().await;
        host.start().await;
    }
    // What was lost around a kill is unknown after a day; until then its job waits, whatever else happens.
    until("all jobs end", PATIENCE, async || {
        host.rest().drive(Duration::from_mins(40), 1.0).await;
        upstream.drive(Duration::from_mins(40), 1.0).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let all = host.rest().jobs().await;
        (!all.iter().any(is_open)).then_some(())
    })
    .await;
    let bill = upstream.bill().await;
    let ledger = host.rest().ledger().await;
    let cost = |state: &str| {
        let of_state = ledger.iter().filter(|call| call["state"] == state);
        of_state.map(|call| nanos(&call["cost_usd"])).sum::<i64>()
    };
    let held = host.rest().status().await["spend"]["day"]["held_usd"].clone();
    assert_eq!(nanos(&held), 0);
    // Nothing is paid that the ledger does not have, and nothing was asked twice that was answered.
    assert!(cost("settled") + cost("unknown") >= bill.nano_dollars, "{bill:?}");
    let answered = ledger.iter().filter(|call| call["state"] == "settled").count();
    assert_eq!(cost("settled"), bill.nano_dollars, "what was answered is what was billed: {bill:?}");
    assert_eq!(u64::try_from(answered).expect("few"), bill.billed_calls);
    let mut places: Vec<_> = ledger
        .iter()
        .filter(|call| call["state"] == "settled")
        .map(|call| (call["job"].to_string(), call["position"].to_string()))
        .collect();
    let all = places.len();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), all, "no question was paid twice");
    let succeeded = host.rest().jobs().await.iter().filter(|job| job["state"] == "succeeded").count();
    let unknown = ledger.iter().filter(|call| call["state"] == "unknown").count();
    assert!(succeeded == JOBS || unknown > 0, "{succeeded} of {JOBS} succeeded, {unknown} calls are unknown");
    for job in &jobs {
        assert_eq!(host.rest().job(job).await["economy"], true);
    }
}

#[tokio::test]
async fn a_job_in_no_hurry_waits_without_a_slot_and_tells_what_its_batch_saved() {
    let upstream = Upstream::start_with("[batches]\nstart_ms = 100\nitems_per_minute = 60000\n").await;
    upstream.script(&json!({"items": ["a few words"], "repeat": true})).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let host = setup
        .set("ANVIL_SAVING_BATCH_WAIT_S", 5)
        .set("ANVIL_SAVING_BATCH_LOOK_S", 1)
        .set("ANVIL_LIMITS_AGENTS_MIN", 1)
        .set("ANVIL_LIMITS_AGENTS_MAX", 1)
        .start()
        .await;
    let patient = submit(&host, 0).await;
    until("it waits", PATIENCE, async || {
        let job = host.rest().job(&patient).await;
        (job["waiting_for"]["reason"] == "batch").then_some(())
    })
    .await;
    // The only slot is free meanwhile.
    let payload = json!({"prompt": "At once", "calls": 1, "max_output_tokens": 100});
    host.rest().succeeded(&host.rest().submit("asker", "ask", payload).await, PATIENCE).await;
    let job = until("it ends", PATIENCE, async || {
        host.rest().drive(Duration::from_secs(20), 1.0).await;
        upstream.drive(Duration::from_secs(20), 1.0).await;
        let job = host.rest().job(&patient).await;
        (!is_open(&job)).then_some(job)
    })
    .await;
    assert_eq!((&job["state"], &job["batched"]), (&json!("succeeded"), &json!(2)), "{job:#}");
    assert_eq!(job["result"]["replies"][0]["origin"], "batch");
    assert_eq!(nanos(&job["batch_saved_usd"]), nanos(&job["cost_usd"]));
    let view = host.rest().get("/api/v1/batches").await;
    assert_eq!((&view["batched_today"], &view["waiting"]["calls"]), (&json!(2), &json!(0)), "{view:#}");
    assert_eq!(upstream.bill().await.nano_dollars, nanos(&host.rest().status().await["spend"]["total_usd"]));
}
