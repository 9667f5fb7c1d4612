//! How jobs ended by tier, from both faces.

use crate::testing::Scene;
use anvil_store::testing::{attempt, hold_request};
use anvil_store::{Finish, HoldDecision, Settlement, SettlementOutcome};
use anvil_types::{CacheEffect, CallId, Json, Nanodollars, Usage};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn outcomes_are_told_of_the_jobs_that_ended_in_the_time() {
    let scene = Scene::new().await;
    assert!(
        scene.get("/spend").await.text.contains("No job that ended in this time was answered by a model.")
    );
    let lease = scene.ghost(7).await;
    let call = CallId::new(scene.state.control.clock.now(), 1);
    let cost = Nanodollars::new(12_000_000);
    let held = scene.store.hold(hold_request(call, attempt(lease, "ghost", 0), cost)).await;
    assert!(matches!(held.expect("a hold is decided"), HoldDecision::Granted { .. }));
    let usage = Usage { output_tokens: 340, ..Usage::default() };
    let settlement = Settlement {
        call,
        outcome: SettlementOutcome::Usage { usage, cost },
        detail: None,
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    };
    scene.store.settle(settlement).await.expect("it settles");
    scene
        .store
        .finish(lease, Finish::Succeeded { result: Json::null() })
        .await
        .expect("the lease is current");

    let told = scene.get("/api/v1/spend/tiers").await.json();
    let expected = json!({
        "agent": "ghost", "action": "run", "tier": "haiku", "jobs": 1, "succeeded": 1, "retries": 0, "calls": 1,
        "output_tokens": 340, "cost_usd": 0.012, "success_usd": 0.012,
    });
    assert_eq!((&told["items"], &told["upstream"]), (&json!([expected]), &json!("simulated")));
    let page = scene.get("/spend").await.text;
    assert!(page.contains("<td>ghost<br>") && page.contains("100 %"), "{page}");
    let before = scene.get("/api/v1/spend/tiers?to=2020-01-01").await.json();
    assert_eq!(before["items"], json!([]));
    for wrong in ["by=agent", "from=soon", "from=2026-11-03&to=2026-11-02"] {
        let answer = scene.get(&format!("/api/v1/spend/tiers?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
