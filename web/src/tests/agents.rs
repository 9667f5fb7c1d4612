//! Plugins that are handed in and removed, agents that are tried, and the limits of one.

use crate::testing::{Scene, TOKEN};
use anvil_sandbox::testing::{GuestBuilder, hostile};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

/// Hands bytes in.
async fn put(scene: &Scene, path: &str, bytes: Vec<u8>) -> crate::testing::Answer {
    let request = Request::builder()
        .method(Method::PUT)
        .uri(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/wasm")
        .body(Body::from(bytes))
        .expect("a request");
    scene.send(request).await
}

/// What is in the plugins folder, hidden files too.
fn files(scene: &Scene) -> Vec<String> {
    let entries = std::fs::read_dir(scene.folder.path().join("plugins")).expect("a folder");
    let mut files: Vec<_> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_handed_in_with_what_it_changes_and_removed() {
    let scene = Scene::new().await;
    let before = files(&scene);
    let new = GuestBuilder::quiet("fresh").component();
    let dry = put(&scene, "/api/v1/agents/fresh?dry_run=true", new.clone()).await;
    assert_eq!(dry.status, StatusCode::OK, "{}", dry.text);
    assert_eq!(
        (dry.json()["installed"].as_bool(), dry.json()["changes"][0].as_str()),
        (Some(false), Some("it is a new agent"))
    );
    assert_eq!(files(&scene), before, "nothing is left of a look");

    let done = put(&scene, "/api/v1/agents/fresh", new).await.json();
    assert_eq!((done["installed"].as_bool(), done["in_force"].as_bool()), (Some(true), Some(true)), "{done}");
    assert_eq!(scene.get("/api/v1/agents/fresh").await.json()["state"], "ready");
    let later = GuestBuilder::quiet("fresh").version("1.1.0").component();
    let done = put(&scene, "/api/v1/agents/fresh", later).await.json();
    assert_eq!(done["changes"][0], "version 1.0.0 becomes 1.1.0");
    assert_eq!(scene.get("/api/v1/agents/fresh").await.json()["version"], "1.1.0");

    let gone = scene.api(Method::DELETE, "/api/v1/agents/fresh", "").await;
    assert_eq!(
        (gone.status, &gone.json()["files"][0]),
        (StatusCode::OK, &"fresh.wasm".into()),
        "{}",
        gone.text
    );
    assert_eq!(scene.get("/api/v1/agents/fresh").await.json()["state"], "retired");
    assert_eq!(files(&scene), before);
    let again = scene.api(Method::DELETE, "/api/v1/agents/fresh", "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.text);
    let audit = scene.get("/api/v1/audit").await.text;
    assert!(audit.contains("agent.put") && audit.contains("agent.remove"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_never_comes_into_the_folder() {
    let scene = Scene::new().await;
    let before = files(&scene);
    let quiet = GuestBuilder::quiet("quiet").component();
    for (path, bytes, status, slug) in [
        ("/api/v1/agents/quiet", b"no plugin".to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "no-plugin"),
        (
            "/api/v1/agents/quiet",
            quiet[..quiet.len() / 2].to_vec(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "no-plugin",
        ),
        ("/api/v1/agents/other", quiet.clone(), StatusCode::UNPROCESSABLE_ENTITY, "other-agent"),
        ("/api/v1/agents/quiet", vec![0; 2 << 20], StatusCode::UNPROCESSABLE_ENTITY, "no-plugin"),
        ("/api/v1/agents/quiet", Vec::new(), StatusCode::UNPROCESSABLE_ENTITY, "no-plugin"),
    ] {
        let refused = put(&scene, path, bytes).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text);
        assert!(refused.text.contains(slug), "{path}: {}", refused.text);
        assert_eq!(files(&scene), before, "{path}");
    }
    let json = scene.api(Method::PUT, "/api/v1/agents/quiet", "{}").await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", json.text);
    assert_eq!(scene.get("/api/v1/agents/quiet").await.json()["state"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_tried_and_nothing_of_it_is_kept() {
    let scene = Scene::new().await;
    for name in ["asks-claude", "traps"] {
        let path = format!("/api/v1/agents/{name}");
        let done = put(&scene, &path, hostile(name).component()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    let spent = scene.get("/api/v1/status").await.json()["spend"]["total_usd"].clone();
    let tried = scene.api(Method::POST, "/api/v1/agents/asks-claude/smoke", "{}").await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    let tried = tried.json();
    assert_eq!((tried["end"].as_str(), tried["calls"].as_u64()), (Some("succeeded"), Some(1)), "{tried}");
    assert!(tried["used"]["cpu_us"].as_u64() > Some(0) && tried["used"]["memory_bytes"].as_u64() > Some(0));
    let broke = scene.api(Method::POST, "/api/v1/agents/traps/smoke", "{}").await.json();
    assert_eq!(
        (broke["end"].as_str(), broke["error"]["kind"].as_str()),
        (Some("broke"), Some("trap")),
        "{broke}"
    );
    assert_eq!(scene.get("/api/v1/status").await.json()["spend"]["total_usd"], spent);
    assert!(
        scene.get("/api/v1/jobs").await.json()["items"].as_array().is_some_and(Vec::is_empty),
        "no job is made"
    );
    assert_eq!(
        scene.get("/api/v1/agents/traps").await.json()["state"],
        "ready",
        "a try counts against nothing"
    );
    for (path, body, status) in [
        ("/api/v1/agents/nobody/smoke", "{}", StatusCode::NOT_FOUND),
        ("/api/v1/agents/traps/smoke", r#"{"action":"sing"}"#, StatusCode::NOT_FOUND),
        ("/api/v1/agents/traps/smoke", r#"{"acton":"run"}"#, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let refused = scene.api(Method::POST, path, body).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_stand_beside_what_was_used_of_them() {
    let scene = Scene::new().await;
    let body = r#"{"agent":"quiet","action":"run","payload":{}}"#;
    let id =
        scene.api(Method::POST, "/api/v1/jobs", body).await.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/jobs/{id}");
    while scene.get(&path).await.json()["attempt_history"][0]["used"]["memory_bytes"].as_u64().unwrap_or(0)
        == 0
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for path in ["/api/v1/agents/quiet/limits".to_owned(), format!("{path}/limits")] {
        let limits = scene.get(&path).await.json();
        let memory =
            limits["items"].as_array().expect("a list").iter().find(|one| one["name"] == "memory_mb");
        let memory = memory.expect("it is there");
        assert_eq!(memory["setting"], "sandbox.memory_mb");
        assert!(
            memory["used"].as_u64() >= Some(65_536) && memory["used"].as_u64() <= memory["limit"].as_u64(),
            "{memory}"
        );
    }
    assert!(scene.get("/agents").await.text.contains("sandbox.memory_mb"));
    let page = scene.get(&format!("/jobs/{id}")).await.text;
    assert!(page.contains("computed") && page.contains("sandbox.memory_mb"), "{page}");
    assert!(scene.get("/metrics").await.text.contains("anvil_agent_runs_total{agent=\"quiet\"} 1\n"));
}
