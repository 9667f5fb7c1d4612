//! The queue: full, and paused.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn a_paused_queue_says_so_everywhere_and_goes_on_when_it_is_resumed() {
    let scene = Scene::new().await;
    let put = async |body: &str| scene.api(Method::PUT, "/api/v1/queue", body).await;
    assert_eq!(
        put(r#"{"paused":true}"#).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a reason is needed"
    );
    let paused = put(r#"{"paused":true,"reason":"a deployment"}"#).await.json();
    assert_eq!((&paused["paused"], &paused["pause"]["reason"]), (&json!(true), &json!("a deployment")));
    let job = scene.api(Method::POST, "/api/v1/jobs", r#"{"agent":"quiet","action":"run"}"#).await.json();
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let shown = scene.get(&path).await.json();
    assert_eq!((&shown["state"], &shown["waiting_for"]["reason"]), (&json!("queued"), &json!("paused")));
    let status = scene.get("/api/v1/status").await.json();
    assert_eq!(status["queue"]["paused"]["reason"], "a deployment");
    assert!(status["why_idle"].as_str().expect("a text").contains("The queue is paused"), "{status}");
    let page = scene.get("/").await.text;
    assert!(page.contains("The queue is paused") && page.contains("a deployment"));
    assert_eq!(put(r#"{"paused":false}"#).await.json()["paused"], false);
    for _ in 0..400 {
        if scene.get(&path).await.json()["state"] == "succeeded" {
            assert!(scene.get("/").await.text.contains("Pause the queue"));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the job never ran: {}", scene.get(&path).await.text);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let scene = Scene::new().await;
    let limits = scene.api(Method::PUT, "/api/v1/limits", r#"{"queue_max":1}"#).await;
    assert_eq!(limits.status, StatusCode::OK, "{}", limits.text);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2099-01-01T00:00:00Z"}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", later).await.status, StatusCode::CREATED);
    let refused = scene.api(Method::POST, "/api/v1/jobs", later).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "5"));
    assert_snapshot!(refused.text);
}
