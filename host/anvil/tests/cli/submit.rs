//! `anvil submit` and `--wait`.

use crate::host::{Answer, Host, Ran, anvil};
use axum::http::Method;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

const ID: &str = "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";

fn job(state: &str) -> Value {
    json!({
        "id": ID, "agent": "code-generator", "action": "generate", "payload": {}, "state": state,
        "priority": "normal", "attempts": 1, "max_attempts": 3, "cost_usd": 0.0042, "unknown_usd": 0.0,
        "held_usd": 0.0, "max_cost_usd": 2.0, "calls": 2, "waiting_for": null, "result": null, "error": null,
        "progress": null, "progress_line": null, "tags": [], "after": [], "followed_by": [], "attempt_history": [], "upstream": "simulated",
        "created_at": "2026-11-23T12:00:00Z", "started_at": "2026-11-23T12:00:01Z",
        "finished_at": "2026-11-23T12:00:04.2Z",
    })
}

fn with(mut job: Value, key: &str, value: Value) -> Value {
    job[key] = value;
    job
}

fn files(host: Host, files: &Value) -> Host {
    host.on(&format!("GET /api/v1/jobs/{ID}/artifacts"), &json!({ "items": files, "next": null }))
}

#[test]
fn a_job_is_sent_as_it_was_asked_for() {
    let host = Host::start()
        .answers("POST /api/v1/jobs", Answer(201, "application/json", job("queued").to_string()));
    let ran = host.anvil(&[
        "submit",
        "code-generator",
        "generate",
        "--payload",
        r#"{"n": 1}"#,
        "--field",
        "requirements=a form",
        "--field",
        "deep:={\"x\":[1]}",
        "--priority",
        "high",
        "--run-at",
        "2026-12-01T08:00:00Z",
        "--idempotency-key",
        "k",
        "--max-cost",
        "0.5",
        "--tag",
        "a",
        "--tag",
        "b",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, format!("{ID} queued\n"));
    let asked = host.asked();
    assert_eq!(asked[0].token.as_deref(), Some("Bearer secret"));
    assert_eq!(
        asked[0].body,
        json!({
            "agent": "code-generator", "action": "generate",
            "payload": { "n": 1, "requirements": "a form", "deep": { "x": [1] } },
            "priority": "high", "run_at": "2026-12-01T08:00:00Z", "idempotency_key": "k", "max_cost_usd": 0.5,
            "tags": ["a", "b"],
        })
    );
}

#[test]
fn a_payload_comes_from_standard_input_or_a_file() {
    let host = Host::start().on("POST /api/v1/jobs", &job("queued"));
    let mut child = anvil()
        .args(["submit", "a", "b", "--payload", "-"])
        .env("ANVIL_URL", &host.url)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("anvil runs");
    child.stdin.take().expect("a pipe").write_all(b"{\"from\": \"stdin\"}").expect("written");
    assert!(child.wait().expect("an end").success());
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("payload.json");
    std::fs::write(&file, "{\"from\": \"file\"}").expect("written");
    host.anvil(&["submit", "a", "b", "--payload", &format!("@{}", file.display())]);
    let bodies: Vec<_> =
        host.asked().into_iter().map(|asked| asked.body["payload"]["from"].clone()).collect();
    assert_eq!(bodies, ["stdin", "file"]);
}

/// A host that takes the job in, tells of its progress, and ends it in this state.
fn ending(end: &Value) -> Host {
    let events = concat!(
        "id: 1\ndata: {\"seq\":1,\"at\":\"2026-11-23T12:00:01Z\",\"type\":\"job\",\"state\":\"running\",\"agent\":\"code-generator\"}\n\n",
        "id: 2\ndata: {\"seq\":2,\"at\":\"2026-11-23T12:00:02Z\",\"type\":\"progress\",\"fraction\":0.4,\"line\":\"planning \\u001b[2J\"}\n\n",
        "event: text\ndata: {\"text\":\"abc\",\"start\":true}\n\n",
        "id: 3\ndata: {\"seq\":3,\"at\":\"2026-11-23T12:00:04Z\",\"type\":\"job\",\"state\":\"succeeded\",\"agent\":\"code-generator\"}\n\n",
    );
    Host::start()
        .on("POST /api/v1/jobs", &job("queued"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("queued"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("running"))
        .on(&format!("GET /api/v1/jobs/{ID}"), end)
        .events(&format!("GET /api/v1/jobs/{ID}/events"), events)
}

fn wait(host: &Host) -> Ran {
    host.anvil(&["submit", "code-generator", "generate", "--wait"])
}

#[test]
fn waiting_shows_the_way_and_the_result() {
    let end = with(job("succeeded"), "result", json!({ "files": 1 }));
    let file = json!([{ "name": "src/login.html", "media_type": "text/html", "size": 1_536, "created_at": "2026-11-23T12:00:03Z" }]);
    let ran = wait(&files(ending(&end), &file));
    insta::assert_snapshot!(ran.shown(), @r###"
    exit 0
    --- out
    01JD9Z6W3NQ8Y5R2K7M4T1X0VB succeeded code-generator/generate · $0.0042 (SIMULATED) · 2 calls · 3.2s

    {
      "files": 1
    }

    FILE               SIZE  TYPE
    src/login.html  1.5 KiB  text/html
    --- err
    queued
    running
    running: planning �[2J
    next: anvil jobs artifacts 01JD9Z6W3NQ8Y5R2K7M4T1X0VB --out DIR
    "###);
}

#[test]
fn the_exit_code_says_how_the_job_ended() {
    let failed = with(
        job("failed"),
        "error",
        json!({ "kind": "invalid-input", "message": "no \u{1b}[31mrequirements" }),
    );
    insta::assert_snapshot!(wait(&files(ending(&failed), &json!([]))).shown(), @r###"
    exit 1
    --- out
    01JD9Z6W3NQ8Y5R2K7M4T1X0VB failed code-generator/generate · $0.0042 (SIMULATED) · 2 calls · 3.2s

    error: invalid-input: no �[31mrequirements
    --- err
    queued
    running
    running: planning �[2J
    next: anvil jobs logs 01JD9Z6W3NQ8Y5R2K7M4T1X0VB
    "###);
    let cancelled = wait(&files(ending(&job("cancelled")), &json!([])));
    assert_eq!(cancelled.code, 3, "{cancelled:?}");
}

#[test]
fn a_job_is_waited_for_without_event_streams_too() {
    let host = Host::start()
        .on("POST /api/v1/jobs", &job("queued"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("queued"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("succeeded"))
        .problem(
            &format!("GET /api/v1/jobs/{ID}/events"),
            503,
            "too-many-streams",
            "Too many event streams are open",
            "x",
        );
    let ran = wait(&files(host, &json!([])));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_host_that_goes_away_and_comes_back_is_waited_for() {
    let host = Host::start()
        .on("POST /api/v1/jobs", &job("queued"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("running"))
        .problem(&format!("GET /api/v1/jobs/{ID}"), 503, "closing", "The host is shutting down", "x")
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("succeeded"))
        .events(&format!("GET /api/v1/jobs/{ID}/events"), "");
    let ran = wait(&files(host, &json!([])));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("the host does not answer"), "{ran:?}");
}

#[test]
fn with_json_the_output_is_the_job_alone() {
    let host = files(ending(&job("succeeded")), &json!([]));
    let ran = host.anvil(&["submit", "a", "b", "--wait", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.out).expect("JSON"), job("succeeded"));
    assert_eq!(ran.err, "");
    // A stream is gone on with where it broke off.
    let streams: Vec<_> = host.asked().into_iter().filter(|asked| asked.target.contains("/events")).collect();
    assert!(streams.iter().all(|asked| asked.method == Method::GET && asked.target.contains("after=")));
}

#[test]
fn many_jobs_are_sent_as_lines_and_each_is_answered() {
    let lines = [
        json!({ "line": 1, "status": 201, "id": ID, "state": "queued", "ref": "design" }),
        json!({ "line": 2, "status": 422, "title": "There is no such agent", "detail": "there is no agent `x`" }),
    ];
    let answers = format!("{}\n{}\n", lines[0], lines[1]);
    let host = Host::start()
        .answers("POST /api/v1/jobs/bulk", Answer(200, "application/jsonl", answers.clone()))
        .answers("POST /api/v1/jobs/bulk", Answer(200, "application/jsonl", answers));
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("jobs.jsonl");
    std::fs::write(&file, "{\"agent\":\"a\",\"action\":\"b\"}\n").expect("written");
    let file = file.display().to_string();
    let ran = host.anvil(&["submit", "--bulk", &file]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        ran.out,
        format!("1 {ID} queued design\n2 refused: There is no such agent: there is no agent `x`\n")
    );
    assert_eq!(ran.err, "1 taken in, 1 refused\n");
    assert_eq!(host.asked()[0].body, json!({ "agent": "a", "action": "b" }));
    let ran = host.anvil(&["submit", "--bulk", &file, "--json"]);
    assert_eq!(ran.out.lines().count(), 2);
    assert_eq!(host.anvil(&["submit", "--bulk", "/nowhere/at/all"]).code, 2);
    assert_eq!(host.anvil(&["submit"]).code, 2, "an agent is needed without it");
}

#[test]
fn a_schedule_is_made_as_it_was_asked_for() {
    let schedule = json!({
        "id": ID, "upstream": "simulated", "created_at": "2026-11-23T12:00:00Z", "name": "nightly", "cron": "0 2 * * *", "time_zone": "UTC", "missed": "run_once", "enabled": true,
        "next_at": "2026-12-01T02:00:00Z", "next_times": ["2026-12-01T02:00:00Z"], "blocked": null,
        "resting": null, "last_job": null, "jobs": [],
        "job": { "agent": "a", "action": "b", "payload": {}, "priority": "low", "tags": ["t"] },
    });
    let host = Host::start()
        .on("PUT /api/v1/schedules/nightly", &schedule)
        .on("GET /api/v1/schedules/nightly", &schedule)
        .on("GET /api/v1/schedules", &json!({ "items": [schedule], "next": null }));
    let ran = host.anvil(&[
        "schedules",
        "add",
        "nightly",
        "0 2 * * *",
        "a",
        "b",
        "--missed",
        "run_once",
        "--overlap",
        "skip",
        "--priority",
        "low",
        "--field",
        "n:=1",
        "--tag",
        "t",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("nightly: next 2026-12-01"), "{}", ran.out);
    assert_eq!(
        host.asked()[0].body,
        json!({
            "cron": "0 2 * * *", "agent": "a", "action": "b", "payload": { "n": 1 }, "missed": "run_once",
            "overlap": "skip", "priority": "low", "tags": ["t"],
        })
    );
    assert!(host.anvil(&["schedules", "list"]).out.contains("0 2 * * *"));
    assert!(host.anvil(&["schedules", "show", "nightly"]).out.contains("a/b, low"));
}

#[test]
fn the_queue_is_paused_with_a_reason() {
    let pause = json!({ "reason": "a deployment", "by": "ann", "since": "2026-11-23T12:00:00Z" });
    let host = Host::start()
        .on("PUT /api/v1/queue", &json!({ "paused": true, "pause": pause }))
        .on("GET /api/v1/queue", &json!({ "paused": false, "pause": null }));
    let ran = host.anvil(&["queue", "pause", "--reason", "a deployment"]);
    assert!(
        ran.code == 0 && ran.out.contains("PAUSED by ann") && ran.out.contains("a deployment"),
        "{ran:?}"
    );
    assert_eq!(host.asked()[0].body, json!({ "paused": true, "reason": "a deployment" }));
    assert_eq!(host.anvil(&["queue", "pause"]).code, 2, "a reason is needed");
    assert_eq!(host.anvil(&["queue"]).out, "not paused\n");
}
