//! The cache of replies: what it keeps and saved, and purging it, from both faces.

use crate::testing::Scene;
use anvil_store::testing::{attempt, hold_request};
use anvil_store::{
    JournalEntry, JournalKind, JournalWrite, NewReply, ReplyBounds, ReplyHit, ReplyKey, Settlement,
    SettlementOutcome,
};
use anvil_types::{Asker, CacheEffect, CallId, JobId, Json, Nanodollars, Timestamp, Usage};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;

const TTL: Duration = Duration::from_hours(24);

fn key(number: u8) -> ReplyKey {
    ReplyKey([number; 32])
}

/// Pays a cent for a reply of this agent.
async fn paid(scene: &Scene, number: u8, agent: &str) -> CallId {
    let call = CallId::new(scene.state.control.clock.now(), number.into());
    let asker = Asker::Host { name: agent.to_owned().into() };
    let cost = Nanodollars::new(10_000_000);
    let held = scene.store.hold(hold_request(call, asker, cost)).await.expect("a hold is decided");
    assert!(matches!(held, anvil_store::HoldDecision::Granted { .. }));
    let bounds = ReplyBounds { ttl: TTL, entries: 100, bytes: 100_000 };
    let reply = "\"yes\"".parse().expect("JSON");
    let settlement = Settlement {
        call,
        outcome: SettlementOutcome::Usage { usage: Usage::default(), cost },
        detail: Some("end_turn".to_owned()),
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: Some(NewReply { key: key(number), agent: agent.to_owned(), reply, bounds }),
    };
    scene.store.settle(settlement).await.expect("it settles");
    call
}

/// A job that a kept reply answers.
async fn hit(scene: &Scene, number: u8, of: CallId) -> JobId {
    let now = scene.state.control.clock.now();
    let lease = scene.ghost(77).await;
    let entry = JournalEntry {
        position: 0,
        kind: JournalKind::Call,
        request_hash: [0; 32],
        answer: Json::null(),
        at: Timestamp::default(),
    };
    let hit = ReplyHit {
        key: key(number),
        of,
        kept_since: now - TTL,
        asked: hold_request(CallId::new(now, 99), attempt(lease, "ghost", 0), Nanodollars::ZERO),
        saved: Nanodollars::new(12_345_678),
        detail: "end_turn".to_owned(),
        journal: JournalWrite { lease, entry },
    };
    assert!(scene.store.hit_reply(hit).await.expect("the lease is current"));
    lease.job
}

#[tokio::test]
async fn what_is_kept_and_what_it_saved_is_told_by_every_face() {
    let scene = Scene::new().await;
    let nothing = scene.get("/api/v1/cache").await.json();
    assert_eq!(nothing["kept"], json!({ "entries": 0, "bytes": 0 }));
    assert_eq!(
        (&nothing["enabled"], &nothing["ttl_s"], &nothing["agents"]),
        (&json!(true), &json!(86_400), &json!([]))
    );
    let page = scene.get("/spend").await.text;
    assert!(
        page.contains("No reply is kept.") && page.contains("It answered no call of this time."),
        "{page}"
    );
    let of = paid(&scene, 1, "ghost").await;
    paid(&scene, 2, "loud").await;
    let job = hit(&scene, 1, of).await;
    let cache = scene.get("/api/v1/cache").await.json();
    assert_eq!(cache["kept"], json!({ "entries": 2, "bytes": 10 }));
    assert_eq!(cache["most"], json!({ "entries": 100, "bytes": 1_000_000 }));
    assert_eq!((&cache["hits_today"], &cache["saved_today_usd"]), (&json!(1), &json!(0.012_345_678)));
    let agents = ["ghost", "loud"].map(|agent| json!({ "agent": agent, "entries": 1, "bytes": 5 }));
    assert_eq!(cache["agents"], json!(agents));

    let ledger = scene.get("/api/v1/ledger").await.json();
    let total = &ledger["total"];
    assert_eq!(
        (&total["calls"], &total["hits"], &total["reply_saved_usd"]),
        (&json!(3), &json!(1), &json!(0.012_345_678))
    );
    assert_eq!((&total["settled_usd"], &total["saved_usd"]), (&json!(0.02), &json!(0.0)));
    let entry = &ledger["items"][0];
    assert_eq!(
        (&entry["reply_of"], &entry["reply_saved_usd"]),
        (&json!(of.to_string()), &json!(0.012_345_678))
    );
    assert_eq!(
        (&entry["cost_usd"], &entry["hold_usd"], &entry["saved_usd"]),
        (&json!(0.0), &json!(0.0), &json!(0.0))
    );
    let csv = scene.get("/api/v1/ledger?format=csv").await.text;
    assert!(csv.contains(&format!(",{of},0.012345678,0.00,,,\r\n")), "{csv}");
    for by in ["agent", "model", "hour"] {
        let spend = scene.get(&format!("/api/v1/spend?by={by}")).await.json();
        let total = &spend["total"];
        assert_eq!(
            (&total["calls"], &total["hits"], &total["reply_saved_usd"]),
            (&json!(2), &json!(1), &json!(0.012_345_678)),
            "{by}"
        );
    }
    let csv = scene.get("/api/v1/spend?by=agent&format=csv").await.text;
    assert!(
        csv.lines()
            .any(|line| line.starts_with("ghost,1,0.01,") && line.ends_with(",0.00,1,0.012345678,0,0.00")),
        "{csv}"
    );
    let detail = scene.get(&format!("/api/v1/jobs/{job}")).await.json();
    assert_eq!(
        (&detail["hits"], &detail["reply_saved_usd"], &detail["saved_usd"]),
        (&json!(1), &json!(0.012_345_678), &json!(0.0))
    );

    let page = scene.get("/spend").await.text;
    assert!(page.contains("It answered 1 call of this time and saved $0.0123."), "{page}");
    assert!(page.contains("2 of 100"), "{page}");
    let page = scene.get("/ledger").await.text;
    assert!(page.contains("Saved by kept replies") && page.contains("Answered by the reply of"), "{page}");
    let page = scene.get(&format!("/jobs/{job}")).await.text;
    assert!(page.contains("Kept replies saved $0.0123.") && page.contains(">kept reply</span>"), "{page}");
}

#[tokio::test]
async fn a_purge_takes_all_or_what_an_agent_paid_for_and_is_audited() {
    let scene = Scene::new().await;
    for (number, agent) in [(1, "quiet"), (2, "ghost"), (3, "ghost"), (4, "quiet")] {
        paid(&scene, number, agent).await;
    }
    let purge = |query: &'static str| scene.api(Method::DELETE, query, "");
    let wrong = purge("/api/v1/cache?agent=quit").await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    assert!(wrong.text.contains("quiet"), "{}", wrong.text);
    for empty in ["/api/v1/cache?agent=", "/api/v1/cache?agent=&agent=ghost"] {
        let wrong = purge(empty).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{empty}");
        assert!(wrong.text.contains("leave it out to purge the replies of all agents"), "{}", wrong.text);
    }
    let gone = purge("/api/v1/cache?agent=ghost").await;
    assert_eq!(gone.json(), json!({ "entries": 2, "bytes": 10 }), "an agent that is there no more");
    assert_eq!(purge("/api/v1/cache").await.json(), json!({ "entries": 2, "bytes": 10 }));
    assert_eq!(purge("/api/v1/cache?agent=quiet").await.json(), json!({ "entries": 0, "bytes": 0 }));
    let audit = scene.get("/api/v1/audit").await.json();
    assert_eq!(
        (&audit["items"][1]["action"], &audit["items"][1]["detail"]),
        (&json!("cache.purge"), &json!("all agents: 2 replies, 10 bytes"))
    );

    paid(&scene, 5, "quiet").await;
    paid(&scene, 6, "loud").await;
    let unsure = scene.form("/spend/cache/purge", "agent=quiet").await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        scene.form("/spend/cache/purge", "agent=quiet&confirm=yes").await.status,
        StatusCode::SEE_OTHER
    );
    let left = scene.get("/api/v1/cache").await.json();
    assert_eq!(left["agents"], json!([{ "agent": "loud", "entries": 1, "bytes": 5 }]));
    for unsaid in ["agent=&confirm=yes", "confirm=yes"] {
        let unsaid = scene.form("/spend/cache/purge", unsaid).await;
        assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(scene.get("/api/v1/cache").await.json()["agents"], left["agents"], "nothing was purged");
    assert!(scene.get("/spend").await.text.contains(r#"<option value="*">all agents</option>"#));
    assert_eq!(scene.form("/spend/cache/purge", "agent=*&confirm=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.get("/api/v1/cache").await.json()["agents"], json!([]));
}
