//! An hour without money: who has paid one call waits for the next hour, outside of memory, and pays nothing twice.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
const JOBS: usize = 150;
/// What the filler leaves of the hour is less than the hold of anybody's second call.
const HOUR_USD: u64 = 10;

fn prompt(job: usize) -> String {
    format!("Patient {job:03}")
}

async fn parked(host: &Host) -> Vec<Value> {
    host.rest().all("/api/v1/jobs?state=parked&limit=500").await
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().expect("a time")
}

#[tokio::test]
async fn an_empty_hour_parks_150_jobs_and_fails_none() {
    let upstream = Upstream::start().await;
    let dear = json!({"text": "dear", "usage": {"input_tokens": 0, "output_tokens": 100_000}});
    let cheap = json!({"text": "cheap", "usage": {"input_tokens": 10, "output_tokens": 10}});
    let script = json!({
        "matches": [{"contains": "Fill", "items": [dear], "repeat": true}], "items": [cheap], "repeat": true,
    });
    upstream.script(&script).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_HOUR_USD", HOUR_USD)
        .set("ANVIL_LIMITS_AGENTS_MIN", 10)
        .set("ANVIL_LIMITS_AGENTS_MAX", 10)
        .set("ANVIL_PRESSURE_THROTTLE", false)
        .set("ANVIL_PRESSURE_DOWNGRADE", false)
        .start()
        .await;
    let rest = host.rest();
    let ask = |prompt: &str, calls: u64, first: u64, later: u64| {
        json!({
            "prompt": prompt, "calls": calls, "max_output_tokens": first, "later_max_output_tokens": later,
            "effort": "complex",
        })
    };
    // As many jobs as will wait, so that what is idle has seen them.
    let mut warm = Vec::new();
    for job in 0..JOBS {
        warm.push(rest.submit("asker", "ask", ask(&format!("Warm {job:03}"), 2, 100, 100)).await);
    }
    for id in &warm {
        rest.succeeded(id, PATIENCE).await;
    }
    let idle = host.resident_kib();
    // Four of the five calls of two dollars that fit into the hour.
    let filler = rest.submit("asker", "ask", ask("Fill", 4, 100_000, 100_000)).await;
    rest.succeeded(&filler, PATIENCE).await;

    let mut ids = Vec::new();
    let mut most = 0;
    for job in 0..JOBS {
        ids.push(rest.submit("asker", "ask", ask(&prompt(job), 2, 100, 100_000)).await);
        most = most.max(host.resident_kib());
    }
    let waiting = until("all are parked", PATIENCE, async || {
        most = most.max(host.resident_kib());
        Some(parked(&host).await).filter(|jobs| jobs.len() == JOBS)
    })
    .await;
    let now = time(&rest.get("/api/v1/clock").await["now"]);
    let (mut first, mut last) = (jiff::Timestamp::MAX, now);
    for job in &waiting {
        let wait = &job["waiting_for"];
        assert_eq!((&wait["reason"], &job["calls"]), (&json!("money"), &json!(1)), "{job:#}");
        let until = time(&wait["until"]);
        assert!(until > now && until.duration_since(now).as_secs() <= 3_660, "{job:#}");
        assert_eq!(nanos(&job["held_usd"]), 0);
        (first, last) = (first.min(until), last.max(until));
    }
    let status = rest.status().await;
    assert_eq!((&status["queue"]["failed"], &status["agents"]["running"]), (&json!(0), &json!(0)));
    let at_rest = until("the memory falls to within a tenth of what idle takes", PATIENCE, async || {
        Some(host.resident_kib()).filter(|resident| *resident <= idle + idle / 10)
    })
    .await;
    println!("resident: {idle} KiB idle, at most {most} KiB, {at_rest} KiB with {JOBS} jobs parked");

    // Before its time nobody goes on, at its time everybody does.
    let asked = upstream.bill().await.requests;
    let left = |time: jiff::Timestamp| Duration::try_from(time.duration_since(now)).expect("it is to come");
    let nearly = left(first).saturating_sub(Duration::from_secs(40));
    rest.drive(nearly, 1.0).await;
    assert_eq!((parked(&host).await.len(), upstream.bill().await.requests), (JOBS, asked));
    rest.drive(left(last).saturating_sub(nearly) + Duration::from_secs(1), 1.0).await;
    for id in &ids {
        rest.succeeded(id, PATIENCE).await;
    }
    assert_eq!(upstream.bill().await.requests, asked + JOBS as u64);
    let asked = upstream.asked().await;
    for job in 0..JOBS {
        for call in 1..=2 {
            assert_eq!(asked[&format!("{} ({call} of 2)", prompt(job))], 1, "call {call} of job {job}");
        }
    }
    let spend = rest.status().await["spend"].clone();
    assert_eq!(nanos(&spend["total_usd"]), upstream.bill().await.nano_dollars);
    assert_eq!((nanos(&spend["hour"]["held_usd"]), nanos(&spend["hour"]["unknown_usd"])), (0, 0));
}
