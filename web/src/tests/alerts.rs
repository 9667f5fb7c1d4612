//! Alerts and webhooks, from outside.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::Value;

#[tokio::test]
async fn a_webhook_is_made_changed_tested_and_deleted() {
    let scene = Scene::new().await;
    let path = "/api/v1/webhooks/ops";
    let made = scene.api(Method::PUT, path, r#"{"url":"https://ops.example/secret/path"}"#).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let secret = made.json()["secret"].as_str().map(str::to_owned).expect("a secret");
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    assert!(!made.text.contains("secret/path"), "the path may be a secret: {}", made.text);
    // Shown once, and kept when something else changes.
    let slack = scene.api(Method::PUT, path, r#"{"format":"slack"}"#).await.json();
    assert_eq!((&slack["secret"], &slack["format"]), (&Value::Null, &Value::from("slack")));
    assert!(!scene.get("/api/v1/webhooks").await.text.contains("whsec_"));
    let rotated = scene.api(Method::PUT, path, r#"{"format":"standard","rotate_secret":true}"#).await.json();
    assert!(rotated["secret"].as_str().is_some_and(|new| new != secret), "{rotated}");

    let sent = scene.api(Method::POST, "/api/v1/webhooks/ops/test", "").await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
    let (delivery, alert) = (sent.json()["id"].clone(), sent.json()["alert"].clone());
    let log = scene.get("/api/v1/deliveries?webhook=ops&state=pending").await.json();
    assert_eq!(log["items"][0]["id"], delivery);
    assert!(log["items"][0]["message_id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{log}");
    let test = scene.get(&format!("/api/v1/alerts/{}", alert.as_str().expect("an id"))).await.json();
    assert_eq!((&test["kind"], &test["state"]), (&Value::from("test"), &Value::from("resolved")));
    assert_eq!(scene.get("/api/v1/alerts?state=firing").await.json()["items"], Value::Array(Vec::new()));

    scene.api(Method::PUT, path, r#"{"enabled":false}"#).await;
    let refused = scene.api(Method::POST, "/api/v1/webhooks/ops/test", "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(scene.api(Method::DELETE, path, "").await.status, StatusCode::NO_CONTENT);
    let gone = scene.api(Method::DELETE, path, "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text);
}

#[tokio::test]
async fn a_webhook_that_will_not_do_is_refused_with_what_would() {
    let scene = Scene::new().await;
    for (name, body, pointer, part) in [
        ("ops", "{}", "/url", "a new webhook needs an address"),
        ("ops", r#"{"url":"http://127.0.0.1:9/"}"#, "/url", "no public address"),
        ("ops", r#"{"url":"http://localhost/"}"#, "/url", "no public address"),
        ("ops", r#"{"url":"ftp://ops.example/"}"#, "/url", "https: or http:"),
        ("ops", r#"{"url":"https://a:b@ops.example/"}"#, "/url", "password"),
        ("ops", r#"{"url":"https://ops.example/","secret":"x"}"#, "/secret", "whsec_"),
        ("o%20ps", r#"{"url":"https://ops.example/"}"#, "/name", "letters, digits"),
        ("ops", r#"{"url":"https://ops.example/","formt":"slack"}"#, "/formt", "did you mean `format`"),
        ("ops", r#"{"url":"https://ops.example/","format":"teams"}"#, "/format", "standard or slack"),
    ] {
        let refused = scene.api(Method::PUT, &format!("/api/v1/webhooks/{name}"), body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.text);
        let error = refused.json()["errors"][0].clone();
        assert_eq!(error["pointer"], pointer, "{}", refused.text);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(part)), "{error}");
    }
    let private = r#"{"url":"http://127.0.0.1:9/","allow_private":true}"#;
    assert_eq!(scene.api(Method::PUT, "/api/v1/webhooks/ops", private).await.status, StatusCode::OK);
    let typo = scene.api(Method::POST, "/api/v1/webhooks/opps/test", "").await;
    assert_eq!((typo.status, &typo.json()["nearest"]), (StatusCode::NOT_FOUND, &Value::from("ops")));
    for path in ["/api/v1/alerts/x", "/api/v1/alerts/01JD9Z6W3NQ8Y5R2K7M4T1X0VB"] {
        assert_eq!(scene.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let resend = "/api/v1/deliveries/01JD9Z6W3NQ8Y5R2K7M4T1X0VB/resend";
    assert_eq!(scene.api(Method::POST, resend, "").await.status, StatusCode::NOT_FOUND);
    for path in ["/api/v1/alerts?state=loud", "/api/v1/deliveries?state=lost", "/api/v1/alerts?stat=firing"] {
        assert_eq!(scene.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn the_page_of_alerts_works_without_a_script() {
    let scene = Scene::new().await;
    let refused = scene.form("/webhooks", "name=ops&url=http%3A%2F%2F10.0.0.1%2F&format=standard").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("no public address") && refused.text.contains("http://10.0.0.1/"));
    let made = scene.form("/webhooks", "name=ops&url=https%3A%2F%2Fops.example%2Fhook&format=standard").await;
    assert!(made.status == StatusCode::OK && made.text.contains("whsec_"), "{}", made.text);
    assert!(!scene.get("/alerts").await.text.contains("whsec_"), "shown once");
    let again = scene.form("/webhooks", "name=ops&url=https%3A%2F%2Fops.example%2F&format=standard").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "a form for a new one changes none");
    let rotated = scene.form("/webhooks/ops/rotate", "").await;
    assert!(rotated.text.contains("whsec_"), "{}", rotated.text);
    assert_eq!(scene.form("/webhooks/ops/test", "").await.status, StatusCode::SEE_OTHER);
    let sent = scene.get("/api/v1/deliveries").await.json()["items"][0].clone();
    let page = scene.get(&format!("/alerts/{}", sent["alert"].as_str().expect("an id"))).await;
    assert!(page.status == StatusCode::OK && page.text.contains("A test of the webhook"), "{}", page.text);
    let alert = format!("/alerts/{}/acknowledge", sent["alert"].as_str().expect("an id"));
    assert_eq!(scene.form(&alert, "note=%3Cb%3Eseen%3C%2Fb%3E").await.status, StatusCode::SEE_OTHER);
    let page = scene.get(&format!("/ui/alerts/{}", sent["alert"].as_str().expect("an id"))).await;
    assert!(page.text.contains("seen") && !page.text.contains("<b>"), "a note is text: {}", page.text);
    let resend = format!("/deliveries/{}/resend", sent["id"].as_str().expect("an id"));
    assert_eq!(scene.form(&resend, "next=/alerts").await.header("location"), "/alerts");
    for path in ["/alerts", "/ui/alerts", "/ui/bell", "/ui/webhooks", "/ui/deliveries"] {
        assert_eq!(scene.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/webhooks/ops/off", "/webhooks/ops/on", "/webhooks/ops/delete"] {
        assert_eq!(scene.form(path, "").await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(scene.form("/webhooks/ops/delete", "").await.status, StatusCode::NOT_FOUND);
}
