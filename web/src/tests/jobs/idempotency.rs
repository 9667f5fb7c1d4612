//! The same request twice is one job.

use crate::testing::{Scene, TOKEN};
use axum::http::{Method, Request, StatusCode};

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_job() {
    let scene = Scene::new().await;
    let body = r#"{"agentType":"quiet","action":"run","payload":{"n":12345678901234567890.5},"idempotency_key":"k1"}"#;
    let first = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let job = first.json();
    assert_eq!(first.header("location"), format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id")));
    assert!(first.text.contains("12345678901234567890.5"), "numbers stay exact: {}", first.text);
    let second = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!((second.status, &second.json()["id"]), (StatusCode::OK, &job["id"]));
    let other = r#"{"agent":"quiet","action":"run","payload":{},"idempotency_key":"k1"}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", other).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_idempotency_key_that_cannot_be_read_is_refused() {
    let scene = Scene::new().await;
    let body = r#"{"agent":"quiet","action":"run","payload":{"a":1,"b":[]}}"#;
    let send = async |key: &[u8], body: &str| {
        let request = Request::post("/api/v1/jobs")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("idempotency-key", axum::http::HeaderValue::from_bytes(key).expect("a value"))
            .body(axum::body::Body::from(body.to_owned()))
            .expect("a request");
        scene.send(request).await
    };
    for key in ["bestellung-f\u{fc}r-4711".as_bytes(), b"f\xfcr"] {
        let refused = send(key, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert!(refused.text.contains("bad-idempotency-key"), "{}", refused.text);
    }
    let first = send(b"order-1", body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = send(b"order-1", r#"{"agent":"quiet","action":"run","payload":{"b": [], "a": 1.0}}"#).await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &first.json()["id"]));
}
