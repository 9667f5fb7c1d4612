//! Versions of an agent: going back and forward, and the quarantine of one that jobs break on.

use crate::testing::Scene;
use anvil_sandbox::testing::GuestBuilder;
use axum::http::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const TRAPS: &str = "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)";

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), waiting).await.is_ok(), "never: {what}");
}

/// Puts a version of `quiet` into its file, and waits until the host has it.
async fn release(scene: &Scene, guest: GuestBuilder, version: &str) -> String {
    let file = scene.folder.path().join("plugins/quiet.wasm");
    std::fs::write(file, guest.version(version).component()).expect("a plugin");
    until(version, async || agent(scene).await["version"] == version).await;
    agent(scene).await["digest"].as_str().expect("a digest").to_owned()
}

async fn agent(scene: &Scene) -> Value {
    scene.get("/api/v1/agents/quiet").await.json()
}

async fn versions(scene: &Scene) -> Vec<(String, String)> {
    let listed = scene.get("/api/v1/agents/quiet/versions").await.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let items = listed["items"].as_array().expect("a list").clone();
    items.iter().map(|version| (text(&version["version"]), text(&version["state"]))).collect()
}

fn told(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(version, state)| ((*version).to_owned(), (*state).to_owned())).collect()
}

/// Submits a job and waits for its end.
async fn run(scene: &Scene) -> Value {
    let body = r#"{"agent":"quiet","action":"run","payload":{}}"#;
    let submitted = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!(submitted.status, StatusCode::CREATED, "{}", submitted.text);
    let path = format!("/api/v1/jobs/{}", submitted.json()["id"].as_str().expect("an id"));
    until("the job ends", async || {
        let state = scene.get(&path).await.json()["state"].clone();
        state == "succeeded" || state == "failed"
    })
    .await;
    scene.get(&path).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_gone_back_to_and_forward_from() {
    let scene = Scene::new().await;
    let old = agent(&scene).await["version"].as_str().expect("a version").to_owned();
    release(&scene, GuestBuilder::quiet("quiet"), "2.0.0").await;
    assert_eq!(versions(&scene).await, told(&[("2.0.0", "in_force"), (&old, "kept")]));

    let back = scene.api(Method::POST, "/api/v1/agents/quiet/rollback", "{}").await;
    assert_eq!(
        (back.status, &back.json()["version"]),
        (StatusCode::OK, &Value::from(old.clone())),
        "{}",
        back.text
    );
    assert_eq!(back.json()["instead_of"]["version"], "2.0.0");
    assert_eq!(versions(&scene).await, told(&[("2.0.0", "rolled_back"), (&old, "in_force")]));
    until("it is ready", async || agent(&scene).await["state"] == "ready").await;
    let job = run(&scene).await;
    assert_eq!(
        (&job["state"], &job["plugin_digest"]),
        (&Value::from("succeeded"), &agent(&scene).await["digest"])
    );
    let page = scene.get("/agents").await.text;
    assert!(page.contains("Go forward to its file") && page.contains("rolled back"), "{page}");

    for (body, status, slug) in [
        ("{}", StatusCode::CONFLICT, "version-stays"),
        (r#"{"to":"0123456789"}"#, StatusCode::NOT_FOUND, "no-such-version"),
        (r#"{"to":"a"}"#, StatusCode::NOT_FOUND, "no-such-version"),
        (r#"{"to":7}"#, StatusCode::UNPROCESSABLE_ENTITY, ""),
    ] {
        let refused = scene.api(Method::POST, "/api/v1/agents/quiet/rollback", body).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
        assert!(refused.text.contains(slug), "{body}: {}", refused.text);
    }
    let forward = scene.api(Method::POST, "/api/v1/agents/quiet/forward", "").await;
    assert_eq!((forward.status, &forward.json()["version"]), (StatusCode::OK, &Value::from("2.0.0")));
    let again = scene.api(Method::POST, "/api/v1/agents/quiet/forward", "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert_eq!(
        scene.api(Method::POST, "/api/v1/agents/nobody/forward", "").await.status,
        StatusCode::NOT_FOUND
    );

    // A new file ends it as well.
    scene.api(Method::POST, "/api/v1/agents/quiet/rollback", "{}").await;
    release(&scene, GuestBuilder::quiet("quiet"), "3.0.0").await;
    until("it is over", async || versions(&scene).await.iter().all(|(_, state)| state != "rolled_back"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_jobs_break_on_is_set_aside_and_the_one_before_takes_over() {
    let scene = Scene::new().await;
    let old = agent(&scene).await["version"].as_str().expect("a version").to_owned();
    release(&scene, GuestBuilder::new("quiet", TRAPS), "2.0.0").await;
    // Its three attempts break one after the other.
    assert_eq!(run(&scene).await["state"], "failed");
    until("the one before is in force", async || {
        let agent = agent(&scene).await;
        agent["version"] == old.as_str() && agent["state"] == "ready"
    })
    .await;
    assert_eq!(agent(&scene).await["instead_of"]["cause"], "quarantined");
    assert_eq!(run(&scene).await["state"], "succeeded");
    let alerts = scene.get("/api/v1/alerts?state=firing").await.text;
    assert!(alerts.contains("is in quarantine"), "{alerts}");
    assert!(scene.get("/metrics").await.text.contains("anvil_quarantined_agents 1\n"));
    let to = scene.api(Method::POST, "/api/v1/agents/quiet/rollback", "{}").await;
    assert_eq!(to.status, StatusCode::CONFLICT, "there is nothing before it: {}", to.text);
    let released = scene.api(Method::POST, "/api/v1/agents/quiet/release", "").await;
    assert_eq!((released.status, &released.json()["version"]), (StatusCode::OK, &Value::from("2.0.0")));
    assert!(!scene.get("/api/v1/alerts?state=firing").await.text.contains("is in quarantine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_version_before_it_jobs_wait_and_are_told_why() {
    let scene = Scene::new().await;
    let file = scene.folder.path().join("plugins/lone.wasm");
    std::fs::write(file, GuestBuilder::new("lone", TRAPS).component()).expect("a plugin");
    let body = r#"{"agent":"lone","action":"run","payload":{}}"#;
    let state = async || scene.get("/api/v1/agents/lone").await.json()["state"].clone();
    until("it is there", async || state().await == "ready").await;
    until("it is set aside", async || {
        scene.api(Method::POST, "/api/v1/jobs", body).await;
        state().await == "quarantined"
    })
    .await;
    let waits = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!(waits.status, StatusCode::CREATED, "{}", waits.text);
    let path = format!("/api/v1/jobs/{}", waits.json()["id"].as_str().expect("an id"));
    let detail = scene.get(&path).await.json()["waiting_for"]["detail"].clone();
    assert!(detail.as_str().is_some_and(|why| why.contains("anvil agents release lone")), "{detail}");
    assert!(scene.get("/agents").await.text.contains("End the quarantine"));
}
