//! The whole host stands still for longer than a lease, and wakes: every job ends once.

use crate::harness::{Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
const JOBS: usize = 12;
const CALLS: usize = 4;
/// How long the host stands still: twice its leases.
const FROZEN: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_host_that_was_stopped_for_longer_than_its_leases_ends_every_job_once() {
    let upstream = Upstream::start().await;
    upstream.first_byte_after(Duration::from_millis(400)).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 6)
        .set("ANVIL_JOBS_LEASE_S", FROZEN.as_secs() / 2)
        .set("ANVIL_JOBS_HEARTBEAT_S", 1)
        .start()
        .await;
    let mut ids = Vec::new();
    for job in 0..JOBS {
        let payload = json!({"prompt": format!("frozen {job:02}"), "calls": CALLS, "max_output_tokens": 100});
        ids.push(host.rest().submit("asker", "ask", payload).await);
    }
    for _ in 0..2 {
        // In the middle: with calls under way, and answers on their way.
        let before = upstream.bill().await.requests;
        until("calls are under way", PATIENCE, async || {
            let bill = upstream.bill().await;
            (bill.in_flight >= 3 && bill.requests > before).then_some(())
        })
        .await;
        host.freeze();
        // Standing still is what is tested; there is nothing to wait for.
        tokio::time::sleep(FROZEN).await;
        host.thaw();
    }
    for id in &ids {
        let job = host.rest().succeeded(id, PATIENCE).await;
        assert_eq!((&job["attempts"], nanos(&job["held_usd"])), (&json!(1), 0), "{job:#}");
        let replies = job["result"]["replies"].as_array().expect("replies");
        assert_eq!(replies.len(), CALLS);
        let states = host.rest().states(id).await;
        let ends = states.iter().filter(|state| *state == "succeeded").count();
        assert_eq!((ends, states.last().map(String::as_str)), (1, Some("succeeded")), "{states:?}");
    }
    let bill = until("upstream is idle", PATIENCE, async || {
        Some(upstream.bill().await).filter(|bill| bill.in_flight == 0)
    })
    .await;
    let ledger = host.rest().ledger().await;
    assert!(ledger.iter().all(|call| call["state"] != "held"), "money is held at idle");
    // Nothing was cut, so whatever upstream answered is settled by its usage, also where the lease was lost.
    let cost: i64 = ledger.iter().map(|call: &Value| nanos(&call["cost_usd"])).sum();
    let unknown = ledger.iter().filter(|call| call["state"] == "unknown").count();
    println!(
        "{} requests for {} calls, {unknown} unknown; ledger {cost}, bill {} nano-dollars",
        bill.requests,
        JOBS * CALLS,
        bill.nano_dollars
    );
    assert!(cost >= bill.nano_dollars);
}
