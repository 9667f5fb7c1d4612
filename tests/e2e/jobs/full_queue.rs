//! A full queue: a critical job still starts at once, and whoever comes after the last place is told so.

use crate::harness::{Setup, Upstream, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// The most unfinished jobs, by default.
const PLACES: u64 = 200;

fn body(priority: &str, prompt: &str) -> Value {
    json!({"agent": "asker", "action": "ask", "priority": priority, "payload": {"prompt": prompt}})
}

#[tokio::test]
async fn behind_199_waiting_jobs_a_critical_one_starts_within_a_second_and_the_next_is_refused() {
    let upstream = Upstream::start().await;
    // Whoever runs goes on running: an hour of the simulator's.
    let hangs = json!({"text": "at last", "latency": {"first_byte_ms": 3_600_000}});
    upstream.script(&json!({"matches": [{"contains": "Ordinary", "items": [hangs], "repeat": true}]})).await;
    let host = Setup::new().agent("asker").simulated_by(&upstream).start().await;
    let rest = host.rest();
    let mut ids = Vec::new();
    for _ in 1..PLACES {
        let job = rest.post("/api/v1/jobs", &body("normal", "Ordinary")).await;
        ids.push(job["id"].as_str().expect("an id").to_owned());
    }
    let queue = until("all slots for ordinary jobs are busy", PATIENCE, async || {
        let status = rest.status().await;
        let busy =
            status["agents"]["running"].as_u64() >= status["agents"]["slots"].as_u64().map(|slots| slots - 1);
        busy.then(|| status["queue"].clone())
    })
    .await;
    // Some may have begun already, and wait for the pace.
    let waiting = ["queued", "parked"].map(|state| queue[state].as_u64().expect("a number"));
    assert!(waiting.iter().sum::<u64>() >= PLACES - 13, "{queue:#}");

    let critical = rest.post("/api/v1/jobs", &body("critical", "At once")).await;
    let job = rest.succeeded(critical["id"].as_str().expect("an id"), PATIENCE).await;
    let time =
        |name: &str| -> jiff::Timestamp { job[name].as_str().expect("a time").parse().expect("a time") };
    let waited = time("started_at").duration_since(time("created_at"));
    println!("the critical job started {waited:?} after it was submitted");
    assert!(waited.as_secs_f64() < 1.0, "{waited:?}");

    // It has ended, so there is one place more: for the 200th of those that wait.
    rest.post("/api/v1/jobs", &body("critical", "Ordinary, though critical")).await;
    for priority in ["normal", "critical"] {
        let refused = rest.send(Method::POST, "/api/v1/jobs", Some(&body(priority, "One too many"))).await;
        let refused = refused.expect("an answer");
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text());
        let problem = refused.json();
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains("200") && detail.contains("unfinished"), "{detail}");
    }
    let told = host.anvil(&["submit", "asker", "ask", "--payload", r#"{"prompt": "One too many"}"#]).await;
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.status.success() && said.contains("200"), "{said}");

    // Nothing that was accepted was dropped, and a place that becomes free is a place again.
    let counts = rest.status().await["queue"].clone();
    let unfinished: u64 = ["queued", "running", "parked", "scheduled"]
        .iter()
        .map(|state| counts[state].as_u64().expect("a number"))
        .sum();
    assert_eq!(unfinished, PLACES, "{counts:#}");
    let cancel = async |id: &String| rest.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await;
    cancel(&ids[198]).await;
    let refused = rest.send(Method::POST, "/api/v1/jobs", Some(&body("normal", "One too many"))).await;
    let refused = refused.expect("an answer").text();
    assert!(refused.contains("the last place is kept for critical jobs"), "{refused}");
    cancel(&ids[197]).await;
    rest.post("/api/v1/jobs", &body("normal", "Ordinary")).await;
}
