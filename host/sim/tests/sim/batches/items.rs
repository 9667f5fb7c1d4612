//! What becomes of each item.

use anvil_sim::{Script, SimConfig};
use serde_json::{Value, json};

use super::{HOUR, counts, create, faults, item, lines, params, result_of, show, slow, with};

fn changed(id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut item = item(id);
    change(&mut item["params"]);
    item
}

#[tokio::test]
async fn parameters_are_validated_when_an_items_turn_comes_and_an_error_is_that_items_alone() {
    let (sim, clock) = slow().await;
    let requests = json!([
        item("fine"),
        changed("model", |p| p["model"] = json!("claude-none")),
        changed("messages", |p| drop(p.as_object_mut().unwrap().remove("messages"))),
        changed("stream", |p| p["stream"] = json!(true)),
        changed("no-stream", |p| p["stream"] = json!(false)),
        changed("speed", |p| p["speed"] = json!("fast")),
        changed("zero", |p| p["max_tokens"] = json!(0)),
        changed("many", |p| p["max_tokens"] = json!(9_999_999)),
        json!({"custom_id": "nothing", "params": {}}),
    ]);
    let id = create(&sim, &requests).await;
    clock.advance(HOUR);
    assert_eq!(counts(&show(&sim, &id).await), [0, 2, 7, 0, 0]);
    let lines = lines(&sim, &id).await;
    for (id, kind, message) in [
        ("model", "not_found_error", "model: claude-none"),
        ("messages", "invalid_request_error", "messages: Field required"),
        ("stream", "invalid_request_error", "\"stream=True\" is not supported in the Message Batches API"),
        ("speed", "invalid_request_error", "\"speed\" is not supported in the Message Batches API"),
        ("zero", "invalid_request_error", "max_tokens: must be greater than or equal to 1"),
        (
            "many",
            "invalid_request_error",
            "max_tokens: 9999999 > 64000, which is the maximum allowed number of output tokens for \
             claude-haiku-4-5-20251001",
        ),
        ("nothing", "invalid_request_error", "model: Field required"),
    ] {
        let error = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": null});
        assert_eq!(result_of(&lines, id), &json!({"type": "errored", "error": error}), "{id}");
    }
    for id in ["fine", "no-stream"] {
        let message = &result_of(&lines, id)["message"];
        assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
        assert!(!message["content"][0]["text"].as_str().unwrap().is_empty());
    }
    assert_eq!(sim.bill().batch_calls, 2, "an errored request is not billed");
}

#[tokio::test]
async fn the_beta_headers_of_the_batch_hold_for_its_items() {
    let (sim, clock) = slow().await;
    let body = json!({"requests": [changed("a", |p| p["a_new_field"] = json!(1))]}).to_string();
    let mut kinds = Vec::new();
    for path in ["/v1/messages/batches", "/v1/messages/batches?beta=true"] {
        let version = [crate::client::VERSION];
        let made = crate::client::send(&sim, "POST", path, &version, body.clone()).await.unwrap().json();
        clock.advance(HOUR);
        let lines = lines(&sim, made["id"].as_str().unwrap()).await;
        kinds.push(result_of(&lines, "a")["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["errored", "succeeded"]);
}

#[tokio::test]
async fn a_scripts_answers_and_faults_are_an_items_too() {
    let script = json!({"matches": [
        {"contains": "given", "items": [{"text": "As it was given."}]},
        {"contains": "busy", "items": [{"fault": "529"}]},
        {"contains": "broken", "items": [{"fault": "cut:3"}]},
        {"contains": "late", "items": [{"fault": "batch-item:expired"}]},
        {"contains": "silent", "items": [{"fault": "no-usage"}]},
    ]});
    let script = Script::from_value(script).unwrap();
    let (sim, clock) = with(SimConfig { script, ..SimConfig::default() }).await;
    let names = ["given", "busy", "broken", "late", "silent"];
    let requests: Value = names
        .iter()
        .map(|name| json!({"custom_id": name, "params": params(&format!("{name} item"))}))
        .collect();
    let id = create(&sim, &requests).await;
    clock.advance(HOUR);
    let lines = lines(&sim, &id).await;
    assert_eq!(result_of(&lines, "given")["message"]["content"][0]["text"], "As it was given.");
    assert_eq!(result_of(&lines, "busy")["error"]["error"]["type"], "overloaded_error");
    assert_eq!(result_of(&lines, "broken")["error"]["error"]["type"], "api_error");
    assert_eq!(result_of(&lines, "late"), &json!({"type": "expired"}));
    assert_eq!(result_of(&lines, "silent")["message"]["usage"], json!(null));
    assert_eq!(sim.bill().batch_calls, 2);
}

#[tokio::test]
async fn an_item_can_be_made_to_err_expire_or_be_cancelled_by_its_id_or_its_text() {
    let (sim, clock) = slow().await;
    faults(
        &sim,
        &json!([
            {"fault": "batch-item:500", "contains": "wrong"},
            {"fault": "batch-item:529+billed", "contains": "paid"},
            {"fault": "batch-item:expired", "contains": "late"},
            {"fault": "batch-item:canceled", "contains": "stopped"},
            {"fault": "batch-item:no-usage", "contains": "What does it use?"},
            {"fault": "batch-item:400", "model": "claude-opus-5-5"},
            {"fault": "500", "contains": "fine"},
        ]),
    )
    .await;
    let requests = json!([
        item("wrong"),
        item("paid"),
        item("late"),
        item("stopped"),
        {"custom_id": "silent", "params": params("What does it use?")},
        changed("opus", |p| p["model"] = json!("claude-opus-5-5")),
        item("fine"),
    ]);
    let id = create(&sim, &requests).await;
    clock.advance(HOUR);
    assert_eq!(counts(&show(&sim, &id).await), [0, 2, 3, 1, 1]);
    let lines = lines(&sim, &id).await;
    let error = |id: &str| result_of(&lines, id)["error"]["error"]["type"].as_str().unwrap().to_owned();
    assert_eq!(
        [error("wrong"), error("paid"), error("opus")],
        ["api_error", "overloaded_error", "invalid_request_error"]
    );
    assert_eq!(result_of(&lines, "late"), &json!({"type": "expired"}));
    assert_eq!(result_of(&lines, "stopped"), &json!({"type": "canceled"}));
    assert_eq!(result_of(&lines, "silent")["message"]["usage"], json!(null));
    assert_eq!(result_of(&lines, "fine")["type"], "succeeded", "other faults are for other requests");
    assert_eq!(sim.bill().batch_calls, 3, "paid, silent and fine");
}
