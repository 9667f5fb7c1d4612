//! The two ways to run again: a retry after the guest failed, and a resume after the host did.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

async fn scene(upstream: &Upstream) -> Host {
    let setup = Setup::new().agent("asker").simulated_by(upstream).set("ANVIL_PRESET", "unlimited-dev");
    // A lease outlasts what the clock is driven by while a job runs.
    setup.set("ANVIL_JOBS_BACKOFF_S", 0.05).set("ANVIL_JOBS_LEASE_S", 3_600).start().await
}

#[tokio::test]
async fn a_retry_asks_the_bad_third_reply_anew_and_sends_none_of_the_good_ones_again() {
    let upstream = Upstream::start().await;
    let script = json!({"matches": [{"contains": "(3 of 5)", "items": ["a bad reply"]}], "items": ["fine"], "repeat": true});
    upstream.script(&script).await;
    let host = scene(&upstream).await;
    let payload = json!({"prompt": "Five of them", "calls": 5, "max_output_tokens": 100, "reject": "bad"});
    let id = host.rest().submit("asker", "ask", payload).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!(job["attempts"], 2);
    let attempts = job["attempt_history"].as_array().expect("attempts");
    assert_eq!(attempts[0]["error"]["kind"], "bad-reply", "{attempts:#?}");
    let origins: Vec<&str> = job["result"]["replies"]
        .as_array()
        .expect("replies")
        .iter()
        .map(|reply| reply["origin"].as_str().expect("an origin"))
        .collect();
    assert_eq!(origins, ["journal", "journal", "live", "live", "live"]);
    let asked = upstream.asked().await;
    let times: Vec<usize> = (1..=5).map(|call| asked[&format!("Five of them ({call} of 5)")]).collect();
    assert_eq!(times, [1, 1, 2, 1, 1]);
    // The bad one was paid too, and nothing is unknown.
    let bill = upstream.bill().await;
    assert_eq!((nanos(&job["cost_usd"]), nanos(&job["unknown_usd"])), (bill.nano_dollars, 0));
    assert_eq!(bill.billed_calls, 6);
}

/// What the guest saw each time it looked, by its log.
async fn seen(host: &Host, id: &str) -> Vec<Value> {
    let lines = host.rest().all(&format!("/api/v1/jobs/{id}/log?limit=500")).await;
    let lines = lines.iter().filter(|line| line["source"] == "guest");
    lines.map(|line| serde_json::from_str(line["line"].as_str().expect("a line")).expect("JSON")).collect()
}

#[tokio::test]
async fn what_a_guest_saw_of_money_and_time_it_sees_again_and_pays_nothing_for_it() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    upstream.script(&json!({"matches": [{"contains": "Look (3 of 5)", "items": [hangs]}]})).await;
    let mut host = scene(&upstream).await;
    let payload = json!({"prompt": "Look", "calls": 5, "max_output_tokens": 100, "look": true});
    let id = host.rest().submit("asker", "ask", payload).await;
    let before = until("it has looked three times and hangs", PATIENCE, async || {
        Some(seen(&host, &id).await).filter(|seen| seen.len() == 3)
    })
    .await;
    until("the third call hangs", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(()))
        .await;
    host.kill().await;
    host.start().await;
    // Meanwhile others spend, and half an hour passes: live, it would see another world.
    host.rest().drive(Duration::from_mins(30), 1.0).await;
    let other = json!({"prompt": "Spend", "calls": 3, "max_output_tokens": 1_000});
    let other = host.rest().submit("asker", "ask", other).await;
    host.rest().succeeded(&other, PATIENCE).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    let looks = job["result"]["looks"].as_array().expect("what it saw");
    assert_eq!(looks.len(), 6);
    assert_eq!(looks[..3], before[..], "a replay sees what it saw");
    assert_eq!(seen(&host, &id).await, *looks, "each line of the log is written once, and in order");
    let times: Vec<u64> = looks.iter().map(|look| look["time_ns"].as_u64().expect("a time")).collect();
    assert!(times.is_sorted(), "{times:?}");
    let calls: Vec<u64> = looks.iter().map(|look| look["calls"].as_u64().expect("a number")).collect();
    assert!(calls.is_sorted_by(|one, next| one > next), "{calls:?}");
    let asked = upstream.asked().await;
    let times: Vec<usize> = (1..=5).map(|call| asked[&format!("Look ({call} of 5)")]).collect();
    assert_eq!(times, [1, 1, 2, 1, 1]);
    let ledger = host.rest().ledger().await;
    assert_eq!(
        ledger.iter().filter(|call| call["job"] == *id).count(),
        6,
        "five calls, and one of unknown outcome"
    );
    let spend = host.rest().status().await["spend"].clone();
    assert!(nanos(&spend["total_usd"]) >= upstream.bill().await.nano_dollars);
    // Nor does a replay of the whole: it is told where each answer came from as the last run was.
    let replayed = host.rest().send_bytes(&format!("/api/v1/jobs/{id}/replay"), Vec::new()).await.json();
    assert_eq!((&replayed["differences"], &replayed["same_end"]), (&json!([]), &json!(true)), "{replayed:#}");
}
