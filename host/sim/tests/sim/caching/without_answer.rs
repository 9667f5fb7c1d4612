//! "`max_tokens: 0` writes a prefix without an answer."

use serde_json::{Value, json};

use super::{block, five, refused, request, small, used, words};
use crate::client::ask;

fn body(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = request(json!([block(words("s", 200), &five())]));
    body["max_tokens"] = json!(0);
    change(&mut body);
    body
}

#[tokio::test]
async fn max_tokens_0_writes_a_prefix_and_answers_nothing() {
    let (sim, clock) = small().await;
    let answer = ask(&sim, &body(|_| {})).await;
    let message = answer.json();
    assert_eq!(
        (answer.status, &message["content"], &message["stop_reason"]),
        (200, &json!([]), &json!("max_tokens"))
    );
    let usage = &message["usage"];
    assert_eq!((&usage["output_tokens"], &usage["cache_creation_input_tokens"]), (&json!(0), &json!(200)));
    assert_eq!(sim.bill().nano_dollars, 200 * 6_250 + 4 * 5_000);
    assert_eq!(used(&sim, &body(|b| b["max_tokens"] = json!(20))).await, [4, 0, 0, 200]);
    // It renews like any other read.
    for _ in 0..3 {
        clock.advance(299_999);
        assert_eq!(used(&sim, &body(|_| {})).await, [4, 0, 0, 200]);
    }
}

#[tokio::test]
async fn it_leaves_the_scripts_answers_to_those_who_ask_for_one() {
    let (sim, _) = small().await;
    sim.set_script(anvil_sim::Script::from_value(json!(["the first"])).unwrap());
    assert_eq!(ask(&sim, &body(|_| {})).await.json()["content"], json!([]));
    let asked = ask(&sim, &body(|b| b["max_tokens"] = json!(20))).await.json();
    assert_eq!(asked["content"][0]["text"], "the first");
}

#[tokio::test]
async fn whatever_wants_an_answer_is_refused_with_it() {
    let (sim, _) = small().await;
    let tools = json!([{"name": "t", "input_schema": {"type": "object"}}]);
    for (change, what) in [
        (json!({"stream": true}), "stream: true"),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 1_024}}), "thinking.type: enabled"),
        (json!({"output_config": {"format": {"type": "json_schema", "schema": {}}}}), "output_config.format"),
        (json!({"tools": tools, "tool_choice": {"type": "any"}}), "a forced tool_choice"),
        (json!({"tools": tools, "tool_choice": {"type": "tool", "name": "t"}}), "a forced tool_choice"),
    ] {
        let asked = body(|b| b.as_object_mut().unwrap().extend(change.as_object().unwrap().clone()));
        assert_eq!(refused(&sim, &asked).await, format!("max_tokens: 0 is not supported with {what}"));
    }
    assert_eq!(sim.bill().billed_calls, 0);
    assert_eq!(ask(&sim, &body(|b| b["thinking"] = json!({"type": "adaptive"}))).await.status, 200);
}
