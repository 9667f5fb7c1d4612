//! The other endpoints, and what is refused.

use anvil_sim::{MESSAGE_OVERHEAD, SimConfig, TOOL_OVERHEAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::{VERSION, ask, get, question, send, start};

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = question(false);
    change(&mut body);
    body
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_apis_words() {
    let sim = start(SimConfig::default()).await;
    let drop = |name: &'static str| {
        with(move |b| {
            b.as_object_mut().unwrap().remove(name);
        })
    };
    for (body, status, message) in [
        (drop("model"), 400, "model: Field required"),
        (drop("max_tokens"), 400, "max_tokens: Field required"),
        (drop("messages"), 400, "messages: Field required"),
        (with(|b| b["model"] = json!("claude-haiku-5")), 404, "model: claude-haiku-5"),
        (
            with(|b| b["max_tokens"] = json!(-1)),
            400,
            "max_tokens: Input should be greater than or equal to 0",
        ),
        (
            with(|b| b["max_tokens"] = json!(128_001)),
            400,
            "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-haiku-5-5",
        ),
        (with(|b| b["messages"] = json!([])), 400, "messages: at least one message is required"),
        (
            with(|b| b["messages"][0]["role"] = json!("robot")),
            400,
            "messages.0.role: Input should be 'user' or 'assistant'",
        ),
        (
            with(|b| b["messages"][0]["content"] = json!([{"type": "text", "text": ""}])),
            400,
            "messages: text content blocks must be non-empty",
        ),
        (with(|b| b["max_tokenz"] = json!(1)), 400, "max_tokenz: Extra inputs are not permitted"),
        (with(|b| b["temperature"] = json!(0.2)), 400, "temperature is not supported by claude-haiku-5-5"),
    ] {
        let answer = ask(&sim, &body).await;
        let error = answer.json();
        assert_eq!((answer.status, error["error"]["message"].as_str().unwrap()), (status, message));
        assert_eq!(error["type"], "error");
        assert_eq!(error["request_id"].as_str(), answer.header("request-id"));
    }
    let bill = sim.bill();
    assert_eq!((bill.nano_dollars, bill.billed_calls, bill.requests, bill.in_flight), (0, 0, 11, 0));
}

#[tokio::test]
async fn a_body_that_is_no_json_a_missing_version_and_a_wrong_key_are_refused() {
    let sim = start(SimConfig { api_key: Some("right".to_owned()), ..SimConfig::default() }).await;
    let body = question(false).to_string();
    let post = |headers: Vec<(&'static str, &'static str)>, body: String| {
        let sim = &sim;
        async move { send(sim, "POST", "/v1/messages", &headers, body).await.unwrap().status }
    };
    assert_eq!(post(vec![VERSION, ("x-api-key", "wrong")], body.clone()).await, 401);
    assert_eq!(post(vec![VERSION], body.clone()).await, 401);
    assert_eq!(post(vec![("x-api-key", "right")], body.clone()).await, 400);
    assert_eq!(post(vec![VERSION, ("x-api-key", "right")], "{".to_owned()).await, 400);
    assert_eq!(post(vec![VERSION, ("x-api-key", "right")], body.clone()).await, 200);
    assert_eq!(post(vec![VERSION, ("authorization", "Bearer right")], body).await, 200);
}

#[tokio::test]
async fn a_body_above_32_mb_is_too_large() {
    let sim = start(SimConfig::default()).await;
    let answer = send(&sim, "POST", "/v1/messages", &[VERSION], vec![b' '; 32 * 1024 * 1024 + 1]).await;
    // The connection may break while the rest is still being sent; what counts is that nothing is billed.
    if let Ok(answer) = answer {
        assert_eq!(
            (answer.status, answer.json()["error"]["type"].as_str().unwrap()),
            (413, "request_too_large")
        );
    }
    assert_eq!(sim.bill().billed_calls, 0);
}

#[tokio::test]
async fn models_counts_and_greetings_are_answered() {
    let sim = start(SimConfig::default()).await;
    let models = get(&sim, "/v1/models?limit=2").await.json();
    assert_eq!((models["data"].as_array().unwrap().len(), &models["has_more"]), (2, &json!(true)));
    assert_eq!(get(&sim, "/v1/models?limit=1000").await.json()["has_more"], false);
    assert_eq!(get(&sim, "/v1/models/claude-opus-5-5").await.json()["display_name"], "Claude Opus 5.5");
    assert_eq!(get(&sim, "/v1/models/claude-none").await.status, 404);
    for path in ["/", "/api/hello"] {
        assert_eq!(send(&sim, "HEAD", path, &[], "").await.unwrap().status, 200);
    }
    let body = json!({"model": "claude-haiku-5-5", "messages": [{"role": "user", "content": "Hello there"}]});
    let count = send(&sim, "POST", "/v1/messages/count_tokens?beta=true", &[VERSION], body.to_string())
        .await
        .unwrap();
    let asked = ask(&sim, &with(|b| b["messages"] = body["messages"].clone())).await.json();
    assert_eq!(count.json()["input_tokens"], asked["usage"]["input_tokens"]);
    let beta = with(|b| b["a_new_field"] = json!(1)).to_string();
    assert_eq!(send(&sim, "POST", "/v1/messages?beta=true", &[VERSION], beta).await.unwrap().status, 200);
    assert_eq!(get(&sim, "/v2/none").await.json()["error"]["type"], "not_found_error");
}

#[test]
fn a_bound_by_bytes_holds_for_any_request() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sim = runtime.block_on(start(SimConfig::default()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let texts = (".{1,80}", proptest::collection::vec("\\PC{1,60}", 1..4), ".{0,40}");
    runner
        .run(&texts, |(system, messages, description)| {
            let list: Vec<Value> = messages.iter().map(|m| json!({"role": "user", "content": m})).collect();
            let tool = json!({"name": "t", "description": description, "input_schema": {"type": "object"}});
            let body =
                json!({"model": "claude-haiku-5-5", "messages": list, "system": system, "tools": [tool]});
            let answer = runtime.block_on(send(
                &sim,
                "POST",
                "/v1/messages/count_tokens",
                &[VERSION],
                body.to_string(),
            ));
            let tokens = answer.unwrap().json()["input_tokens"].as_u64().unwrap();
            let bytes =
                system.len() + messages.iter().map(String::len).sum::<usize>() + tool.to_string().len();
            prop_assert!(tokens <= bytes as u64 + MESSAGE_OVERHEAD * messages.len() as u64 + TOOL_OVERHEAD);
            Ok(())
        })
        .unwrap();
}
