//! A batch of many calls goes through a host that does not grow by it.
//!
//! `ANVIL_TEST_BATCH_JOBS=100000`: the full size.

use crate::harness::{Setup, Upstream, nanos, until};
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use std::time::Duration;

/// Jobs of one call, all of one batch, in CI.
const JOBS: u64 = 300;
/// The most that the host grows by, MiB.
const MOST_MIB: u64 = 100;
/// Enough for a hundred thousand.
const PATIENCE: Duration = Duration::from_mins(55);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_many_calls_goes_as_a_stream_and_the_host_stays_small() {
    let jobs = std::env::var("ANVIL_TEST_BATCH_JOBS").map_or(JOBS, |jobs| jobs.parse().expect("a number"));
    let upstream = Upstream::start_with("[batches]\nstart_ms = 100\nitems_per_minute = 100000000\n").await;
    upstream.script(&json!({"items": ["a few words"], "repeat": true})).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_QUEUE_MAX", jobs + 1_000)
        .set("ANVIL_LIMITS_AGENTS_MIN", 4)
        .set("ANVIL_LIMITS_AGENTS_MAX", 4)
        .set("ANVIL_SAVING_BATCH_CALLS", jobs)
        .set("ANVIL_SAVING_BATCH_WAIT_S", 86_400)
        .set("ANVIL_SAVING_BATCH_LOOK_S", 1)
        .start()
        .await;
    let rest = host.rest();
    // What is idle has seen such jobs.
    for job in 0..100 {
        let payload = json!({"prompt": format!("Warm {job}"), "calls": 1, "max_output_tokens": 100});
        rest.succeeded(&rest.submit("asker", "ask", payload).await, Duration::from_mins(1)).await;
    }
    let idle = host.resident_kib();
    let text = "words ".repeat(170);
    let submit = async |job: u64| {
        let payload = json!({"prompt": format!("{job} {text}"), "calls": 1, "max_output_tokens": 100});
        let body = json!({"agent": "asker", "action": "ask", "payload": payload, "economy": true});
        rest.post("/api/v1/jobs", &body).await;
        host.resident_kib().saturating_sub(idle)
    };
    let grown = stream::iter(0..jobs).map(submit).buffer_unordered(16);
    let mut most = grown.fold(0, async |most: u64, grown| grown.max(most)).await;
    until("all have succeeded", PATIENCE, async || {
        most = most.max(host.resident_kib().saturating_sub(idle));
        let queue = rest.status().await["queue"].clone();
        (queue["succeeded"] == json!(jobs + 100)).then_some(())
    })
    .await;
    let view = rest.get("/api/v1/batches").await;
    let batches = view["batches"].as_array().expect("batches");
    assert_eq!((batches.len(), &batches[0]["calls"]), (1, &json!(jobs)), "{view:#}");
    assert_eq!(upstream.bill().await.nano_dollars, nanos(&rest.status().await["spend"]["total_usd"]));
    println!("{jobs} calls: {idle} KiB idle, {most} KiB more at most");
    assert!(most < MOST_MIB * 1_024, "{most} KiB more than idle");
}
