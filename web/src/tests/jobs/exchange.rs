//! Jobs out of one host and into another.

use crate::testing::{Answer, Scene, TOKEN};
use crate::tests::{empty, request};
use anvil_store::{Claim, Finish, JobFilter, ReadyAgent};
use anvil_types::{JobId, Nanodollars, NewJob, Priority, UpstreamKind};
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_stream::StreamExt as _;

/// A job that finished, by an agent that the host does not have, with a file; and one that comes after it
/// and was stopped.
async fn finished(scene: &Scene) -> JobId {
    let new = |number, after| NewJob {
        id: JobId::new(scene.state.control.clock.now(), number),
        agent: "gone".to_owned(),
        action: "run".to_owned(),
        payload: r#"{"exact":12345678901234567890123}"#.parse().expect("JSON"),
        priority: Priority::High,
        run_at: None,
        idempotency_key: None,
        max_cost: Nanodollars::from_dollars(2),
        tags: vec!["old".to_owned()],
        after,
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
    };
    let job = new(1, Vec::new());
    let id = job.id;
    scene.store.enqueue(job).await.expect("it is taken in");
    let claim = Claim {
        agents: vec![ReadyAgent {
            name: "gone".to_owned(),
            digest: "d".to_owned(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_mins(1),
    };
    let claimed = scene.store.claim(claim).await.expect("a claim works").pop().expect("a job");
    let name = "out/a.bin".parse().expect("a name");
    scene
        .store
        .put_artifact(claimed.lease, name, "text/plain".to_owned(), vec![0, 255, 7])
        .await
        .expect("kept");
    let result = r#"{"sum":1.100}"#.parse().expect("JSON");
    scene.store.finish(claimed.lease, Finish::Succeeded { result }).await.expect("it finishes");
    let child = new(2, vec![id]);
    let stopped = child.id;
    scene.store.enqueue(child).await.expect("it is taken in");
    scene.store.cancel(stopped, "ann").await.expect("it stops");
    id
}

async fn import(scene: &Scene, lines: &str) -> Vec<Value> {
    let sent = request("POST", "/api/v1/jobs/import").header("authorization", format!("Bearer {TOKEN}"));
    let sent = sent.header("content-type", "application/x-ndjson").body(Body::from(lines.to_owned()));
    let answer = scene.send(sent.expect("a request")).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jsonl"));
    values(&answer)
}

fn values(answer: &Answer) -> Vec<Value> {
    answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// An export without what belongs to the host that wrote it.
fn without_own(answer: &Answer) -> Vec<Value> {
    let mut jobs = values(answer).split_off(1);
    for job in &mut jobs {
        for own in ["cost_usd", "unknown_usd", "calls", "plugin_digest"] {
            job[own] = Value::Null;
        }
        if job["finished_at"].is_null() {
            job["created_at"] = Value::Null;
        }
    }
    jobs
}

#[tokio::test]
async fn what_one_host_exports_another_takes_in_and_exports_the_same() {
    let (one, other) = (Scene::new().await, Scene::new().await);
    let id = finished(&one).await;
    let later =
        format!(r#"{{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z","after":["{id}"]}}"#);
    let waiting = one.api(Method::POST, "/api/v1/jobs", &later).await.json();
    let export = one.get("/api/v1/jobs/export?files=true").await;
    assert_eq!((export.status, export.header("content-type")), (StatusCode::OK, "application/jsonl"));
    let lines = values(&export);
    assert_eq!(lines[0]["anvil_export"], 1);
    assert!(export.text.contains("12345678901234567890123") && export.text.contains("1.100"));
    assert_eq!((lines.len(), &lines[1]["id"], &lines[3]["id"]), (4, &json!(id), &waiting["id"]));
    assert_eq!(lines[1]["artifacts"][0]["base64"], "AP8H");
    assert_eq!(lines[1]["attempt_history"][0]["number"], 1);

    let told = import(&other, &export.text).await;
    let came: Vec<_> = told.iter().map(|line| (&line["line"], &line["came"], &line["status"])).collect();
    let expected = [
        (&json!(2), &json!("new"), &json!(201)),
        (&json!(3), &json!("new"), &json!(201)),
        (&json!(4), &json!("submitted"), &json!(201)),
    ];
    assert_eq!(came, expected, "{told:?}");
    let back = other.get("/api/v1/jobs/export?files=true").await;
    assert_eq!(without_own(&back), without_own(&export));
    assert!(back.text.contains("12345678901234567890123") && back.text.contains("1.100"));
    let again = import(&other, &export.text).await;
    assert!(again.iter().all(|line| line["came"] == "existing" && line["status"] == 200), "{again:?}");
    assert_eq!(
        other
            .store
            .jobs(JobFilter { limit: 50, ..JobFilter::default() })
            .await
            .expect("a read works")
            .items
            .len(),
        3
    );
    let audit = other.store.audit(9).await.expect("a read works");
    let imports = audit.iter().filter(|entry| entry.action == "job.import").count();
    assert_eq!(imports, 2, "once for each request: {audit:?}");
    assert_eq!(other.store.verify_sums().await.expect("a read works"), Vec::<String>::new());
}

#[tokio::test]
async fn a_result_that_is_null_is_still_one_where_it_is_taken_in() {
    let (one, other) = (Scene::new().await, Scene::new().await);
    let id = finished(&one).await;
    let export = one.get("/api/v1/jobs/export?agent=gone").await.text;
    import(&other, &export.replace(r#""result":{"sum":1.100}"#, r#""result":null"#)).await;
    let result = other.get(&format!("/api/v1/jobs/{id}/result")).await;
    assert_eq!((result.status, result.text.trim()), (StatusCode::OK, "null"));
}

#[tokio::test]
async fn an_export_takes_the_lists_filters_and_leaves_bytes_out() {
    let scene = Scene::new().await;
    finished(&scene).await;
    let export = scene.get("/api/v1/jobs/export?state=succeeded&tag=old&agent=gone").await;
    let lines = values(&export);
    assert_eq!((lines.len(), &lines[1]["state"]), (2, &json!("succeeded")), "{}", export.text);
    assert_eq!(
        (&lines[1]["artifacts"][0]["size"], &lines[1]["artifacts"][0]["base64"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(values(&scene.get("/api/v1/jobs/export?agent=nobody").await).len(), 1);
    let wrong = scene.get("/api/v1/jobs/export?stat=queued").await;
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.text.contains("did you mean `state`"));
    assert_eq!(scene.get("/api/v1/jobs/export?files=perhaps").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn each_line_of_an_import_is_refused_by_itself_and_another_form_as_a_whole() {
    let (one, other) = (Scene::new().await, Scene::new().await);
    finished(&one).await;
    let export = one.get("/api/v1/jobs/export?files=true").await.text;
    let lines: Vec<_> = export.lines().collect();
    for (head, word) in
        [(r#"{"anvil_export":2}"#, "the form 2"), (lines[1], "first line"), ("x", "first line")]
    {
        let told = import(&other, &format!("{head}\n{}", lines[1])).await;
        assert_eq!((told.len(), &told[0]["line"], &told[0]["status"]), (1, &json!(1), &json!(422)));
        assert!(told[0]["detail"].as_str().expect("a text").contains(word), "{told:?}");
    }
    let unknown = lines[1].replace("\"succeeded\"", "\"queued\"").replace("\"finished_at\"", "\"x\"");
    let body = [
        lines[0],
        "",
        lines[1],
        &lines[1].replace("\"run\"", "\"walk\""),
        &lines[2].replace("AP8H", "?").replace("\"state\"", "\"stat\""),
        &lines[1].replace("AP8H", "no base"),
        &unknown.replace("\"id\":\"0", "\"id\":\"1"),
    ];
    let told = import(&other, &body.join("\n")).await;
    let said: Vec<_> =
        told.iter().map(|line| (line["line"].as_u64(), line["status"].as_u64().unwrap_or(0))).collect();
    let expected = [(Some(3), 201), (Some(4), 409), (Some(5), 422), (Some(6), 422), (Some(7), 422)];
    assert_eq!(said, expected, "{told:?}");
    assert!(told[4]["detail"].as_str().expect("a text").contains("no agent `gone`"), "{told:?}");
    let lists =
        other.store.jobs(JobFilter { limit: 50, ..JobFilter::default() }).await.expect("a read works");
    assert_eq!(lists.items.len(), 1);
    let wrong = request("POST", "/api/v1/jobs/import").header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(scene_status(&other, wrong).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn scene_status(scene: &Scene, request: axum::http::request::Builder) -> StatusCode {
    scene.send(empty(request)).await.status
}

/// What became of an import that goes on for ever after this beginning, and how many bytes of it were read.
async fn endless(scene: &Scene, beginning: &str) -> (Answer, u64) {
    const PIECE: usize = 1 << 20;
    let read = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read);
    let zeros = Bytes::from(vec![0; PIECE]);
    let zeros = tokio_stream::iter(std::iter::repeat_with(move || {
        counted.fetch_add(PIECE as u64, Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(zeros.clone())
    }));
    let first = tokio_stream::once(Ok(Bytes::from(beginning.to_owned())));
    let sent = request("POST", "/api/v1/jobs/import").header("authorization", format!("Bearer {TOKEN}"));
    let sent =
        sent.header("content-type", "application/x-ndjson").body(Body::from_stream(first.chain(zeros)));
    let answer = scene.send(sent.expect("a request")).await;
    (answer, read.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_line_without_an_end_ends_an_import_by_its_bound() {
    let scene = Scene::new().await;
    let (answer, read) = endless(&scene, "").await;
    assert!(answer.text.contains("the first line must be") && read <= 2 << 20, "{read}: {}", answer.text);
    let (answer, read) = endless(&scene, "{\"anvil_export\":1}\n").await;
    assert!(answer.text.contains("at most 268435456 bytes"), "{}", answer.text);
    assert!(read <= (256 << 20) + (2 << 20), "{read} bytes were read");
}
