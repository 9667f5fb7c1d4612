//! Near a window's limit calls go out at an even burn: seen at upstream, on a clock that runs fast.

use crate::harness::{Setup, Upstream, nanos, until};
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn from_80_percent_of_the_hour_on_money_goes_out_a_sixtieth_a_minute_and_critical_work_at_once() {
    let upstream = Upstream::start().await;
    // Opus: 10,000 tokens of output are 20 cents.
    let usage = json!({"input_tokens": 0, "output_tokens": 10_000});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_HOUR_USD", 20)
        .set("ANVIL_PRESSURE_DOWNGRADE", false)
        .set("ANVIL_JOBS_CALLS", 200)
        .start()
        .await;
    let rest = host.rest();
    let job = |calls: u64, priority: &str| {
        json!({
            "agent": "asker", "action": "ask", "priority": priority,
            "payload": {"prompt": "Spend.", "calls": calls, "max_output_tokens": 10_000, "effort": "complex"},
        })
    };
    // 16 of the 20 dollars go out as fast as they can.
    let fast = rest.post("/api/v1/jobs", &job(80, "normal")).await;
    rest.succeeded(fast["id"].as_str().expect("an id"), PATIENCE).await;
    assert_eq!(nanos(&rest.status().await["spend"]["hour"]["spent_usd"]), 16_000_000_000);

    // A sixtieth of 20 dollars a minute is 20 cents in 36 seconds.
    let slow = rest.post("/api/v1/jobs", &job(12, "normal")).await;
    let slow = slow["id"].as_str().expect("an id").to_owned();
    let waiting = until("the job says what it waits for", PATIENCE, async || {
        let job = rest.job(&slow).await;
        job["waiting_for"]["detail"].as_str().filter(|why| why.contains("evenly")).map(str::to_owned)
    })
    .await;
    assert!(waiting.contains("hour"), "{waiting}");
    let before = upstream.bill().await.requests;
    let critical = rest.post("/api/v1/jobs", &job(1, "critical")).await;
    rest.succeeded(critical["id"].as_str().expect("an id"), PATIENCE).await;
    assert_eq!(upstream.bill().await.requests, before + 1, "the critical call went out at once, and alone");

    let began: jiff::Timestamp = rest.drive(Duration::ZERO, 60.0).await.parse().expect("a time");
    let done = rest.succeeded(&slow, PATIENCE).await;
    let ended: jiff::Timestamp = done["finished_at"].as_str().expect("a time").parse().expect("a time");
    let took = ended.duration_since(began).as_secs_f64();
    // Eleven waits of 36 seconds, and those that the critical call has to pay back.
    println!("12 calls took {took:.0} s of the host's time");
    assert!((11.0 * 36.0 * 0.9..20.0 * 36.0).contains(&took), "{took} s");

    // A raised limit ends it at once.
    rest.drive(Duration::ZERO, 1.0).await;
    let last = rest.post("/api/v1/jobs", &job(30, "normal")).await;
    let last = last["id"].as_str().expect("an id").to_owned();
    rest.limits(&json!({"hour_usd": 2_000})).await;
    rest.succeeded(&last, PATIENCE).await;
}
