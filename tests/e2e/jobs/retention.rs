//! Retention: finished jobs go, what they cost stays.

use crate::harness::{Setup, Upstream, nanos, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// There is a look for what is old every minute.
const A_LOOK_LATER: Duration = Duration::from_secs(61);

#[tokio::test]
async fn jobs_beyond_the_count_that_is_kept_go_and_every_sum_stays() {
    let upstream = Upstream::start().await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let mut host = setup.set("ANVIL_RETENTION_FINISHED_JOBS", 2).start().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        let payload = json!({
            "prompt": format!("Number {number}"), "max_output_tokens": 100,
            "files": {"notes.md": "kept as long as its job"},
        });
        let id = host.rest().submit("asker", "ask", payload).await;
        host.rest().succeeded(&id, PATIENCE).await;
        ids.push(id);
    }
    let total = host.rest().status().await["spend"]["total_usd"].clone();
    let (ledger, spend) = (host.rest().ledger().await, host.rest().get("/api/v1/spend?by=agent").await);
    assert_eq!((ledger.len(), nanos(&total)), (5, upstream.bill().await.nano_dollars));

    host.rest().drive(A_LOOK_LATER, 1.0).await;
    ids.reverse();
    let kept = |jobs: &[Value]| -> Vec<String> {
        jobs.iter().map(|job| job["id"].as_str().expect("an id").to_owned()).collect()
    };
    until("the older ones go", PATIENCE, async || (host.rest().jobs().await.len() < 5).then_some(())).await;
    assert_eq!(kept(&host.rest().jobs().await), ids[..2]);
    for part in ["", "/artifacts", "/calls"] {
        let path = format!("/api/v1/jobs/{}{part}", ids[4]);
        let gone = host.rest().send(Method::GET, &path, None).await.expect("the host answers");
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{path}: {}", gone.text());
    }
    assert_eq!(host.rest().artifacts(&ids[0]).await["notes.md"], b"kept as long as its job");

    for life in ["this", "the next"] {
        assert_eq!(host.rest().status().await["spend"]["total_usd"], total, "in {life} life");
        assert_eq!(host.rest().ledger().await, ledger, "in {life} life");
        assert_eq!(
            host.rest().get("/api/v1/spend?by=agent").await["items"],
            spend["items"],
            "in {life} life"
        );
        assert_eq!(kept(&host.rest().jobs().await), ids[..2], "in {life} life");
        if life == "this" {
            host.kill().await;
            host.start().await;
        }
    }
}
