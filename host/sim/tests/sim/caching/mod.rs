//! Prompt caching, rule by rule: each test is named by the sentence of the documentation that it holds.

mod key;
mod lifetime;
mod look_back;
mod marks;
mod minimum;
mod price;
mod settings;
mod without_answer;

use std::sync::Arc;

use anvil_sim::{Sim, SimConfig, SimHandle, count_tokens};
use serde_json::{Value, json};

use crate::client::{Answer, VERSION, ask, send};
use crate::clock::TestClock;

/// November 2026, after the last change of prices.
const NOW: i64 = 1_795_000_000_000;

/// A simulator that caches from 100 tokens on, and its clock.
async fn small() -> (SimHandle, TestClock) {
    with(SimConfig { cache_min_tokens: Some(100), ..SimConfig::default() }).await
}

async fn with(config: SimConfig) -> (SimHandle, TestClock) {
    let clock = TestClock::at(NOW);
    (Sim::start_with_clock(config, Arc::new(clock.clone())).await.unwrap(), clock)
}

/// A text of exactly so many tokens, that begins with one of its own.
fn words(name: &str, tokens: usize) -> String {
    let text = format!("{name}{}", " word".repeat(tokens - 1));
    assert_eq!(count_tokens(&text), tokens as u64, "{name} is one token");
    text
}

/// A text block; `mark` is its `cache_control`, or null.
fn block(text: impl Into<String>, mark: &Value) -> Value {
    let mut block = json!({"type": "text", "text": text.into()});
    if !mark.is_null() {
        block["cache_control"] = mark.clone();
    }
    block
}

fn five() -> Value {
    json!({"type": "ephemeral"})
}

fn hour() -> Value {
    json!({"type": "ephemeral", "ttl": "1h"})
}

/// A request with this system prompt, and a message of 1 + 3 tokens behind it.
fn request(system: Value) -> Value {
    let mut body = said(vec![block("Go", &Value::Null)]);
    body["system"] = system;
    body
}

/// A request with one user message of these blocks.
fn said(blocks: Vec<Value>) -> Value {
    let message = json!({"role": "user", "content": Value::Array(blocks)});
    json!({"model": "claude-opus-4-8", "max_tokens": 20, "messages": [message]})
}

/// Input tokens of an answer: uncached, written for five minutes, written for an hour, read.
fn counts(answer: &Answer) -> [u64; 4] {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let usage = answer.json()["usage"].clone();
    let of = |name: &str| usage[name].as_u64().unwrap();
    let split = |name: &str| usage["cache_creation"][name].as_u64().unwrap();
    let counts = [
        of("input_tokens"),
        split("ephemeral_5m_input_tokens"),
        split("ephemeral_1h_input_tokens"),
        of("cache_read_input_tokens"),
    ];
    assert_eq!(of("cache_creation_input_tokens"), counts[1] + counts[2]);
    counts
}

async fn used(sim: &SimHandle, body: &Value) -> [u64; 4] {
    counts(&ask(sim, body).await)
}

/// The same for a body given as text, whose keys have an order.
async fn used_raw(sim: &SimHandle, body: &str) -> [u64; 4] {
    counts(&send(sim, "POST", "/v1/messages", &[VERSION], body.to_owned()).await.unwrap())
}

/// The message of a 400.
async fn refused(sim: &SimHandle, body: &Value) -> String {
    let answer = ask(sim, body).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let error = answer.json()["error"].clone();
    assert_eq!(error["type"], "invalid_request_error");
    error["message"].as_str().unwrap().to_owned()
}
