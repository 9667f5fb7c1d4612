//! Misses of the prompt cache and what it saved, from both faces.

use crate::testing::Scene;
use anvil_types::{CacheEffect, CacheMiss, CacheMissReason, Nanodollars};
use axum::http::StatusCode;
use serde_json::{Value, json};

fn effect(saved: i64, miss: Option<(CacheMissReason, u64, i64)>) -> CacheEffect {
    let miss = miss.map(|(reason, tokens, cost)| CacheMiss { reason, tokens, cost: Nanodollars::new(cost) });
    CacheEffect { saved: Nanodollars::new(saved), miss }
}

async fn some_misses(scene: &Scene) {
    let changed = CacheMissReason::PrefixChanged { at: 812 };
    for (agent, nano, cache) in [
        ("quiet", 9_000_000, effect(-1_000_000, Some((CacheMissReason::First, 2_000, 0)))),
        ("quiet", 9_000_001, effect(4_000_003, None)),
        ("quiet", 9_000_002, effect(0, Some((CacheMissReason::Expired, 1_500, 3_000_000)))),
        ("quiet", 9_000_003, effect(0, Some((CacheMissReason::Expired, 500, 1_000_000)))),
        ("loud", 9_000_004, effect(0, Some((changed, 70, 5_000_000)))),
    ] {
        scene.spend_cached(agent, nano, cache).await;
    }
}

fn item(agent: Option<&str>, reason: Option<&str>, calls: u64, tokens: u64, cost: f64) -> Value {
    json!({ "agent": agent, "api_key": null, "reason": reason, "calls": calls, "tokens": tokens, "cost_usd": cost })
}

#[tokio::test]
async fn misses_are_told_by_agent_and_reason_or_by_one_of_them() {
    let scene = Scene::new().await;
    some_misses(&scene).await;
    let both = scene.get("/api/v1/spend/misses").await.json();
    assert_eq!((&both["by"], &both["upstream"]), (&json!(null), &json!("simulated")));
    assert_eq!(both["saved_usd"], json!(0.003_000_003));
    assert_eq!(both["total"], json!({ "calls": 4, "tokens": 4_070, "cost_usd": 0.009 }));
    let expected = [
        item(Some("loud"), Some("prefix_changed"), 1, 70, 0.005),
        item(Some("quiet"), Some("expired"), 2, 2_000, 0.004),
        item(Some("quiet"), Some("first"), 1, 2_000, 0.0),
    ];
    assert_eq!(both["items"], json!(expected));
    let by_agent = scene.get("/api/v1/spend/misses?by=agent").await.json();
    let expected = [item(Some("loud"), None, 1, 70, 0.005), item(Some("quiet"), None, 3, 4_000, 0.004)];
    assert_eq!((&by_agent["items"], &by_agent["total"]), (&json!(expected), &both["total"]));
    let by_reason = scene.get("/api/v1/spend/misses?by=reason").await.json();
    assert_eq!(by_reason["items"][1], item(None, Some("expired"), 2, 2_000, 0.004));
    let before = scene.get("/api/v1/spend/misses?to=2020-01-01").await.json();
    assert_eq!((&before["items"], &before["saved_usd"]), (&json!([]), &json!(0.0)));
    for wrong in ["by=colour", "by=model", "from=soon", "from=2026-11-03&to=2026-11-02", "kind=first"] {
        let answer = scene.get(&format!("/api/v1/spend/misses?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn what_was_saved_and_missed_stands_in_ledger_spend_and_downloads() {
    let scene = Scene::new().await;
    some_misses(&scene).await;
    let ledger = scene.get("/api/v1/ledger").await.json();
    assert_eq!(ledger["total"]["saved_usd"], json!(0.003_000_003));
    let changed = json!({ "reason": "prefix_changed", "at": 812, "tokens": 70, "cost_usd": 0.005 });
    let loud = &ledger["items"][0];
    assert_eq!((&loud["agent"], &loud["miss"], &loud["saved_usd"]), (&json!("loud"), &changed, &json!(0.0)));
    let spend = scene.get("/api/v1/spend?by=agent").await.json();
    assert_eq!(spend["total"]["saved_usd"], json!(0.003_000_003));
    let by_kind = scene.get("/api/v1/spend?by=kind").await.json();
    assert_eq!(by_kind["total"]["saved_usd"], json!(0.003_000_003));
    assert!(
        by_kind["items"]
            .as_array()
            .is_some_and(|items| items.iter().all(|item| item.get("saved_usd").is_none()))
    );
    let csv = scene.get("/api/v1/spend?by=agent&format=csv").await.text;
    assert!(
        csv.starts_with("agent,")
            && csv.contains("_tokens,saved_usd,hits,reply_saved_usd,batched,batch_saved_usd\r\n"),
        "{csv}"
    );
    assert!(
        csv.lines().any(|line| line.starts_with("quiet,4,") && line.ends_with(",0.003000003,0,0.00,0,0.00")),
        "{csv}"
    );
    let csv = scene.get("/api/v1/ledger?format=csv").await.text;
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert!(
        lines[0].ends_with(
            ",detail,saved_usd,miss,miss_at,miss_tokens,miss_usd,reply_of,reply_saved_usd,batch_saved_usd,compressed_tokens,compressed_saved_usd,early"
        ),
        "{csv}"
    );
    assert!(lines[1].ends_with(",end_turn,0.00,prefix_changed,812,70,0.005,,0.00,0.00,,,"), "{csv}");
    assert!(lines[4].ends_with(",end_turn,0.004000003,,,,,,0.00,0.00,,,"), "{csv}");
}

#[tokio::test]
async fn the_page_of_spend_tells_of_the_prompt_cache_or_that_there_is_nothing_to_tell() {
    let scene = Scene::new().await;
    let nothing = scene.get("/spend").await.text;
    assert!(nothing.contains("No prompt of this time is known to have missed the cache."), "{nothing}");
    assert!(nothing.contains("The prompt cache saved nothing in this time."), "{nothing}");
    some_misses(&scene).await;
    let page = scene.get("/spend").await.text;
    assert!(page.contains("The prompt cache saved $0.0030."), "{page}");
    assert!(page.contains(r#"<td>quiet<br><span class="quiet">it had expired</span></td>"#), "{page}");
    let ledger = scene.get("/ledger").await.text;
    assert!(
        ledger.contains("it changed at byte 812: 70 tokens that cost $0.005 more than reading them"),
        "{ledger}"
    );
    assert!(ledger.contains("Saved by the cache"), "{ledger}");
}
