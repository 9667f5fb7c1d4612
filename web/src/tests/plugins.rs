//! What people are told of the plugins folder, and of plugins that could not be loaded by no fault of their own.

use crate::testing::{Making, Plugins, Scene};
use anvil_sandbox::CompileCommand;
use anvil_sandbox::testing::GuestBuilder;
use axum::http::{Method, StatusCode};
use std::time::Duration;

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), waiting).await.is_ok(), "never: {what}");
}

/// The titles of the alerts of plugins that are open.
async fn open(scene: &Scene) -> Vec<String> {
    let alerts = scene.get("/api/v1/alerts?state=firing").await.json();
    let alerts = alerts["items"].as_array().expect("a list").clone();
    let of_plugins = alerts.iter().filter(|alert| alert["kind"] == "plugin");
    of_plugins.map(|alert| alert["title"].as_str().expect("a title").to_owned()).collect()
}

async fn notices(scene: &Scene) -> String {
    let page = scene.get("/ui/agents").await.text;
    assert!(page.contains("anvil-alerts from:body"), "what is told of the folder comes by an alert");
    page.lines().filter(|line| line.contains("class=\"notice\" role=\"status\"")).collect()
}

#[tokio::test]
async fn a_plugins_folder_that_goes_is_one_alert_and_a_notice_until_it_is_back() {
    let scene = Scene::new().await;
    assert_eq!((open(&scene).await.len(), notices(&scene).await.as_str()), (0, ""));
    let (here, away) = (scene.folder.path().join("plugins"), scene.folder.path().join("away"));
    std::fs::rename(&here, &away).expect("it is moved");
    until("people are told", async || !open(&scene).await.is_empty()).await;
    assert_eq!(open(&scene).await, ["The plugins folder cannot be read"]);
    assert!(notices(&scene).await.contains("agents stay as they are until it is back"));
    let agent = scene.get("/api/v1/agents/quiet").await.json();
    assert_eq!(agent["state"], "ready", "it stays as it is");
    std::fs::rename(&away, &here).expect("it is moved back");
    until("it is over", async || open(&scene).await.is_empty()).await;
    assert_eq!(notices(&scene).await, "");
}

#[tokio::test]
async fn a_plugin_that_no_compiler_could_be_run_for_is_one_alert_until_it_is_gone() {
    let compile = CompileCommand::Child { program: "/no/such/compiler".into(), args: Vec::new() };
    let scene = Scene::made(Making { compile, plugins: Plugins::Listed, ..Making::default() }).await;
    until("people are told", async || !open(&scene).await.is_empty()).await;
    assert_eq!(open(&scene).await, ["A plugin could not be loaded and is tried again"]);
    assert!(notices(&scene).await.contains("not loaded just now"), "{}", notices(&scene).await);
    std::fs::remove_file(scene.folder.path().join("plugins/quiet.wasm")).expect("removed");
    until("it is over", async || open(&scene).await.is_empty()).await;
    assert_eq!(notices(&scene).await, "");
}

#[tokio::test]
async fn a_host_is_ready_once_its_folder_was_listed_and_not_before() {
    let scene = Scene::made(Making { plugins: Plugins::Gone, ..Making::default() }).await;
    let early = scene.get("/readyz").await;
    assert_eq!(early.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(early.text.contains("has not been listed"), "{}", early.text);
    assert_eq!(early.header("retry-after"), "1");
    assert_eq!(scene.get("/healthz").await.status, StatusCode::OK, "it lives");
    let body = r#"{"agent":"quiet","action":"run","payload":{}}"#;
    let refused = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    until("people are told of the folder", async || !open(&scene).await.is_empty()).await;

    let folder = scene.folder.path().join("plugins");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("quiet.wasm"), GuestBuilder::quiet("quiet").component()).expect("a plugin");
    until("it is ready", async || scene.get("/readyz").await.status == StatusCode::OK).await;
    until("the agent takes jobs", async || {
        scene.api(Method::POST, "/api/v1/jobs", body).await.status == StatusCode::CREATED
    })
    .await;
    assert!(open(&scene).await.is_empty());
}
