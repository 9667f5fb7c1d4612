//! The host's own tasks, struck down one after the other: what each of them does goes on, and people are told.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), waiting).await.is_ok(), "never: {what}");
}

/// Strikes a task, and waits until it is down.
async fn strike(scene: &Scene, name: &str) {
    let before = scene.supervisor.falls();
    scene.supervisor.strike(name);
    until(&format!("{name} falls"), async || scene.supervisor.falls() > before).await;
}

async fn submit(scene: &Scene, more: Value) -> String {
    let mut job = json!({ "agent": "quiet", "action": "run", "payload": {} });
    job.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let made = scene.api(Method::POST, "/api/v1/jobs", &job.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().expect("an id").to_owned()
}

async fn ends_as(scene: &Scene, id: &str, state: &str) {
    let path = format!("/api/v1/jobs/{id}");
    until(state, async || scene.get(&path).await.json()["state"] == state).await;
}

async fn host_alerts(scene: &Scene) -> Vec<String> {
    let alerts = scene.get("/api/v1/alerts?state=firing").await.json();
    let alerts = alerts["items"].as_array().expect("a list").clone();
    let of_host = alerts.iter().filter(|alert| alert["kind"] == "host");
    of_host.map(|alert| alert["title"].as_str().expect("a title").to_owned()).collect()
}

#[tokio::test]
async fn a_task_that_dies_is_one_alert_however_often_it_does() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        strike(&scene, "retention").await;
    }
    until("people are told", async || !host_alerts(&scene).await.is_empty()).await;
    assert_eq!(host_alerts(&scene).await, ["A part of the host fell and began anew: retention"]);
    let page = scene.get("/alerts").await.text;
    assert!(page.contains("retention") && page.contains("It is a fault of the host, of no job"), "{page}");
}

#[tokio::test]
async fn what_tells_of_fallen_parts_is_told_of_too() {
    let scene = Scene::new().await;
    strike(&scene, "what tells of fallen parts").await;
    until("people are told", async || !host_alerts(&scene).await.is_empty()).await;
}

#[tokio::test]
async fn jobs_run_after_their_dispatch_died() {
    let scene = Scene::new().await;
    for _ in 0..2 {
        strike(&scene, "the dispatch of jobs").await;
        // Not started by who submits: it comes to its time later.
        let later = scene.state.control.clock.now() + Duration::from_mins(10);
        let id = submit(&scene, json!({ "run_at": later.to_string() })).await;
        scene.state.control.clock.drive(Duration::from_mins(11), None).expect("it is driven");
        ends_as(&scene, &id, "succeeded").await;
    }
}

#[tokio::test]
async fn an_action_on_many_jobs_ends_after_its_task_died() {
    let scene = Scene::new().await;
    strike(&scene, "actions on many jobs").await;
    let later = scene.state.control.clock.now() + Duration::from_hours(24);
    let id = submit(&scene, json!({ "run_at": later.to_string() })).await;
    let begun =
        scene.api(Method::POST, "/api/v1/jobs/actions", r#"{"action": "cancel", "filter": {}}"#).await;
    assert!(begun.status.is_success(), "{}", begun.text);
    ends_as(&scene, &id, "cancelled").await;
}

#[tokio::test]
async fn schedules_make_their_jobs_after_their_task_died() {
    let scene = Scene::new().await;
    let body = json!({ "cron": "*/5 * * * *", "agent": "quiet", "action": "run", "payload": {} });
    let made = scene.api(Method::PUT, "/api/v1/schedules/often", &body.to_string()).await;
    assert!(made.status.is_success(), "{}", made.text);
    strike(&scene, "schedules").await;
    scene.state.control.clock.drive(Duration::from_mins(6), None).expect("it is driven");
    let path = "/api/v1/jobs?agent=quiet";
    until("a job is made", async || {
        scene.get(path).await.json()["items"].as_array().is_some_and(|jobs| !jobs.is_empty())
    })
    .await;
}

#[tokio::test]
async fn leases_are_kept_alive_after_their_heartbeat_died() {
    let scene = Scene::new().await;
    strike(&scene, "the heartbeat of leases").await;
    let id = submit(&scene, json!({})).await;
    ends_as(&scene, &id, "succeeded").await;
    let beats = scene.supervisor.falls();
    strike(&scene, "the heartbeat of leases").await;
    assert_eq!(scene.supervisor.falls(), beats + 1, "it had come back to be struck again");
}

#[tokio::test]
async fn plugins_come_and_go_after_the_watch_and_what_follows_it_died() {
    let scene = Scene::new().await;
    let state = async || {
        let agent = scene.get("/api/v1/agents/quiet").await.json();
        agent["state"].as_str().unwrap_or("none").to_owned()
    };
    strike(&scene, "the watch of the plugins folder").await;
    strike(&scene, "what follows the agents").await;
    // While nobody watches the file goes.
    let file = scene.folder.path().join("plugins/quiet.wasm");
    let bytes = std::fs::read(&file).expect("it is there");
    std::fs::remove_file(&file).expect("removed");
    until("it is retired", async || state().await == "retired").await;
    let id = submit_to_retired(&scene).await;
    std::fs::write(&file, bytes).expect("written");
    until("it is ready again", async || state().await == "ready").await;
    if let Some(id) = id {
        ends_as(&scene, &id, "succeeded").await;
    }
}

/// A job that waits for its agent, where one is taken in for it.
async fn submit_to_retired(scene: &Scene) -> Option<String> {
    let job = json!({ "agent": "quiet", "action": "run", "payload": {} });
    let made = scene.api(Method::POST, "/api/v1/jobs", &job.to_string()).await;
    made.json()["id"].as_str().map(str::to_owned)
}
