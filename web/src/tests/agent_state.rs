//! What agents keep beyond their jobs: looked at and cleared by both faces, also when the agent is gone.

use crate::testing::Scene;
use anvil_store::{Claim, ReadyAgent, StateStep};
use anvil_types::{JobId, NewJob, Priority, StateAnswer, StateAsk, StateSize, Timestamp, UpstreamKind};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;

const PATH: &str = "/api/v1/agents/ghost/state";

/// An agent that is not there keeps these.
async fn keeps(scene: &Scene, entries: &[(&str, &[u8])]) {
    let now = scene.state.control.clock.now();
    let job = NewJob {
        id: JobId::new(now, 77),
        agent: "ghost".to_owned(),
        action: "run".to_owned(),
        payload: "{}".parse().expect("JSON"),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: anvil_types::Nanodollars::from_dollars(1),
        tags: Vec::new(),
        after: Vec::new(),
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
    };
    scene.store.enqueue(job).await.expect("taken in");
    let claim = Claim {
        agents: vec![ReadyAgent {
            name: "ghost".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(3),
    };
    let lease = scene.store.claim(claim).await.expect("a claim").pop().expect("the job").lease;
    for (position, (key, value)) in (0..).zip(entries) {
        let step = StateStep {
            lease,
            position,
            request_hash: [0; 32],
            ask: StateAsk::Set { key: key.parse().expect("a key"), value: value.to_vec() },
            quota: StateSize { keys: 100, bytes: 10_000 },
            at: Timestamp::default(),
        };
        let answer = scene.store.state_step(step).await.expect("it answers");
        assert!(matches!(answer, StateAnswer::Set(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn what_an_agent_keeps_is_listed_read_and_cleared() {
    let scene = Scene::new().await;
    keeps(&scene, &[("a", b"1"), ("b/../c", b"22"), ("b d", b"333")]).await;
    let list = scene.get(PATH).await.json();
    assert_eq!(list["use"], json!({"keys": 3, "bytes": 16}));
    assert_eq!(list["quota"], json!({"keys": 10, "bytes": 1_000}), "it is shown with its use");
    let keys = |list: &serde_json::Value| -> Vec<String> {
        let items = list["items"].as_array().expect("a list").iter();
        items.map(|item| item["key"].as_str().expect("a key").to_owned()).collect()
    };
    assert_eq!(keys(&list), ["a", "b d", "b/../c"]);
    assert_eq!((&list["items"][1]["size"], &list["items"][1]["version"]), (&json!(3), &json!(3)));
    let page = scene.get(&format!("{PATH}?prefix=b&limit=1")).await.json();
    assert_eq!((keys(&page), page["next"].as_str()), (vec!["b d".to_owned()], Some("b d")));
    let page = scene.get(&format!("{PATH}?prefix=b&limit=1&after=b%20d")).await.json();
    assert_eq!((keys(&page), page["next"].as_str()), (vec!["b/../c".to_owned()], None));

    let one = scene.get(&format!("{PATH}/value?key=b/../c")).await;
    assert_eq!((one.status, one.text.as_str(), one.header("etag")), (StatusCode::OK, "22", "\"2\""));
    assert_eq!(one.header("content-type"), "application/octet-stream");
    assert!(one.header("content-security-policy").starts_with("sandbox"), "no browser runs it");

    let gone = scene.api(Method::DELETE, &format!("{PATH}/value?key=a"), "").await;
    assert_eq!((gone.status, gone.json()), (StatusCode::OK, json!({"keys": 1, "bytes": 2})));
    let gone = scene.api(Method::DELETE, PATH, "").await;
    assert_eq!(gone.json(), json!({"keys": 2, "bytes": 14}));
    assert_eq!(scene.get(PATH).await.json()["use"], json!({"keys": 0, "bytes": 0}));
    let audit = scene.get("/api/v1/audit").await.json();
    let told: Vec<_> = audit["items"].as_array().expect("a list").iter().map(|one| &one["detail"]).collect();
    assert_eq!(told, ["ghost: 2 keys, 14 bytes", "ghost: the key `a`, 2 bytes"]);
}

#[tokio::test]
async fn what_names_no_key_or_no_agent_clears_nothing() {
    let scene = Scene::new().await;
    keeps(&scene, &[("a", b"1")]).await;
    let value = format!("{PATH}/value");
    for (method, path, status, says) in [
        (Method::GET, value.clone(), StatusCode::BAD_REQUEST, "`key` says which one is meant"),
        (Method::DELETE, value.clone(), StatusCode::BAD_REQUEST, "`key` says which one is meant"),
        (Method::DELETE, format!("{value}?key="), StatusCode::BAD_REQUEST, "`key` says which one is meant"),
        (Method::DELETE, format!("{PATH}?key=a"), StatusCode::BAD_REQUEST, "there is no parameter `key`"),
        (Method::GET, format!("{value}?key=a%0Ab"), StatusCode::BAD_REQUEST, "control character"),
        (Method::GET, format!("{value}?key=b"), StatusCode::NOT_FOUND, "keeps no key `b`"),
        (Method::DELETE, format!("{value}?key=b"), StatusCode::NOT_FOUND, "keeps no key `b`"),
        (
            Method::GET,
            "/api/v1/agents/nobody/state".into(),
            StatusCode::NOT_FOUND,
            "there is no agent `nobody`",
        ),
        (
            Method::DELETE,
            "/api/v1/agents/nobody/state".into(),
            StatusCode::NOT_FOUND,
            "there is no agent `nobody`",
        ),
        (Method::GET, format!("{PATH}?limit=1001"), StatusCode::BAD_REQUEST, "1 to 1000 entries"),
    ] {
        let refused = scene.api(method.clone(), &path, "").await;
        assert_eq!(refused.status, status, "{method} {path}: {}", refused.text);
        assert!(refused.text.contains(says), "{method} {path}: {}", refused.text);
    }
    let empty = scene.get("/api/v1/agents/quiet/state").await.json();
    assert_eq!((&empty["use"]["keys"], &empty["items"]), (&json!(0), &json!([])), "it never kept anything");
    assert_eq!(scene.get(PATH).await.json()["use"]["keys"], 1);
}

#[tokio::test]
async fn the_page_shows_what_is_kept_and_clears_it_when_that_is_confirmed() {
    let scene = Scene::new().await;
    keeps(&scene, &[("a", b"12345678")]).await;
    let page = scene.get("/agents").await.text;
    assert!(page.contains("1 of 10 keys · 9 B of 1.0 kB"), "{page}");
    let refused = scene.form("/agents/ghost/state/clear", "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(scene.get(PATH).await.json()["use"]["keys"], 1, "nothing was cleared yet");
    let cleared = scene.form("/agents/ghost/state/clear", "confirm=yes").await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.get(PATH).await.json()["use"]["keys"], 0);
    assert!(!scene.get("/agents").await.text.contains("state/clear"), "there is nothing to clear");
}
