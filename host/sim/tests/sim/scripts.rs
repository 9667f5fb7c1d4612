//! Scripts, from the wire's side.

use anvil_sim::Script;
use serde_json::{Value, json};

use crate::client::{ask, question, scripted};

async fn texts(sim: &anvil_sim::SimHandle, times: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for _ in 0..times {
        texts
            .push(ask(sim, &question(false)).await.json()["content"][0]["text"].as_str().unwrap().to_owned());
    }
    texts
}

#[tokio::test]
async fn items_come_in_order_and_then_its_own_answers() {
    let sim = scripted(json!(["a", {"text": "b", "repeat": 2}])).await;
    let got = texts(&sim, 4).await;
    assert_eq!(got[..3], ["a", "b", "b"]);
    assert!(got[3].contains("token buckets"));
}

#[tokio::test]
async fn a_script_repeats_so_often_or_for_ever() {
    let sim = scripted(json!({"items": ["a", "b"], "repeat": 2})).await;
    assert_eq!(texts(&sim, 5).await[..4], ["a", "b", "a", "b"]);
    let sim = scripted(json!({"items": ["a", "b"], "repeat": true})).await;
    assert_eq!(texts(&sim, 5).await, ["a", "b", "a", "b", "a"]);
}

#[tokio::test]
async fn a_request_that_contains_a_text_has_a_script_of_its_own() {
    let sim =
        scripted(json!({"items": ["other"], "matches": [{"contains": "token buckets", "items": ["match"]}]}))
            .await;
    assert_eq!(texts(&sim, 2).await, ["match", "other"]);
}

#[tokio::test]
async fn an_item_without_text_changes_only_the_usage_of_its_own_answer() {
    let usage = json!({"input_tokens": 7, "cache_read_input_tokens": 11, "output_tokens": 13, "inference_geo": "us",
        "speed": "fast", "service_tier": "batch",
        "cache_creation": {"ephemeral_5m_input_tokens": 17, "ephemeral_1h_input_tokens": 19}});
    let sim = scripted(json!([{"usage": usage}])).await;
    let got = ask(&sim, &question(false)).await.json();
    assert!(got["content"][0]["text"].as_str().unwrap().contains("token buckets"));
    for (name, value) in usage.as_object().unwrap() {
        assert_eq!(&got["usage"][name], value, "{name}");
    }
    let sum = 7 * 100 + 11 * 10 + 13 * 500 + 17 * 125 + 19 * 200;
    assert_eq!(sim.bill().nano_dollars, (sum * 2 * 11 + 19) / 20);
    assert_eq!(sim.bill().cache_write_5m_tokens, 17);
}

#[tokio::test]
async fn content_blocks_are_given_as_the_api_has_them() {
    let content = json!([{"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": 1}}]);
    let sim = scripted(json!([{"content": content}])).await;
    let got = ask(&sim, &question(false)).await.json();
    assert_eq!((&got["content"], &got["stop_reason"]), (&content, &Value::from("tool_use")));
}

#[test]
fn scripts_are_read_from_json_and_toml_and_mistakes_are_named() {
    let toml = "repeat = true\n[[items]]\ntext = \"a\"\nusage = { input_tokens = 5 }\nfault = \"cut:3\"\n\
                [[matches]]\ncontains = \"x\"\nitems = [\"b\"]\n";
    let json = r#"{"repeat": true, "items": [{"text": "a", "usage": {"input_tokens": 5}, "fault": "cut:3"}],
                   "matches": [{"contains": "x", "items": ["b"]}]}"#;
    assert_eq!(Script::from_toml(toml).unwrap(), Script::from_json(json).unwrap());
    let error = Script::from_json(r#"["ok", {"txt": "a"}]"#).unwrap_err().to_string();
    assert!(error.contains("item 1") && error.contains("txt"), "{error}");
    let error = Script::from_json(r#"[{"fault": "418"}]"#).unwrap_err().to_string();
    assert!(error.contains("`418` is no fault"), "{error}");
}
