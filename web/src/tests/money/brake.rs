//! The brake.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn the_brake_goes_on_and_off_with_a_reason_from_both_faces() {
    let scene = Scene::new().await;
    let on =
        scene.api(Method::PUT, "/api/v1/brake", r#"{"engaged":true,"reason":"odd answers"}"#).await.json();
    assert_eq!((&on["engaged"], &on["causes"][0]["reason"]), (&json!(true), &json!("odd answers")));
    let page = scene.get("/").await.text;
    assert!(page.contains("odd answers") && page.contains("Brake on"));
    assert_eq!(scene.form("/brake", "engaged=false&reason=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = scene.form("/brake", "engaged=false&reason=looked+into&next=/jobs").await;
    assert_eq!((off.status, off.header("location")), (StatusCode::SEE_OTHER, "/jobs"));
    assert_eq!(scene.get("/api/v1/brake").await.json()["engaged"], json!(false));
}

#[tokio::test]
async fn the_brakes_page_says_what_ends_it_and_what_it_did() {
    let scene = Scene::new().await;
    scene.api(Method::PUT, "/api/v1/brake", r#"{"engaged":true,"reason":"odd <b>answers</b>"}"#).await;
    let page = scene.get("/brake").await.text;
    assert!(page.contains("Ends only by a release") && page.contains("odd &#60;b&#62;"), "{page}");
    scene.form("/brake", "engaged=false&reason=looked+into&next=/brake").await;
    let brake = scene.get("/api/v1/brake").await.json();
    let changes: Vec<_> =
        brake["history"].as_array().expect("a list").iter().map(|line| &line["change"]).collect();
    assert_eq!((&brake["engaged"], changes), (&json!(false), vec![&json!("released"), &json!("engaged")]));
    assert!(scene.get("/ui/brake-page").await.text.contains("looked into"));
    assert_eq!(scene.get("/api/v1/brake?limit=1").await.json()["history"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_day_that_was_released_says_that_it_is_muted_for_this_day_only() {
    let scene = Scene::new().await;
    scene.api(Method::PUT, "/api/v1/limits", r#"{"day_usd":1}"#).await;
    scene.spend("quiet", "claude-haiku-5-5", 960_000_000, true).await;
    assert!(scene.get("/brake").await.text.contains("The day at 95 %"));
    scene.form("/brake", "engaged=false&reason=it+is+fine&next=/brake").await;
    assert!(scene.get("/brake").await.text.contains("Released for this day only"));
    assert!(scene.get("/api/v1/brake").await.json()["muted_until"].is_string());
}
