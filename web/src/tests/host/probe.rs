//! A person's question whether Claude answers, here where nobody does.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};

const PROBE: &str = "/api/v1/upstream/probe";

#[tokio::test]
async fn a_probe_that_finds_nobody_says_so_and_stands_in_the_ledger() {
    let scene = Scene::new().await;
    let answer = scene.api(Method::POST, PROBE, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let probe = answer.json();
    assert_eq!(probe["answered"], false);
    assert!(probe["said"].as_str().is_some_and(|said| said.contains("cannot be reached")), "{probe}");
    let ledger = scene.get("/api/v1/ledger").await.json();
    let [call] = ledger["items"].as_array().expect("a list").as_slice() else { panic!("{ledger}") };
    assert_eq!((&call["agent"], &call["state"]), (&"(probe)".into(), &"released".into()));
    assert!(call["job"].is_null(), "{call}");
    assert_eq!(call["tags"][0], "by:the API token");
    // It is shown as what it is.
    let page = scene.get("/ledger").await;
    assert!(page.text.contains("(probe)"), "{}", page.text);
}

#[tokio::test]
async fn one_probe_at_a_time_is_enough() {
    let scene = Scene::new().await;
    let probe = || scene.api(Method::POST, PROBE, "");
    let (first, second) = tokio::join!(probe(), probe());
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::CONFLICT));
    assert!(second.text.contains("under way already"), "{}", second.text);
}
