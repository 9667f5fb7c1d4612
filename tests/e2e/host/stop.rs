//! How a host stops: in order, and at once at the second signal. Nothing is lost either way.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

async fn host(upstream: &Upstream) -> Host {
    let setup = Setup::new().agent("asker").simulated_by(upstream).set("ANVIL_PRESET", "unlimited-dev");
    // Two slots for ordinary jobs, so that others wait.
    setup.set("ANVIL_LIMITS_AGENTS_MIN", 3).set("ANVIL_LIMITS_AGENTS_MAX", 3).start().await
}

async fn submit(host: &Host, prompt: &str, calls: u64) -> String {
    let payload = json!({"prompt": prompt, "calls": calls, "max_output_tokens": 100});
    host.rest().submit("asker", "ask", payload).await
}

/// Every job has succeeded in its first attempt, and no money is held.
async fn all_succeed(host: &Host, ids: &[String]) {
    for id in ids {
        let job = host.rest().succeeded(id, PATIENCE).await;
        assert_eq!((&job["attempts"], nanos(&job["held_usd"])), (&json!(1), 0), "{job:#}");
    }
    let ledger = host.rest().ledger().await;
    assert!(ledger.iter().all(|call| call["state"] != "held"), "{ledger:#?}");
}

#[tokio::test]
async fn a_host_that_is_told_to_stop_ends_what_is_short_and_gives_back_the_rest() {
    let upstream = Upstream::start().await;
    let slowly = |ms: u64| json!({"latency": {"first_byte_ms": ms}});
    let matches = json!([
        {"contains": "Short", "items": [slowly(1_500)], "repeat": true},
        {"contains": "Long", "items": [slowly(400)], "repeat": true},
    ]);
    upstream.script(&json!({"matches": matches})).await;
    let mut host = host(&upstream).await;
    let long = submit(&host, "Long", 10).await;
    until("the long one has got answers", PATIENCE, async || {
        (upstream.bill().await.requests >= 2).then_some(())
    })
    .await;
    let short = submit(&host, "Short", 1).await;
    let later = submit(&host, "Later", 1).await;
    until("the short one is under way", PATIENCE, async || {
        upstream.asked().await.contains_key("Short (1 of 1)").then_some(())
    })
    .await;
    let ids = [short, long, later];
    let (status, said) = host.stop().await;
    assert!(status.success(), "{status}: {said}");
    assert!(!said.contains("ERROR"), "it stops in order, and says nothing else: {said}");
    let before = upstream.asked().await;
    assert_eq!(upstream.bill().await.in_flight, 0, "calls under way came to their end");

    assert!(!before.contains_key("Later (1 of 1)"), "nothing was begun after the signal");
    let stopped = jiff::Timestamp::now();

    host.start().await;
    all_succeed(&host, &ids).await;
    let ended = host.rest().job(&ids[0]).await["finished_at"].as_str().expect("a time").to_owned();
    let ended: jiff::Timestamp = ended.parse().expect("a time");
    assert!(ended <= stopped, "what was short ended before the host did");
    let bill = upstream.bill().await;
    assert_eq!(bill.requests, 12, "nothing was asked twice");
    let spend = host.rest().status().await["spend"].clone();
    assert_eq!(nanos(&spend["total_usd"]), bill.nano_dollars);
    assert_eq!(nanos(&spend["hour"]["unknown_usd"]), 0);
}

#[tokio::test]
async fn every_signal_that_ends_a_terminal_or_a_session_stops_a_host_in_order() {
    let upstream = Upstream::start().await;
    let slowly = json!({"latency": {"first_byte_ms": 1_000}});
    upstream.script(&json!({"matches": [{"contains": "Slow", "items": [slowly], "repeat": true}]})).await;
    let mut host = host(&upstream).await;
    let mut ids = Vec::new();
    for (number, signal) in [Signal::HUP, Signal::QUIT, Signal::INT].into_iter().enumerate() {
        let prompt = format!("Slow {number}");
        ids.push(submit(&host, &prompt, 1).await);
        until("its call is under way", PATIENCE, async || {
            upstream.asked().await.contains_key(&format!("{prompt} (1 of 1)")).then_some(())
        })
        .await;
        host.tell(signal);
        let (status, said) = host.ended().await;
        assert!(status.success(), "{signal:?}: {status}: {said}");
        host.start().await;
    }
    all_succeed(&host, &ids).await;
    assert_eq!(upstream.bill().await.requests, 3, "nothing was asked twice");
    let spend = host.rest().status().await["spend"].clone();
    assert_eq!(nanos(&spend["hour"]["unknown_usd"]), 0);
}

#[tokio::test]
async fn a_second_signal_stops_at_once_and_nothing_is_lost() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    upstream.script(&json!({"matches": [{"contains": "(2 of 2)", "items": [hangs, hangs]}]})).await;
    let mut host = host(&upstream).await;
    let mut ids = Vec::new();
    for job in 0..5 {
        ids.push(submit(&host, &format!("Job {job}"), 2).await);
    }
    until("two hang", PATIENCE, async || (upstream.bill().await.in_flight == 2).then_some(())).await;
    host.tell_to_stop();
    until("the first signal is heard", PATIENCE, async || host.said().contains("Stopping").then_some(()))
        .await;
    let told = Instant::now();
    host.tell_to_stop();
    let (status, said) = host.ended().await;
    // The first would have waited for ten seconds.
    assert!(told.elapsed() < Duration::from_secs(8), "{:?}", told.elapsed());
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("Stopped at once"), "{said}");

    host.start().await;
    all_succeed(&host, &ids).await;
    let ledger = host.rest().ledger().await;
    let unknown: Vec<&Value> = ledger.iter().filter(|call| call["state"] == "unknown").collect();
    assert_eq!(unknown.len(), 2, "the two that were under way: {unknown:#?}");
    let asked = upstream.asked().await;
    for job in 0..5 {
        assert_eq!(asked[&format!("Job {job} (1 of 2)")], 1, "what was answered is not asked again");
    }
    let total = nanos(&host.rest().status().await["spend"]["total_usd"]);
    assert!(total >= upstream.bill().await.nano_dollars);
}
