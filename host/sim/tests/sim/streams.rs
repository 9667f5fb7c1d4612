//! The form of an answer, streamed and not.

use anvil_sim::{SimConfig, count_tokens};
use serde_json::{Value, json};

use crate::client::{ask, question, scripted, start};

#[tokio::test]
async fn a_stream_has_the_apis_events_in_their_order() {
    let sim = scripted(json!(["Hello there, this is a text of some length for several events."])).await;
    let answer = ask(&sim, &question(true)).await;
    assert!(answer.whole);
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert!(answer.header("request-id").unwrap().starts_with("req_"));
    let mut names = answer.names();
    names.dedup();
    let order = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names, order);
    let events = answer.events();
    let usage = &events[0].1["message"]["usage"];
    assert!(usage["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(usage["output_tokens"], 1);
    assert_eq!(usage["cache_creation"]["ephemeral_1h_input_tokens"], 0);
    assert_eq!((&usage["service_tier"], &usage["inference_geo"]), (&json!("standard"), &json!("global")));
    let text: String = events.iter().filter_map(|(_, d)| d["delta"]["text"].as_str()).collect();
    assert_eq!(text, "Hello there, this is a text of some length for several events.");
    let delta = &events[events.len() - 2].1;
    assert_eq!(delta["delta"]["stop_reason"], "end_turn");
    assert_eq!(delta["usage"]["output_tokens"], count_tokens(&text));
    assert_eq!(delta["usage"]["input_tokens"], usage["input_tokens"]);
}

#[tokio::test]
async fn without_a_stream_the_same_answer_comes_whole() {
    let sim = start(SimConfig::default()).await;
    let streamed = ask(&sim, &question(true)).await;
    let first =
        streamed.events().into_iter().filter_map(|(_, d)| Some(d["delta"]["text"].as_str()?.to_owned()));
    let first: String = first.collect();
    let second = ask(&sim, &question(true)).await;
    assert_eq!(
        second.events().iter().filter_map(|(_, d)| d["delta"]["text"].as_str()).collect::<String>(),
        first
    );
    let whole = ask(&sim, &question(false)).await.json();
    assert_eq!(whole["type"], "message");
    assert_eq!(whole["usage"]["output_tokens"], count_tokens(whole["content"][0]["text"].as_str().unwrap()));
}

#[tokio::test]
async fn max_tokens_and_stop_sequences_cut_the_text() {
    let sim = scripted(json!({"items": ["one two three four STOP five six"], "repeat": true})).await;
    let mut body = question(false);
    body["max_tokens"] = json!(3);
    let cut = ask(&sim, &body).await.json();
    assert_eq!((&cut["stop_reason"], &cut["usage"]["output_tokens"]), (&json!("max_tokens"), &json!(3)));
    let mut body = question(false);
    body["stop_sequences"] = json!(["six", "STOP"]);
    let stopped = ask(&sim, &body).await.json();
    assert_eq!(stopped["content"][0]["text"], "one two three four ");
    assert_eq!(
        (&stopped["stop_reason"], &stopped["stop_sequence"]),
        (&json!("stop_sequence"), &json!("STOP"))
    );
}

#[tokio::test]
async fn a_tool_is_streamed_as_partial_json() {
    let sim = start(SimConfig::default()).await;
    let body = json!({"model": "claude-haiku-4-5-20251001", "max_tokens": 500, "stream": true,
        "messages": [{"role": "user", "content": "Weather in Oslo?"}],
        "tools": [{"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}],
        "tool_choice": {"type": "any"}});
    let answer = ask(&sim, &body).await;
    let events = answer.events();
    assert_eq!(events[1].1["content_block"]["name"], "get_weather");
    let input: String = events.iter().filter_map(|(_, d)| d["delta"]["partial_json"].as_str()).collect();
    assert!(serde_json::from_str::<Value>(&input).unwrap()["city"].is_string());
    assert_eq!(events[events.len() - 2].1["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn a_marked_prefix_is_written_to_the_cache_and_then_read() {
    let sim = start(SimConfig { cache_min_tokens: Some(100), ..SimConfig::default() }).await;
    let mut body = question(false);
    body["system"] = json!([{"type": "text", "text": "Be brief and kind. ".repeat(60),
        "cache_control": {"type": "ephemeral", "ttl": "1h"}}]);
    let first = ask(&sim, &body).await.json()["usage"].clone();
    let second = ask(&sim, &body).await.json()["usage"].clone();
    let written = first["cache_creation"]["ephemeral_1h_input_tokens"].as_u64().unwrap();
    assert!(written > 100);
    assert_eq!(first["cache_creation_input_tokens"], written);
    assert_eq!(
        (&second["cache_read_input_tokens"], &second["cache_creation_input_tokens"]),
        (&json!(written), &json!(0))
    );
    assert_eq!(first["input_tokens"], second["input_tokens"]);
    let bill = sim.bill();
    assert_eq!((bill.cache_write_1h_tokens, bill.cache_read_tokens), (written, written));
}
