//! "All usage is charged at 50% of the standard API prices." "The pricing discounts from prompt caching and Message Batches
//! can stack." "Cache hits are provided on a best-effort basis."

use anvil_sim::{Script, SimConfig, count_tokens};
use serde_json::{Value, json};

use super::{HOUR, create, item, lines, params, result_of, with};
use crate::client::{ask, get, post};

#[tokio::test]
async fn every_kind_of_token_costs_half_and_each_call_is_rounded_up_once() {
    let script = json!({"matches": [
        {"contains": "all kinds", "items": [{"text": "ok", "usage": {"input_tokens": 1_000, "cache_read_input_tokens": 2_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 400}, "output_tokens": 50}}]},
        {"contains": "odd", "items": [{"text": "ok", "usage": {"cache_creation_input_tokens": 1, "input_tokens": 0,
            "output_tokens": 0}}]},
        {"contains": "in the us", "items": [{"text": "ok", "usage": {"input_tokens": 1_000, "output_tokens": 50,
            "inference_geo": "us"}}]},
    ]});
    let script = Script::from_value(script).unwrap();
    let (sim, clock) = with(SimConfig { script, ..SimConfig::default() }).await;
    let mut odd = params("odd");
    odd["model"] = json!("claude-haiku-5-5");
    let requests = json!([
        {"custom_id": "all", "params": params("all kinds")},
        {"custom_id": "odd", "params": odd},
        {"custom_id": "us", "params": params("in the us")},
    ]);
    let id = create(&sim, &requests).await;
    clock.advance(HOUR);
    let lines = lines(&sim, &id).await;
    let tier =
        |id: &str| result_of(&lines, id)["message"]["usage"]["service_tier"].as_str().unwrap().to_owned();
    assert_eq!([tier("all"), tier("odd"), tier("us")], ["batch"; 3]);
    // Haiku 4.5 by the table: $1 in, $5 out, $1.25 and $2 written, $0.10 read. Haiku 5.5: $0.125 written.
    let all = (1_000 * 1_000 + 2_000 * 100 + 300 * 1_250 + 400 * 2_000 + 50 * 5_000) / 2;
    let odd = 63;
    let us = (1_000 * 1_000 + 50 * 5_000) * 11 / 20;
    let bill = sim.bill();
    assert_eq!((bill.nano_dollars, bill.batch_nano_dollars), (all + odd + us, all + odd + us));
    assert_eq!((bill.billed_calls, bill.batch_calls, bill.requests), (3, 3, 0));
    assert_eq!(bill.by_model["claude-haiku-5-5"].nano_dollars, odd);
    assert_eq!(sim.batches()[0].nano_dollars, all + odd + us);
    assert_eq!(get(&sim, "/_sim/batches").await.json()["items"][0]["nano_dollars"], all + odd + us);
}

#[tokio::test]
async fn the_same_call_costs_half_of_what_it_costs_at_once() {
    let (sim, clock) = with(SimConfig::default()).await;
    let mut body = params("Why do token buckets go into debt?");
    ask(&sim, &body).await;
    let at_once = sim.bill().nano_dollars;
    assert!(at_once > 0);
    body["stream"] = json!(false);
    create(&sim, &json!([{"custom_id": "a", "params": body}])).await;
    clock.advance(HOUR);
    let id = sim.batches()[0].id.clone();
    lines(&sim, &id).await;
    let bill = sim.bill();
    assert_eq!(bill.batch_nano_dollars, (at_once + 1) / 2);
    assert_eq!(bill.nano_dollars, at_once + bill.batch_nano_dollars);
}

/// An item whose system prompt of 201 tokens is marked.
fn marked(id: &str, ttl: &str) -> Value {
    let text = format!("s{}", " word".repeat(200));
    assert_eq!(count_tokens(&text), 201);
    let mut item = item(id);
    item["params"]["system"] =
        json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": ttl}}]);
    item
}

/// Tokens written for five minutes, written for an hour, and read, of an item.
fn cached(lines: &[Value], id: &str) -> [u64; 3] {
    let usage = &result_of(lines, id)["message"]["usage"];
    let written = &usage["cache_creation"];
    [
        &written["ephemeral_5m_input_tokens"],
        &written["ephemeral_1h_input_tokens"],
        &usage["cache_read_input_tokens"],
    ]
    .map(|count| count.as_u64().unwrap())
}

async fn caching() -> (anvil_sim::SimHandle, crate::clock::HeldClock) {
    with(SimConfig { cache_min_tokens: Some(100), ..SimConfig::default() }).await
}

#[tokio::test]
async fn items_share_the_prompt_cache_with_each_other_and_with_other_requests_at_the_times_they_are_done() {
    let (sim, clock) = caching().await;
    let id = create(&sim, &json!([marked("a", "5m"), marked("b", "5m")])).await;
    clock.advance(11_000);
    let got = lines(&sim, &id).await;
    assert_eq!([cached(&got, "a"), cached(&got, "b")], [[201, 0, 0], [0, 0, 201]]);
    // The last item was done at this time, so for five minutes from now on it is there.
    clock.advance(299_999);
    let live = ask(&sim, &marked("x", "5m")["params"]).await.json();
    assert_eq!(live["usage"]["cache_read_input_tokens"], 201);
    assert_eq!(live["usage"]["service_tier"], "standard");
    // The batch's turn comes 310 seconds later: five minutes were over by then.
    post(&sim, "/_sim/batches", &json!({"start_ms": 310_000, "cache_hits": 1.0})).await;
    let id = create(&sim, &json!([marked("c", "1h")])).await;
    clock.advance(HOUR);
    assert_eq!(cached(&lines(&sim, &id).await, "c"), [0, 201, 0], "whenever it is come to");
    let half = |usage: i64| (usage + 1) / 2;
    assert!(sim.bill().batch_nano_dollars > half(201 * 1_250) + half(201 * 100) + half(201 * 2_000));
}

#[tokio::test]
async fn how_often_an_item_finds_what_is_cached_can_be_set() {
    for (hits, least, most) in [(0.0, 0, 0), (0.3, 30, 95), (0.98, 180, 199), (1.0, 199, 199)] {
        let (sim, clock) = caching().await;
        post(&sim, "/_sim/batches", &json!({"items_per_minute": 60_000, "cache_hits": hits})).await;
        let requests: Value = (0..200).map(|i| marked(&format!("i{i}"), "1h")).collect();
        let id = create(&sim, &requests).await;
        clock.advance(HOUR);
        while sim.batches()[0].waiting > 0 {
            super::show(&sim, &id).await;
        }
        let found = lines(&sim, &id)
            .await
            .iter()
            .filter(|l| l["result"]["message"]["usage"]["cache_read_input_tokens"] == 201)
            .count();
        assert!((least..=most).contains(&found), "{found} of 200 at {hits}");
    }
}

#[tokio::test]
async fn items_use_none_of_the_rate_limits_of_other_requests() {
    let limits = anvil_sim::RateLimits { requests_per_minute: Some(1), ..Default::default() };
    let rate_limits = [("*".to_owned(), limits)].into();
    let (sim, clock) = with(SimConfig { rate_limits, ..SimConfig::default() }).await;
    let id = create(&sim, &super::items(5)).await;
    clock.advance(HOUR);
    assert_eq!(super::counts(&super::show(&sim, &id).await), [0, 5, 0, 0, 0]);
    assert_eq!(ask(&sim, &params("At once?")).await.status, 200);
}
