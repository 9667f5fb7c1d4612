//! Creating a batch, and what is refused at once.

use serde_json::{Value, json};

use super::{HOUR, create, error, item, items, params, show, slow, try_create, with};
use crate::client::{VERSION, post, send};

#[tokio::test]
async fn a_created_batch_is_in_progress_with_all_its_requests_processing() {
    let (sim, _) = slow().await;
    let answer = try_create(&sim, &items(2)).await.unwrap();
    assert!(answer.header("request-id").is_some());
    let batch = answer.json();
    let id = batch["id"].as_str().expect("a date");
    assert!(id.starts_with("msgbatch_"), "{id}");
    let expected = json!({
        "id": id, "type": "message_batch", "processing_status": "in_progress",
        "request_counts": {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "created_at": "2026-11-18T11:06:40Z", "expires_at": "2026-11-19T11:06:40Z",
        "ended_at": null, "cancel_initiated_at": null, "archived_at": null, "results_url": null,
    });
    assert_eq!(batch, expected);
    assert_eq!(show(&sim, id).await, expected);
    assert_eq!(sim.batch_custom_ids(id), ["i0", "i1"]);
    assert_eq!(sim.bill().nano_dollars, 0);
}

#[tokio::test]
async fn ids_and_the_shape_around_parameters_are_refused_at_once() {
    let (sim, _) = slow().await;
    let of = |custom_id: Value| json!([{"custom_id": custom_id, "params": params("x")}]);
    for (requests, message) in [
        (json!([]), "requests: List should have at least 1 item after validation, not 0"),
        (json!({}), "requests: Input should be a valid list"),
        (json!(["x"]), "requests.0: Input should be a valid dictionary"),
        (json!([{"params": params("x")}]), "requests.0.custom_id: Field required"),
        (json!([item("a"), {"custom_id": "b"}]), "requests.1.params: Field required"),
        (json!([{"custom_id": "b", "params": 3}]), "requests.0.params: Input should be a valid dictionary"),
        (of(json!(7)), "requests.0.custom_id: Input should be a valid string"),
        (of(json!("a".repeat(65))), "requests.0.custom_id: String should have at most 64 characters"),
        (of(json!("")), "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        (of(json!("a.b")), "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        (
            json!([item("a"), item("b"), item("a")]),
            "requests: custom_id's must be unique within a batch. Duplicate custom_id found: a",
        ),
        (
            json!([{"custom_id": "a", "params": params("x"), "priority": 1}]),
            "requests.0.priority: Extra inputs are not permitted",
        ),
    ] {
        let answer = try_create(&sim, &requests).await.unwrap();
        assert_eq!(error(&answer), (400, "invalid_request_error".to_owned(), message.to_owned()));
    }
    for (body, message) in [
        ("{}", "requests: Field required"),
        ("[]", "Input should be a valid dictionary"),
        ("{\"requests\": [], \"more\": 1}", "more: Extra inputs are not permitted"),
    ] {
        let answer = send(&sim, "POST", "/v1/messages/batches", &[VERSION], body).await.unwrap();
        assert_eq!(error(&answer).2, message);
    }
    let whole = json!({"requests": items(3)}).to_string();
    for end in [1, whole.len() / 2, whole.len() - 1] {
        let body = whole[..end].to_owned();
        let answer = send(&sim, "POST", "/v1/messages/batches", &[VERSION], body).await.unwrap();
        assert!(error(&answer).2.starts_with("The request body is not valid JSON: "), "{}", answer.body);
    }
    assert!(sim.batches().is_empty(), "what is refused is not created");
    create(&sim, &json!([item(&"a".repeat(64)), item("A-Z_09")])).await;
}

#[tokio::test]
async fn a_batch_has_100_000_requests_at_most() {
    let (sim, _) = slow().await;
    let body = |count: usize| {
        let list: Vec<String> =
            (0..count).map(|i| format!(r#"{{"custom_id":"{i}","params":{{}}}}"#)).collect();
        format!(r#"{{"requests":[{}]}}"#, list.join(","))
    };
    let post = |count| send(&sim, "POST", "/v1/messages/batches", &[VERSION], body(count));
    assert_eq!(
        error(&post(100_001).await.unwrap()).2,
        "requests: List should have at most 100000 items after validation"
    );
    let answer = post(100_000).await.unwrap();
    assert_eq!((answer.status, &answer.json()["request_counts"]["processing"]), (200, &json!(100_000)));
}

#[tokio::test]
async fn a_key_and_a_version_are_asked_for() {
    let config = anvil_sim::SimConfig { api_key: Some("right".to_owned()), ..Default::default() };
    let (sim, _) = with(config).await;
    let key = [VERSION, ("x-api-key", "right")];
    let body = json!({"requests": items(1)}).to_string();
    for (method, path) in [
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/messages/batches"),
        ("GET", "/v1/messages/batches/msgbatch_x"),
        ("GET", "/v1/messages/batches/msgbatch_x/results"),
        ("POST", "/v1/messages/batches/msgbatch_x/cancel"),
        ("DELETE", "/v1/messages/batches/msgbatch_x"),
    ] {
        assert_eq!(send(&sim, method, path, &[VERSION], body.clone()).await.unwrap().status, 401, "{path}");
        assert_eq!(send(&sim, method, path, &key[1..], body.clone()).await.unwrap().status, 400, "{path}");
        let answer = send(&sim, method, path, &key, body.clone()).await.unwrap();
        let there = path.ends_with("batches");
        assert_eq!(answer.status, if there { 200 } else { 404 }, "{path}");
        if !there {
            assert_eq!(error(&answer).2, "Message Batch msgbatch_x not found.");
        }
    }
    let wrong = send(&sim, "DELETE", "/v1/messages/batches", &key, "").await.unwrap();
    assert_eq!(wrong.status, 405);
    assert_eq!(send(&sim, "GET", "/v1/messages/batchesx", &key, "").await.unwrap().status, 404);
}

#[tokio::test]
async fn more_waiting_items_than_the_queue_takes_are_a_429() {
    let (sim, clock) = slow().await;
    let settings = json!({"start_ms": 1_000, "items_per_minute": 60, "queued": 5});
    assert_eq!(post(&sim, "/_sim/batches", &settings).await.status, 200);
    let first = create(&sim, &items(3)).await;
    let refused = try_create(&sim, &items(3)).await.unwrap();
    assert_eq!((refused.status, error(&refused).1.as_str()), (429, "rate_limit_error"));
    clock.advance(1_000);
    show(&sim, &first).await;
    create(&sim, &items(3)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn small_batches_keep_no_file_open_however_many_there_are() {
    let open = || std::fs::read_dir("/proc/self/fd").expect("its descriptors").count();
    let (sim, clock) = slow().await;
    create(&sim, &items(2)).await;
    let before = open();
    let mut ids = Vec::new();
    for _ in 0..300 {
        ids.push(create(&sim, &items(2)).await);
    }
    clock.advance(HOUR);
    for id in [&ids[0], &ids[299]] {
        assert_eq!(show(&sim, id).await["request_counts"]["succeeded"], 2);
    }
    assert!(open() < before + 50, "{} files are open more than for one", open() - before);
}
