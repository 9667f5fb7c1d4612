//! Message Batches, sentence by sentence: each test is named by what the documentation says, or by the fault it asks for.

mod course;
mod create;
mod faults;
mod items;
mod lists;
mod money;
mod size;

use std::collections::BTreeSet;
use std::sync::Arc;

use anvil_sim::{Sim, SimBatchSettings, SimConfig, SimHandle};
use serde_json::{Value, json};

use crate::client::{Answer, VERSION, get, post, send};
use crate::clock::HeldClock;

/// November 2026, after the last change of prices.
const NOW: i64 = 1_795_000_000_000;
const HOUR: i64 = 3_600_000;

/// A simulator whose clock stands still, and that does an item of a batch each second, the first after ten.
async fn slow() -> (SimHandle, HeldClock) {
    with(SimConfig::default()).await
}

async fn with(config: SimConfig) -> (SimHandle, HeldClock) {
    let batches = SimBatchSettings {
        start_ms: 10_000,
        items_per_minute: 60,
        cancel_ms: 2_000,
        cache_hits: 1.0,
        queued: None,
    };
    let clock = HeldClock::at(NOW);
    let config = SimConfig { batches, ..config };
    (Sim::start_with_clock(config, Arc::new(clock.clone())).await.unwrap(), clock)
}

/// Parameters of an item.
fn params(text: &str) -> Value {
    json!({"model": "claude-haiku-4-5-20251001", "max_tokens": 50, "messages": [{"role": "user", "content": text}]})
}

fn item(id: &str) -> Value {
    json!({"custom_id": id, "params": params("Why do token buckets go into debt?")})
}

/// Items `i0`, `i1`, …
fn items(count: usize) -> Value {
    (0..count).map(|i| item(&format!("i{i}"))).collect()
}

async fn try_create(sim: &SimHandle, requests: &Value) -> Result<Answer, hyper::Error> {
    let body = json!({"requests": requests}).to_string();
    send(sim, "POST", "/v1/messages/batches", &[VERSION], body).await
}

/// Creates a batch; its id.
async fn create(sim: &SimHandle, requests: &Value) -> String {
    let answer = try_create(sim, requests).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn show(sim: &SimHandle, id: &str) -> Value {
    get(sim, &format!("/v1/messages/batches/{id}")).await.json()
}

/// How many requests are processing, succeeded, errored, cancelled, expired.
fn counts(batch: &Value) -> [u64; 5] {
    ["processing", "succeeded", "errored", "canceled", "expired"]
        .map(|name| batch["request_counts"][name].as_u64().unwrap())
}

async fn cancel(sim: &SimHandle, id: &str) -> Answer {
    send(sim, "POST", &format!("/v1/messages/batches/{id}/cancel"), &[VERSION], "").await.unwrap()
}

async fn get_results(sim: &SimHandle, id: &str) -> Answer {
    get(sim, &format!("/v1/messages/batches/{id}/results")).await
}

/// The lines of the results.
async fn lines(sim: &SimHandle, id: &str) -> Vec<Value> {
    let answer = get_results(sim, id).await;
    assert_eq!((answer.status, answer.whole), (200, true), "{}", answer.body);
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The `result` of an item.
fn result_of<'a>(lines: &'a [Value], id: &str) -> &'a Value {
    &lines.iter().find(|line| line["custom_id"] == id).unwrap()["result"]
}

fn ids(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().map(|line| line["custom_id"].as_str().unwrap().to_owned()).collect()
}

async fn faults(sim: &SimHandle, rules: &Value) {
    assert_eq!(post(sim, "/_sim/faults", rules).await.status, 200);
}

/// The message of an error, with its status and type.
fn error(answer: &Answer) -> (u16, String, String) {
    let error = answer.json()["error"].clone();
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    (answer.status, text("type"), text("message"))
}
