//! What can be submitted: one job after others, and many at once.

use crate::testing::{Answer, MAX_BODY, Scene, TOKEN};
use crate::tests::{empty, request};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

fn lines(body: impl Into<Body>) -> Request<Body> {
    let sent = request("POST", "/api/v1/jobs/bulk").header("authorization", format!("Bearer {TOKEN}"));
    sent.header("content-type", "application/jsonl").body(body.into()).expect("a request")
}

fn answers(answer: &Answer) -> Vec<serde_json::Value> {
    answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn many_jobs_are_submitted_as_lines_with_an_answer_for_each() {
    let scene = Scene::new().await;
    let long = "x".repeat(MAX_BODY);
    let body = [
        r#"{"agent":"quiet","action":"run","ref":"design","idempotency_key":"k"}"#,
        "",
        r#"{"agent":"quiet","action":"run","ref":"code","after":["ref:design"],"tags":["t"]}"#,
        r#"{"agent":"quie","action":"run","ref":"lost"}"#,
        r#"{"agent":"quiet","action":"run","after":["ref:lost"]}"#,
        r#"{"agent":"quiet","action":"run","after":["ref:later"]}"#,
        r#"{"agent":"quiet","action":"run","ref":"design"}"#,
        "{no json",
        &format!(r#"{{"agent":"quiet","action":"run","payload":{{"a":"{long}"}}}}"#),
        r#"{"agent":"quiet","action":"run","prioritty":"low"}"#,
        r#"{"agent":"quiet","action":"run","after":["soon"]}"#,
        r#"{"agent":"quiet","action":"run","idempotency_key":"k"}"#,
        r#"{"agent":"quiet","action":"run","idempotency_key":"schedule:1"}"#,
    ];
    let answer = scene.send(lines(body.join("\n"))).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jsonl"));
    let told = answers(&answer);
    let said: Vec<_> = told
        .iter()
        .map(|line| {
            (
                line["line"].as_u64(),
                line["status"].as_u64().unwrap_or(0),
                line["detail"].as_str().unwrap_or(""),
            )
        })
        .collect();
    let place = |line: u64| said.iter().find(|(number, ..)| *number == Some(line)).expect("answered");
    assert_eq!(said.len(), 12, "the empty line is none: {said:?}");
    assert_eq!((place(1).1, place(3).1, place(12).1), (201, 201, 200));
    assert_eq!((&told[0]["ref"], &told[1]["ref"]), (&"design".into(), &"code".into()));
    assert_eq!(told[0]["id"], told[10]["id"], "the key makes one job");
    for (line, status, word) in [
        (4, 422, "did you mean `quiet`"),
        (5, 422, "line 4 (`lost`)"),
        (6, 422, "no earlier line with the `ref` `later`"),
        (7, 422, "that of line 1 already"),
        (8, 400, "no JSON"),
        (9, 413, "4096 bytes"),
        (10, 422, "did you mean `priority`"),
        (11, 422, "`soon` is no id"),
        (13, 422, "belong to schedules"),
    ] {
        let (_, given, detail) = place(line);
        assert!(*given == status && detail.contains(word), "{line}: {given} {detail}");
    }
    let child = scene.get(&format!("/api/v1/jobs/{}", told[1]["id"].as_str().expect("an id"))).await.json();
    assert_eq!(child["after"], serde_json::json!([told[0]["id"]]));
    let parent = scene.get(&format!("/api/v1/jobs/{}", told[0]["id"].as_str().expect("an id"))).await.json();
    assert_eq!(parent["followed_by"][0]["id"], told[1]["id"]);
    let wrong = request("POST", "/api/v1/jobs/bulk").header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(scene.send(empty(wrong)).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn lines_beyond_the_queues_places_are_refused_each_by_itself() {
    let scene = Scene::new().await;
    let limits = r#"{"queue_max":3}"#;
    assert_eq!(scene.api(Method::PUT, "/api/v1/limits", limits).await.status, StatusCode::OK);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let told = answers(&scene.send(lines([later; 600].join("\n"))).await);
    let statuses: Vec<_> = told.iter().map(|line| line["status"].as_u64().expect("a number")).collect();
    assert_eq!(statuses.len(), 600);
    assert!(
        statuses[..3].iter().all(|status| *status == 201)
            && statuses[3..].iter().all(|status| *status == 429)
    );
    assert!(told[599]["detail"].as_str().expect("a text").contains("queue is full"));
}

#[tokio::test]
async fn a_job_comes_after_others_that_can_succeed() {
    let scene = Scene::new().await;
    let submit = async |body: &str| scene.api(Method::POST, "/api/v1/jobs", body).await;
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let parent = submit(later).await.json()["id"].as_str().expect("an id").to_owned();
    let child = submit(&format!(r#"{{"agent":"quiet","action":"run","after":["{parent}"]}}"#)).await;
    assert_eq!(child.status, StatusCode::CREATED, "{}", child.text);
    assert_eq!(child.json()["waiting_for"]["reason"], "parents");
    let page = scene.get(&format!("/jobs/{parent}")).await.text;
    assert!(page.contains("Followed by") && page.contains(&format!("/submit?after={parent}")));
    let form = scene.get(&format!("/submit?agent=quiet&action=run&after={parent}")).await.text;
    assert!(form.contains(&format!(r#"name="after" value="{parent}""#)), "{form}");
    let many: Vec<_> = (0..33).map(|n| format!("\"01JD9Z6W3NQ8Y5R2K7M4T1X0{n:02}\"")).collect();
    let refused =
        submit(&format!(r#"{{"agent":"quiet","action":"run","after":[{}]}}"#, many.join(","))).await;
    assert!(refused.text.contains("at most 32"), "{}", refused.text);
    assert_eq!(
        scene.api(Method::POST, &format!("/api/v1/jobs/{parent}/cancel"), "").await.status,
        StatusCode::OK
    );
    let failed =
        scene.get(&format!("/api/v1/jobs/{}", child.json()["id"].as_str().expect("an id"))).await.json();
    assert_eq!((&failed["state"], &failed["error"]["kind"]), (&"failed".into(), &"parent-failed".into()));
    let refused = submit(&format!(r#"{{"agent":"quiet","action":"run","after":["{parent}"]}}"#)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("it was cancelled; run that one again first"), "{}", refused.text);
}

#[tokio::test]
async fn what_not_everyone_can_read_is_refused_for_what_it_is() {
    let scene = Scene::new().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let many: Vec<String> = (0..51).map(|number| format!("t{number}")).collect();
    for (field, says) in [
        (format!(r#""payload":{{"a":{deep}}}"#), "deeper than 100 levels"),
        (r#""payload":{"a":1e999}"#.to_owned(), "`1e999`"),
        (r#""payload":{"a":"\ud800 x"}"#.to_owned(), "half a character"),
        (format!(r#""tags":{}"#, serde_json::json!(many)), "at most 50 tags"),
        (r#""tags":[""]"#.to_owned(), "not blank"),
        (r#""tags":["a\u0000b"]"#.to_owned(), "no control characters"),
    ] {
        let body = format!(r#"{{"agent":"quiet","action":"run",{field}}}"#);
        let refused = scene.api(Method::POST, "/api/v1/jobs", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(says), "{says}: {}", refused.text);
        let line = &answers(&scene.send(lines(body)).await)[0];
        assert!(line["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{line}");
        let schedule = format!(r#"{{"cron":"0 0 * * *","agent":"quiet","action":"run",{field}}}"#);
        let refused = scene.api(Method::PUT, "/api/v1/schedules/s", &schedule).await;
        assert!(!refused.status.is_success() && refused.text.contains(says), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_job_submitted_in_the_panel_can_be_looked_at_and_cancelled() {
    let scene = Scene::new().await;
    assert_eq!(scene.form("/agents/quiet/disable", "").await.status, StatusCode::SEE_OTHER);
    let refused =
        scene.form("/submit", "agent=quiet&action=run&mode=raw&raw=%7Boops&tags=a&priority=high").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("it is no JSON") && refused.text.contains("{oops"), "{}", refused.text);
    let taken =
        scene.form("/submit", "agent=quiet&action=run&mode=raw&raw=%7B%7D&tags=%3Cu%3E&priority=high").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let place = taken.header("location").to_owned();
    let page = scene.get(&place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("&#60;u&#62;") && !page.text.contains("<u>"), "tags are text");
    for path in ["/jobs", "/agents", "/submit", "/ledger", "/limits", "/brake", "/ui/overview", "/ui/strip"] {
        assert_eq!(scene.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(scene.form(&format!("{place}/cancel"), "").await.status, StatusCode::SEE_OTHER);
    let again = scene.form(&format!("{place}/cancel"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("a finished job cannot be cancelled"), "{}", again.text);
}
