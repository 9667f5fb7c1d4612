//! What is empty, there twice, or more than anybody reads is taken for nothing else.

use crate::testing::Scene;
use crate::tests::{empty, request};
use axum::http::{Method, StatusCode};

const JOB: &str = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;

#[tokio::test]
async fn an_empty_part_of_a_filter_is_not_all_jobs() {
    let scene = Scene::new().await;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", JOB).await.status, StatusCode::CREATED);
    for part in [r#""tag":"""#, r#""agent":"""#, r#""q":" ""#, r#""state":[]"#] {
        for action in [r#""action":"delete""#, r#""action":"cancel""#, r#""action":"cancel","dry_run":true"#]
        {
            let body = format!(r#"{{{action},"filter":{{{part}}}}}"#);
            let refused = scene.api(Method::POST, "/api/v1/jobs/actions", &body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.text);
            assert!(refused.text.contains("is empty; say which jobs are meant"), "{}", refused.text);
        }
    }
    let unsaid = r#"{"action":"delete","filter":{},"dry_run":null}"#;
    let refused = scene.api(Method::POST, "/api/v1/jobs/actions", unsaid).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "null is not taken for `go on`: {}",
        refused.text
    );
    let all = r#"{"action":"cancel","filter":{},"dry_run":true}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs/actions", all).await.json()["touched"], 1);
}

#[tokio::test]
async fn a_query_where_none_belongs_is_refused_and_nothing_is_done() {
    let scene = Scene::new().await;
    let job = r#"{"agent":"quiet","action":"run"}"#;
    let refused = scene.api(Method::POST, "/api/v1/jobs?dry_run=true", job).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    let detail = refused.json()["detail"].as_str().map(str::to_owned);
    assert_eq!(detail.as_deref(), Some("there is no parameter `dry_run`; this takes none"));
    assert_eq!(scene.get("/api/v1/jobs").await.json()["items"], serde_json::json!([]));
    let page = scene.get("/agents?state=ready").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("</html>") && page.text.contains("this takes none"), "{}", page.text);
    for path in ["/healthz?from=monitor", "/static/app.css?v=2", "/api/v1/status?", "/agents?"] {
        assert_eq!(scene.get(path).await.status, StatusCode::OK, "{path}");
    }
    // Who may not ask learns of no names.
    let stranger = scene.send(empty(request("GET", "/api/v1/jobs?stat=failed"))).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_there_twice_is_refused() {
    let scene = Scene::new().await;
    for query in ["tag=a&tag=b", "limit=1&limit=2", "agent=a&agent=a"] {
        let refused = scene.get(&format!("/api/v1/jobs?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(refused.text.contains("is there twice"), "{}", refused.text);
    }
    let states = scene.get("/api/v1/jobs?state=queued&state=running&tag=&tag=a").await;
    assert_eq!(states.status, StatusCode::OK, "states are a list, and a form sends what is empty");
    for payload in [r#"{"x":1,"x":2}"#, r#"{"x":{"y":[{"z":1,"z":2}]}}"#] {
        let body = format!(r#"{{"agent":"quiet","action":"run","payload":{payload}}}"#);
        let refused = scene.api(Method::POST, "/api/v1/jobs", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains("twice, and nobody can tell"), "{}", refused.text);
        let at = format!(r#"{{"cron":"0 0 * * *","agent":"quiet","action":"run","payload":{payload}}}"#);
        let refused = scene.api(Method::PUT, "/api/v1/schedules/s", &at).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    }
}

#[tokio::test]
async fn a_name_that_is_a_place_and_words_without_end_are_refused() {
    let scene = Scene::new().await;
    let long = "x".repeat(1_001);
    for (path, body) in [
        ("/api/v1/brake", format!(r#"{{"engaged":true,"reason":"{long}"}}"#)),
        ("/api/v1/queue", format!(r#"{{"paused":true,"reason":"{long}"}}"#)),
        (
            "/api/v1/schedules/s",
            format!(r#"{{"cron":"{}","agent":"quiet","action":"run"}}"#, "0,".repeat(500)),
        ),
        ("/api/v1/schedules/...", r#"{"cron":"0 0 * * *","agent":"quiet","action":"run"}"#.to_owned()),
    ] {
        let refused = scene.api(Method::PUT, path, &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.text);
        assert!(refused.text.len() < 2_000, "{}", refused.text);
    }
    let odd = scene.get("/api/v1/agents/%ff").await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert_eq!(odd.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn what_is_no_number_is_told_in_words_for_people() {
    let scene = Scene::new().await;
    let digits = "it must be a whole number, in digits alone";
    for (path, query, said) in [
        ("jobs", "limit=x", digits),
        ("jobs", "limit=-1", digits),
        ("jobs", "limit=99999999999999999999", "this number is beyond all that is counted here"),
        ("events", "after=abc", digits),
    ] {
        let answer = scene.get(&format!("/api/v1/{path}?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text.contains(&format!("`{query}`: {said}")), "{}", answer.text);
    }
}
