//! Each mistake, word by word.

use crate::testing::{MAX_BODY, Scene};
use insta::assert_snapshot;

#[tokio::test]
async fn each_mistake_is_told_with_what_to_do() {
    let scene = Scene::new().await;
    let mut told = String::new();
    let long = format!(r#"{{"agent":"{}"}}"#, "x".repeat(MAX_BODY));
    for (title, method, path, body) in [
        ("unknown agent", "POST", "/api/v1/jobs", r#"{"agent":"quite","action":"run"}"#),
        ("unknown action", "POST", "/api/v1/jobs", r#"{"agent":"quiet","action":"rum"}"#),
        ("nothing given", "POST", "/api/v1/jobs", "{}"),
        (
            "misspelt field",
            "POST",
            "/api/v1/jobs",
            r#"{"agent":"quiet","action":"run","payloads":{},"prio":"high"}"#,
        ),
        (
            "wrong types",
            "POST",
            "/api/v1/jobs",
            r#"{"agent":"quiet","action":"run","priority":"urgent","max_cost_usd":"2","run_at":"tomorrow","tags":"a"}"#,
        ),
        ("two agents", "POST", "/api/v1/jobs", r#"{"agent":"quiet","agentType":"loud","action":"run"}"#),
        ("free of charge", "POST", "/api/v1/jobs", r#"{"agent":"quiet","action":"run","max_cost_usd":0}"#),
        ("malformed JSON", "POST", "/api/v1/jobs", "{\"agent\":\"quiet\",\n \"action\": run}"),
        ("cut JSON", "POST", "/api/v1/jobs", "{\"agent\":"),
        ("no object", "POST", "/api/v1/jobs", "[1]"),
        ("empty body", "POST", "/api/v1/jobs", ""),
        ("too long", "POST", "/api/v1/jobs", &long),
        ("unknown job", "GET", "/api/v1/jobs/01KASX3V8E0000000000000000", ""),
        ("no id", "GET", "/api/v1/jobs/17", ""),
        ("unknown state", "GET", "/api/v1/jobs?state=done", ""),
        ("unknown parameter", "GET", "/api/v1/jobs?stat=failed", ""),
        ("too many", "GET", "/api/v1/jobs?limit=1000", ""),
        ("unknown agent's page", "GET", "/api/v1/agents/quite", ""),
        ("unknown limit", "PUT", "/api/v1/limits", r#"{"day_usdd":20,"reset":["our_usd"]}"#),
        ("limits at odds", "PUT", "/api/v1/limits", r#"{"agents_min":20}"#),
        ("set and reset", "PUT", "/api/v1/limits", r#"{"day_usd":20,"reset":["day_usd"]}"#),
        ("brake without reason", "PUT", "/api/v1/brake", r#"{"engaged":true,"reason":" "}"#),
        ("clock backwards", "POST", "/api/v1/clock", r#"{"advance_s":-1}"#),
        ("clock too fast", "POST", "/api/v1/clock", r#"{"rate":5000}"#),
        ("clock not driven", "POST", "/api/v1/clock", "{}"),
        ("unknown route", "GET", "/api/v1/job", ""),
        ("wrong method", "DELETE", "/api/v1/jobs/01KASX3V8E0000000000000000", ""),
    ] {
        let answer = scene.api(method.parse().expect("a method"), path, body).await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{title}");
        told.extend(["## ", title, "\n", &answer.text, "\n\n"]);
    }
    assert_snapshot!(told);
}
