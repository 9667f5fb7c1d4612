//! What is sent in the ways of other machines, or twice, or to more digits than most.

use crate::testing::{Scene, TOKEN};
use crate::tests::{empty, request};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

fn post(path: &str, media: &str, body: Vec<u8>) -> Request<Body> {
    request("POST", path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", media)
        .body(Body::from(body))
        .expect("a request")
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

const JOB: &str = r#"{"agent":"quiet","action":"run","payload":{}}"#;

#[tokio::test]
async fn json_from_windows_is_taken_or_told_for_what_it_is() {
    let scene = Scene::new().await;
    let marked = format!("\u{feff}{JOB}").into_bytes();
    let answer = scene.send(post("/api/v1/jobs", "application/json", marked)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let answer = scene.send(post("/api/v1/jobs", "application/json", utf16(JOB))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("this is UTF-16, and has to be UTF-8"), "{}", answer.text);
    for lines in
        [format!("\u{feff}{JOB}\r\n{JOB}"), format!("{JOB}\r{JOB}\r"), format!("\n\r\n{JOB}\n  \n{JOB}\n\n")]
    {
        let answer =
            scene.send(post("/api/v1/jobs/bulk", "application/jsonl", lines.clone().into_bytes())).await;
        assert_eq!(answer.text.matches("\"status\":201").count(), 2, "{lines:?}: {}", answer.text);
        assert_eq!(answer.text.lines().count(), 2, "{lines:?}: {}", answer.text);
    }
    let answer =
        scene.send(post("/api/v1/jobs/bulk", "application/jsonl", utf16(&format!("{JOB}\n{JOB}")))).await;
    assert_eq!(answer.text.lines().count(), 1, "told once: {}", answer.text);
    assert!(answer.text.contains("this is UTF-16"), "{}", answer.text);
    let answer = scene.send(post("/api/v1/jobs/import", "application/jsonl", utf16("{}"))).await;
    assert!(answer.text.contains("this is UTF-16"), "{}", answer.text);
}

#[tokio::test]
async fn a_body_that_is_said_to_be_too_large_is_refused_before_it_is_there() {
    let scene = Scene::new().await;
    // It never comes: whoever waits for it, waits for ever.
    let announcing = |length: u64, asks: bool| {
        let request = request("POST", "/api/v1/jobs")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("content-length", length);
        let request = if asks { request.header("expect", "100-continue") } else { request };
        let never = tokio_stream::pending::<Result<Vec<u8>, std::io::Error>>();
        request.body(Body::from_stream(never)).expect("a request")
    };
    for (length, asks) in [(10 << 20, true), (1 << 40, false), (1 << 40, true)] {
        let answer = scene.send(announcing(length, asks)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{length}: {}", answer.text);
        assert!(
            answer.text.contains(&format!("the body has {length} bytes, the limit is ")),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn what_is_said_twice_is_refused_by_name() {
    let scene = Scene::new().await;
    let answer = scene.api(Method::PUT, "/api/v1/limits", r#"{"day_usd": 5, "day_usd": 7}"#).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("/day_usd: is there twice"), "{}", answer.text);
    let answer = scene
        .api(Method::POST, "/api/v1/jobs", r#"{"agent":"quiet","action":"run","payload":{},"payload":[]}"#)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let limits = scene.get("/api/v1/limits").await;
    assert!(!limits.text.contains("\"from\":\"run_time\""), "{}", limits.text);
}

#[tokio::test]
async fn dollars_keep_every_digit_on_their_way_in_and_out() {
    let scene = Scene::new().await;
    let call = scene.spend("quiet", "claude-haiku-5-5", 1_000, true).await;
    for usd in ["4194304.000000001", "4503599.627370495", "4503599.627370496", "300.000000001", "0.000000001"]
    {
        let body = format!(r#"{{"cost_usd": {usd}, "reason": "an invoice"}}"#);
        let answer = scene.api(Method::POST, &format!("/api/v1/ledger/{call}/correct"), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(
            answer.text.contains(&format!("\"cost_usd\":{usd}")) || usd == "0.000000001",
            "{usd}: {}",
            answer.text
        );
        assert!(scene.get("/api/v1/status").await.text.contains(usd) || usd == "0.000000001", "{usd}");
    }
    let missing =
        scene.api(Method::POST, &format!("/api/v1/ledger/{call}/correct"), r#"{"reason": "x"}"#).await;
    assert!(missing.text.contains("/cost_usd: is missing"), "{}", missing.text);
    let text = scene
        .api(Method::POST, &format!("/api/v1/ledger/{call}/correct"), r#"{"cost_usd": "5", "reason": "x"}"#)
        .await;
    assert_eq!(text.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text.text);
}

#[tokio::test]
async fn a_parameter_without_end_is_refused_and_a_repeated_one_counts_once() {
    let scene = Scene::new().await;
    let many = format!("/api/v1/jobs?state={}", vec!["scheduled"; 4_000].join(","));
    let answer = scene.get(&many).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("`state` has more than 64 values"), "{}", answer.text);
    let few = format!("/api/v1/jobs?state={}", ["scheduled"; 60].join(","));
    assert_eq!(scene.get(&few).await.status, StatusCode::OK);
    let id = scene.get("/api/v1/jobs/80000000000000000000000000").await;
    assert_eq!(id.status, StatusCode::NOT_FOUND);
    assert!(id.text.contains("is no id"), "{}", id.text);
    let after = scene.get("/api/v1/jobs?after=8ZZZZZZZZZZZZZZZZZZZZZZZZZ").await;
    assert_eq!(after.status, StatusCode::BAD_REQUEST, "{}", after.text);
}

#[tokio::test]
async fn a_payload_is_a_download_as_it_was_sent() {
    let scene = Scene::new().await;
    let payload = r#"{"z": 1,  "n": 9007199254740993}"#;
    let body = format!(r#"{{"agent":"quiet","action":"run","payload":{payload}}}"#);
    let job = scene.api(Method::POST, "/api/v1/jobs", &body).await;
    assert_eq!(job.status, StatusCode::CREATED, "{}", job.text);
    let job: serde_json::Value = serde_json::from_str(&job.text).expect("JSON");
    let id = job["id"].as_str().expect("an id");
    let answer = scene.get(&format!("/api/v1/jobs/{id}/payload")).await;
    assert_eq!(answer.text, payload);
    assert!(answer.header("content-disposition").starts_with("attachment"));
    assert!(answer.header("content-security-policy").starts_with("sandbox"));
    let none = scene.get("/api/v1/jobs/01JD9Z6W3NQ8Y5R2K7M4T1X0VB/result").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let anonymous = scene.send(empty(request("GET", &format!("/api/v1/jobs/{id}/payload")))).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_price_that_makes_no_sense_is_refused_and_a_free_one_is_meant() {
    let scene = Scene::new().await;
    let put = async |more: &str, input: &str| {
        let body = format!(
            r#"{{"model":"claude-haiku-5-5","input":{input},"output":5,"cache_write_5m":1.25,"cache_write_1h":2,"cache_read":0.1{more}}}"#
        );
        scene.api(Method::PUT, "/api/v1/prices", &body).await
    };
    for (more, input, part) in [
        ("", "0", "`input` is 0; where nothing is to be paid, say `free = true`"),
        ("", "1e-12", "less than a nano-dollar"),
        (r#","max_output":0"#, "1", "`max_output` is 0"),
        (r#","context":0"#, "1", "`context` is 0"),
        (r#","speed":"standard""#, "1", "`speed` is `standard`"),
    ] {
        let answer = put(more, input).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{more} {input}: {}", answer.text);
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert_eq!(put(r#","free":true"#, "0").await.status, StatusCode::CREATED);
}
