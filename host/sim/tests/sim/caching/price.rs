//! "Prices: write 1.25× (5 min) and 2× (1 h) of input, read 0.1×; the table above has the exact rows." "The band is set by
//! input + cache reads + cache writes of that request, and applies to all its tokens." "Input tokens per minute count
//! `input_tokens + cache_creation`, not cache reads." And the counts of the cache on the wire.

use std::collections::HashMap;

use anvil_sim::{RateLimits, SimConfig, SimHandle};
use serde_json::{Value, json};

use super::{NOW, block, five, hour, request, small, used, with, words};
use crate::client::{ask, get};

/// The price table: USD per million tokens, in thousandths: input, output, write for 5 minutes, for 1 hour, read.
const TABLE: [(&str, [i64; 5]); 14] = [
    ("claude-fable-5-2", [8_000, 40_000, 10_000, 16_000, 200]),
    ("claude-fable-5-1", [10_000, 50_000, 12_500, 20_000, 250]),
    ("claude-opus-5-5", [4_000, 20_000, 5_000, 8_000, 200]),
    ("claude-opus-5", [5_000, 25_000, 6_250, 10_000, 500]),
    ("claude-opus-4-8", [5_000, 25_000, 6_250, 10_000, 500]),
    ("claude-opus-4-7", [5_000, 25_000, 6_250, 10_000, 500]),
    ("claude-opus-4-6", [5_000, 25_000, 6_250, 10_000, 500]),
    ("claude-opus-4-5-20251101", [5_000, 25_000, 6_250, 10_000, 500]),
    ("claude-sonnet-5-5", [2_000, 10_000, 2_500, 4_000, 100]),
    ("claude-sonnet-5", [2_000, 10_000, 2_500, 4_000, 200]),
    ("claude-sonnet-4-6", [3_000, 15_000, 3_750, 6_000, 300]),
    ("claude-sonnet-4-5-20250929", [3_000, 15_000, 3_750, 6_000, 300]),
    ("claude-haiku-5-5", [100, 500, 125, 200, 10]),
    ("claude-haiku-4-5-20251001", [1_000, 5_000, 1_250, 2_000, 100]),
];

/// What the last call cost, in nano-dollars, and how many tokens it answered.
fn last(sim: &SimHandle) -> (i64, i64) {
    let call = sim.log(0, 1_000).pop().unwrap();
    (call.nano_dollars, call.usage.unwrap().output_tokens.try_into().unwrap())
}

#[tokio::test]
async fn a_write_costs_a_quarter_more_or_twice_and_a_read_what_the_table_says() {
    for (model, [input, output, short, long, read]) in TABLE {
        assert_eq!((short * 4, long), (input * 5, input * 2), "{model}");
        let (sim, _) = small().await;
        // 200 tokens for an hour, 100 for five minutes, 4 of neither.
        let mut body = request(json!([block(words("a", 200), &hour()), block(words("b", 100), &five())]));
        body["model"] = json!(model);
        assert_eq!(used(&sim, &body).await, [4, 100, 200, 0]);
        let (cost, answered) = last(&sim);
        assert_eq!(cost, 200 * long + 100 * short + 4 * input + answered * output, "{model}");
        assert_eq!(used(&sim, &body).await, [4, 0, 0, 300]);
        let (cost, answered) = last(&sim);
        assert_eq!(cost, 300 * read + 4 * input + answered * output, "{model}");
    }
}

#[tokio::test]
async fn multipliers_apply_to_writes_and_reads_as_to_every_kind_of_token() {
    let script = json!({"items": [{"text": "ok"}], "repeat": true,
        "matches": [{"contains": "batched", "items": [{"text": "ok", "usage": {"service_tier": "batch"}}], "repeat": true}]});
    let script = anvil_sim::Script::from_value(script).unwrap();
    let (sim, _) = with(SimConfig { script, cache_min_tokens: Some(100), ..SimConfig::default() }).await;
    for (name, change, times, over) in [
        ("plain", json!({}), 1, 1),
        ("batched", json!({}), 1, 2),
        ("us", json!({"inference_geo": "us"}), 11, 10),
        ("fast", json!({"speed": "fast"}), 2, 1),
        ("batched", json!({"speed": "fast", "inference_geo": "us"}), 11, 10),
    ] {
        sim.reset();
        let mut body = request(json!([block(name, &Value::Null), block(words("a", 200), &hour())]));
        body["model"] = json!("claude-opus-5-5");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let whole = used(&sim, &body).await[2].cast_signed();
        let rest = |answered: i64| 4 * 4_000 + answered * 20_000;
        let (cost, answered) = last(&sim);
        assert_eq!(cost, (whole * 8_000 + rest(answered)) * times / over, "{name} {change}: write");
        assert_eq!(used(&sim, &body).await[3], whole.cast_unsigned());
        let (cost, answered) = last(&sim);
        assert_eq!(cost, (whole * 200 + rest(answered)) * times / over, "{name} {change}: read");
    }
}

#[tokio::test]
async fn the_band_is_set_by_input_and_reads_and_writes_together_and_holds_for_all_of_them() {
    let (sim, _) = with(SimConfig::default()).await;
    let body = |rest: usize| {
        let mut body = request(json!([block(words("a", 90_000), &hour())]));
        body["model"] = json!("claude-haiku-5-5");
        body["messages"][0]["content"] = json!(words("m", rest));
        body
    };
    assert_eq!(used(&sim, &body(7)).await, [10, 0, 90_000, 0]);
    let (cost, answered) = last(&sim);
    assert_eq!(cost, 90_000 * 200 + 10 * 100 + answered * 500);
    assert_eq!(used(&sim, &body(9_997)).await, [10_000, 0, 0, 90_000]);
    let (cost, answered) = last(&sim);
    assert_eq!(cost, 90_000 * 10 + 10_000 * 100 + answered * 500, "100,000 in all");
    assert_eq!(used(&sim, &body(9_998)).await, [10_001, 0, 0, 90_000]);
    let (cost, answered) = last(&sim);
    assert_eq!(cost, 90_000 * 50 + 10_001 * 500 + answered * 2_500, "one more");
}

#[tokio::test]
async fn reads_do_not_count_against_input_tokens_a_minute_and_writes_do() {
    let limits = RateLimits { input_tokens_per_minute: Some(10_000), ..RateLimits::default() };
    let rate_limits = HashMap::from([("*".to_owned(), limits)]);
    let (sim, _) = with(SimConfig { rate_limits, ..SimConfig::default() }).await;
    let body = |name: &str| request(json!([block(words(name, 6_000), &five())]));
    assert_eq!(used(&sim, &body("a")).await, [4, 6_000, 0, 0]);
    assert_eq!(ask(&sim, &body("b")).await.status, 429, "another 6,000 to write");
    for _ in 0..20 {
        assert_eq!(used(&sim, &body("a")).await, [4, 0, 0, 6_000]);
    }
    let uses = get(&sim, "/_sim/limits").await.json();
    assert_eq!(uses["items"][0]["fullest_minute"], 6_000 + 21 * 4, "{uses}");
}

#[tokio::test]
async fn both_times_of_writes_stand_in_message_start_and_in_an_answer_without_a_stream() {
    let (sim, clock) = small().await;
    let mut body = request(json!([block(words("a", 200), &hour()), block(words("b", 100), &five())]));
    let whole = ask(&sim, &body).await.json()["usage"].clone();
    clock.advance(2 * 3_600_000);
    body["stream"] = json!(true);
    let events = ask(&sim, &body).await.events();
    let split = json!({"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200});
    for usage in [&whole, &events[0].1["message"]["usage"]] {
        assert_eq!(usage["cache_creation"], split);
        assert_eq!(
            (&usage["cache_creation_input_tokens"], &usage["cache_read_input_tokens"]),
            (&json!(300), &json!(0))
        );
        assert_eq!(usage["input_tokens"], 4, "what was neither read nor written");
    }
    let last = &events[events.len() - 2].1["usage"];
    assert_eq!((&last["cache_creation_input_tokens"], &last["input_tokens"]), (&json!(300), &json!(4)));
    assert!(NOW < sim.log(1, 1)[0].time_ms);
}
