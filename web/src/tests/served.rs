//! What every answer is served with.

use crate::serve::routes;
use crate::testing::{Scene, TOKEN};
use crate::tests::{empty, request};
use axum::http::{Method, StatusCode};

#[tokio::test]
async fn every_answer_carries_the_strict_policy() {
    let scene = Scene::new().await;
    for path in ["/", "/login", "/api/v1/status", "/no-such-page", "/api/nothing", "/healthz"] {
        let answer = scene.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn what_a_browser_gets_compressed_it_gets_whole() {
    let scene = Scene::new().await;
    let (_, table) = routes(&scene.state).finish();
    let mut paths: Vec<&str> =
        table.iter().filter(|entry| entry.method == Method::GET).map(|entry| entry.path).collect();
    paths.extend(["/api/v1/ledger?format=csv", "/api/v1/spend?format=csv", "/api/openapi.json"]);
    let mut compressed = 0;
    // Event streams have no end.
    for path in paths.into_iter().filter(|path| !path.ends_with("/events") && !path.ends_with("/stream")) {
        let path = path.replace(['{', '}', '*'], "");
        let asked = request("GET", &path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept-encoding", "gzip");
        // An answer that breaks off fails here.
        let answer = scene.send(empty(asked)).await;
        compressed += u32::from(answer.header("content-encoding") == "gzip");
    }
    assert!(compressed > 30, "{compressed} were compressed");
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_their_hash() {
    let scene = Scene::new().await;
    let path = crate::assets::url("app.css");
    let answer = scene.send(empty(request("GET", &path))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("cache-control").contains("immutable"));
    let again = request("GET", &path).header("if-none-match", answer.header("etag"));
    assert_eq!(scene.send(empty(again)).await.status, StatusCode::NOT_MODIFIED);
    let old = scene.send(empty(request("GET", "/static/0000/app.css"))).await;
    assert_eq!((old.status, old.header("cache-control")), (StatusCode::OK, "no-cache"));
}

#[tokio::test]
async fn metrics_are_readable_by_prometheus() {
    let scene = Scene::new().await;
    let text = scene.get("/metrics").await.text;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("anvil_") && value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(text.contains("anvil_limit_usd{window=\"day\"} 160\n"));
    let tasks = text.lines().find_map(|line| line.strip_prefix("anvil_tasks "));
    assert!(tasks.is_some_and(|tasks| tasks.parse::<usize>().is_ok()), "{text}");
}
