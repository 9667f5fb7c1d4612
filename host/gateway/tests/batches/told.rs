//! What people are told of batches that are refused, and of such as nothing is heard of.

use crate::{Batches, SECOND, batches};
use anvil_store::AlertFilter;
use anvil_types::{AlertState, BatchNote, CallState, Clock as _, UpstreamKind};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
const WORDS: &str = r#"{"items": ["a few words"], "repeat": true}"#;

async fn note(scene: &Batches) -> BatchNote {
    let note = scene.store.recall(&BatchNote::key(UpstreamKind::Simulated)).await.expect("a read works");
    note.map(|note| serde_json::from_str(&note).expect("a note")).unwrap_or_default()
}

async fn alerts(scene: &Batches, state: AlertState) -> Vec<String> {
    let filter = AlertFilter { states: vec![state], after: None, limit: 100 };
    let alerts = scene.store.alerts(filter).await.expect("a read works").items;
    alerts.into_iter().map(|alert| alert.title).filter(|title| title.contains("batch")).collect()
}

#[tokio::test]
async fn a_batch_whose_results_cannot_be_read_is_told_of_until_they_can() {
    for (fault, said) in [
        ("batch-results:404", "its results cannot be read: Claude answered 404"),
        ("batch-results:500", "its results cannot be read: Claude answered 500"),
        // A key may be one that asks and does not read batches.
        ("batch-results:403", "its results cannot be read"),
        ("batch-results:html", "no list of results"),
        ("batch-get:404", "its state cannot be read: Claude answered 404"),
    ] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault, "times": 5}]));
        scene.gather(0, "Say something.").await;
        scene.until("it is noted", HOUR, async || !note(&scene).await.troubles.is_empty()).await;
        let trouble = note(&scene).await.troubles.into_values().next().expect("one");
        assert!(trouble.why.contains(said), "{fault}: {trouble:?}");
        assert!(!scene.store.brake().await.expect("a read works").engaged(), "{fault}");
        assert_eq!(alerts(&scene, AlertState::Firing).await.len(), 1, "{fault}");
        scene.until_ended(1, HOUR).await;
        assert!(matches!(scene.answer(0).await, Some(Ok(_))), "{fault}");
        let over = async || {
            alerts(&scene, AlertState::Firing).await.is_empty() && note(&scene).await == BatchNote::default()
        };
        scene.until("it is over", HOUR, over).await;
    }
}

#[tokio::test]
async fn an_account_that_is_refused_its_results_is_braked_until_it_gets_them() {
    for fault in ["batch-results:401", "batch-get:401"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault, "times": 2}]));
        scene.gather(0, "Say something.").await;
        let braked = async || scene.store.brake().await.expect("a read works").engaged();
        scene.until("the brake is engaged", HOUR, braked).await;
        scene.until_ended(1, HOUR).await;
        assert_eq!(scene.calls().await[0].state, CallState::Settled, "{fault}");
        let well = async || !scene.store.brake().await.expect("a read works").engaged();
        scene.until("the brake is released", HOUR, well).await;
    }
}

#[tokio::test]
async fn it_is_told_until_when_no_batch_is_made_and_why() {
    let scene = batches(WORDS).await;
    scene.fails(json!([{"fault": "batch-create:429:3000", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("it is noted", HOUR, async || note(&scene).await.pause.is_some()).await;
    let pause = note(&scene).await.pause.expect("there");
    assert!(pause.why.contains("429"), "{pause:?}");
    let left = pause.until.expect("a time").since(scene.clock.now());
    assert!((SECOND * 2_700..=SECOND * 3_000).contains(&left), "{left:?}");
    scene.until_ended(1, HOUR * 2).await;
    scene.until("it is over", HOUR, async || note(&scene).await == BatchNote::default()).await;
}

#[tokio::test]
async fn what_an_earlier_life_has_noted_is_told_no_longer_than_it_is_so() {
    let mut scene = batches(WORDS).await;
    scene.gateway.close();
    let stale = json!({"pause": null, "troubles": {"7": {"why": "it was so", "since": scene.clock.now()}}});
    let key = BatchNote::key(UpstreamKind::Simulated);
    scene.store.remember(&key, &stale.to_string()).await.expect("written");
    scene.restart().await;
    scene.until("it is not told any more", HOUR, async || note(&scene).await == BatchNote::default()).await;
}
