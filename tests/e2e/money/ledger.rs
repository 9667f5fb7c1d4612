//! The ledger and the bill, call by call, while everything that can go wrong with a call does.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(5);
/// Calls that are asked for; those that are retried and those whose job ended early left out.
const CALLS: u64 = 12_000;
/// Calls of one job.
const OF_JOB: u64 = 4;
/// How likely each fault is.
const CHANCE: f64 = 0.012;

/// Each fault of one call, the state that the outcome table gives it, and whether its cost is known to
/// the nano-dollar. Those of the account are left out: after the first of them nothing goes out.
const FAULTS: [(&str, &str); 25] = [
    ("400", "released"),
    ("404", "released"),
    ("413", "released"),
    ("429", "released"),
    ("429-bare", "released"),
    ("500", "released"),
    ("503", "released"),
    ("529", "released"),
    ("502", "unknown"),
    ("504", "unknown"),
    ("502+billed", "unknown"),
    ("504+billed", "unknown"),
    ("close", "unknown"),
    ("close+billed", "unknown"),
    ("hang:8.000", "unknown"),
    ("cut:start", "unknown"),
    ("cut:1", "unknown"),
    ("cut:2", "unknown"),
    ("cut:5", "unknown"),
    ("cut:delta", "unknown"),
    ("cut:stop", "settled"),
    ("error:2", "unknown"),
    ("no-usage", "unknown"),
    ("no-usage:final", "unknown"),
    ("dup-delta", "settled"),
];

async fn look(host: &Host, upstream: &Upstream) -> u64 {
    // The bill first: what was billed by then is settled or held by now.
    let bill = upstream.bill().await;
    let status = host.rest().status().await;
    let spend = &status["spend"];
    let counted = nanos(&spend["total_usd"]) + nanos(&spend["hour"]["held_usd"]);
    assert!(counted >= bill.nano_dollars, "the ledger has {counted}, the bill {}", bill.nano_dollars);
    ["running", "queued", "parked", "scheduled"]
        .iter()
        .filter_map(|state| status["queue"][state].as_u64())
        .sum()
}

/// The job and the place that a question belongs to.
fn place(question: &str) -> (u64, u64) {
    let number = |mark: &str| {
        let rest = question.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {question:?}")).1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().expect("a number")
    };
    (number("truth of job "), number("(") - 1)
}

#[tokio::test]
async fn ten_thousand_calls_with_every_fault_are_counted_as_the_table_says() {
    let upstream = Upstream::start().await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_UPSTREAM_CIRCUIT_FAILURES", 0)
        .set("ANVIL_UPSTREAM_FIRST_BYTE_TIMEOUT_S", 4)
        .set("ANVIL_UPSTREAM_IDLE_TIMEOUT_S", 10)
        .set("ANVIL_LIMITS_AGENTS_MIN", 32)
        .set("ANVIL_LIMITS_AGENTS_MAX", 32)
        .start()
        .await;
    upstream.latency(&json!({"first_byte_ms": 0, "per_token_us": 0})).await;
    let rules: Vec<_> =
        FAULTS.iter().map(|(fault, _)| json!({"fault": fault, "probability": CHANCE})).collect();
    upstream.faults(&json!(rules)).await;
    // Waits between tries pass quickly.
    host.rest().drive(Duration::ZERO, 60.0).await;

    let jobs = CALLS / OF_JOB;
    let payload = |job: u64| {
        let prompt = format!("truth of job {job:04}");
        let effort = ["simple", "standard", "complex"][usize::try_from(job % 3).expect("small")];
        json!({"prompt": prompt, "calls": OF_JOB, "max_output_tokens": 30 + job % 50, "effort": effort})
    };
    let submit = async |job: u64| {
        let id = host.rest().submit("asker", "ask", payload(job)).await;
        if job.is_multiple_of(100) {
            look(&host, &upstream).await;
        }
        (id, job)
    };
    let numbers: BTreeMap<String, u64> =
        stream::iter(0..jobs).map(submit).buffer_unordered(16).collect().await;
    let mut looks = 0;
    until("all jobs end", PATIENCE, async || {
        looks += 1;
        (look(&host, &upstream).await == 0).then_some(())
    })
    .await;
    until("upstream is idle", PATIENCE, async || (upstream.bill().await.in_flight == 0).then_some(())).await;

    // Tries of one call follow each other, so upstream's log and the ledger have them in the same order.
    let mut asked: BTreeMap<(u64, u64), Vec<Value>> = BTreeMap::new();
    for entry in upstream.log().await {
        asked.entry(place(entry["question"].as_str().expect("a question"))).or_default().push(entry);
    }
    let mut ledger = host.rest().ledger().await;
    ledger.reverse();
    let mut booked: BTreeMap<(u64, u64), Vec<Value>> = BTreeMap::new();
    // What was let in and whose asker was gone before anything was sent is in the ledger alone, released.
    let unsent = |call: &Value| call["state"] == "released" && call["detail"] == "the asker was gone";
    for call in ledger.into_iter().filter(|call| !unsent(call)) {
        let job = numbers[call["job"].as_str().expect("a job")];
        booked.entry((job, call["position"].as_u64().expect("a position"))).or_default().push(call);
    }
    assert_eq!(asked.keys().collect::<Vec<_>>(), booked.keys().collect::<Vec<_>>());
    let table: BTreeMap<&str, &str> = FAULTS.into_iter().collect();
    let mut seen: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut requests = 0_u64;
    for (place, entries) in &asked {
        let calls = &booked[place];
        assert_eq!(entries.len(), calls.len(), "{place:?}: {entries:#?} {calls:#?}");
        for (entry, call) in entries.iter().zip(calls) {
            requests += 1;
            let fault = entry["fault"].as_str();
            let expected = fault.map_or("settled", |fault| {
                *table.get(fault).unwrap_or_else(|| panic!("nobody asked for the fault {fault}"))
            });
            assert_eq!(call["state"], expected, "{place:?}, {fault:?}: {entry:#} {call:#}");
            let (billed, cost) =
                (entry["nano_dollars"].as_i64().expect("a number"), nanos(&call["cost_usd"]));
            let hold = nanos(&call["hold_usd"]);
            match expected {
                "settled" => assert_eq!(cost, billed, "{place:?}: {entry:#} {call:#}"),
                "released" => assert_eq!((cost, billed), (0, 0), "{place:?}: {entry:#} {call:#}"),
                _ => assert!(billed <= cost && cost <= hold, "{place:?}: {billed} {cost} {hold}"),
            }
            let count = seen.entry(fault.unwrap_or("none").to_owned()).or_default();
            count[0] += 1;
            count[1] += u64::from(billed > 0);
        }
    }
    assert!(requests >= 10_000, "{requests} requests");
    for (fault, _) in FAULTS {
        assert!(seen.contains_key(fault), "{fault} never happened");
    }
    let status = host.rest().status().await;
    assert_eq!(nanos(&status["spend"]["hour"]["held_usd"]), 0);
    let metrics = host.rest().text("/metrics").await;
    assert!(metrics.contains("anvil_bounds_broken_total 0\n"), "{metrics}");
    println!(
        "{requests} requests, {looks} looks; each fault with its requests and those that were billed: {seen:?}"
    );
}
