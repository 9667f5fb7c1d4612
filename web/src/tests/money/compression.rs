//! What was compressed and what that saved, from both faces.

use crate::testing::Scene;
use anvil_types::{Compressed, Nanodollars};
use axum::http::StatusCode;
use serde_json::json;

async fn some(scene: &Scene) {
    for (agent, nano, tokens, saved) in [
        ("quiet", 9_000_000, 400, 800_000),
        ("quiet", 9_000_001, 100, 200_001),
        ("loud", 9_000_002, 50, 5_000),
    ] {
        let compressed = Compressed { tokens, saved: Nanodollars::new(saved) };
        scene.spend_compressed(agent, nano, compressed).await;
    }
}

#[tokio::test]
async fn what_was_compressed_is_told_by_agent_with_what_it_saved() {
    let scene = Scene::new().await;
    let nothing = scene.get("/api/v1/spend/compression").await.json();
    assert_eq!((&nothing["items"], &nothing["latest"]), (&json!([]), &json!([])));
    some(&scene).await;
    let told = scene.get("/api/v1/spend/compression").await.json();
    let expected = json!([
        { "agent": "quiet", "calls": 2, "tokens": 500, "saved_usd": 0.001_000_001 },
        { "agent": "loud", "calls": 1, "tokens": 50, "saved_usd": 0.000_005 },
    ]);
    assert_eq!((&told["items"], &told["upstream"]), (&expected, &json!("simulated")));
    assert_eq!(told["total"], json!({ "calls": 3, "tokens": 550, "saved_usd": 0.001_005_001 }));
    let before = scene.get("/api/v1/spend/compression?to=2020-01-01").await.json();
    assert_eq!(before["items"], json!([]));
    for wrong in ["by=agent", "from=soon", "from=2026-11-03&to=2026-11-02"] {
        let answer = scene.get(&format!("/api/v1/spend/compression?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let ledger = scene.get("/api/v1/ledger").await.json();
    let csv = scene.get("/api/v1/ledger?format=csv").await.text;
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert!(lines[0].ends_with(",batch_saved_usd,compressed_tokens,compressed_saved_usd,early"), "{csv}");
    assert!(lines[1].ends_with(",50,0.000005,"), "{csv}");
    assert_eq!(ledger["items"][0]["compressed"], json!({ "tokens": 50, "saved_usd": 0.000_005 }));
}

#[tokio::test]
async fn the_page_of_spend_tells_what_compression_saved_or_that_it_saved_nothing() {
    let scene = Scene::new().await;
    let nothing = scene.get("/spend").await.text;
    assert!(nothing.contains("No prompt was sent shorter in this time."), "{nothing}");
    assert!(nothing.contains("Compression saved nothing in this time."), "{nothing}");
    some(&scene).await;
    let page = scene.get("/spend").await.text;
    assert!(page.contains("Compression saved about $0.0010."), "{page}");
    assert!(page.contains("<td>quiet</td>"), "{page}");
}
