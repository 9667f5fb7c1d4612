//! Answers that drip: they stop no other batch, and are given up.

use crate::{Batches, RULE, SECOND, with};
use anvil_budget::BatchRule;
use anvil_types::{BatchState, CallState, Clock as _};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
const WORDS: &str = r#"{"items": ["a few words"], "repeat": true}"#;

/// Each call is a batch, and a line has so long to come.
async fn one_by_one(idle: Duration) -> Batches {
    with(WORDS, |setting| {
        setting.batches = Some(BatchRule { calls: 1, ..RULE });
        setting.idle = idle;
    })
    .await
}

async fn answered(scene: &Batches, positions: std::ops::Range<u32>) -> bool {
    for position in positions {
        if !matches!(scene.answer(position).await, Some(Ok(_))) {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn results_that_drip_stop_no_other_batch() {
    let scene = one_by_one(HOUR).await;
    scene.fails(json!([{"fault": "batch-results:drip:0", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("the first is there", HOUR, async || scene.sim.batches().len() == 1).await;
    for _ in 0..6 {
        scene.clock.advance(SECOND * 20);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for position in 1..4 {
        scene.gather(position, "Say something.").await;
    }
    scene.until("the others are answered", HOUR, async || answered(&scene, 1..4).await).await;
    assert_eq!(scene.answer(0).await, None);
}

#[tokio::test]
async fn a_creation_whose_answer_drips_stops_no_other_batch() {
    let scene = one_by_one(HOUR).await;
    scene.fails(json!([{"fault": "batch-create:drip", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("the first is there", HOUR, async || scene.sim.batches().len() == 1).await;
    for position in 1..4 {
        scene.gather(position, "Say something.").await;
    }
    scene.until("the others are answered", HOUR, async || answered(&scene, 1..4).await).await;
    assert_eq!(scene.store.open_batches().await.expect("a read works")[0].state, BatchState::Sending);
}

#[tokio::test]
async fn results_that_drip_are_given_up_when_no_line_comes_and_read_again() {
    let scene = one_by_one(Duration::from_millis(100)).await;
    scene.fails(json!([{"fault": "batch-results:drip:0", "times": 2}]));
    scene.gather(0, "Say something.").await;
    scene.until("it is answered", HOUR, async || answered(&scene, 0..1).await).await;
    assert_eq!(scene.totals().await.settled, scene.billed());
}

#[tokio::test]
async fn a_line_counts_when_it_comes_whatever_comes_behind_it() {
    let scene = with(WORDS, |setting| setting.idle = HOUR).await;
    scene.fails(json!([{"fault": "batch-results:drip:2"}]));
    for position in 0..3 {
        scene.gather(position, "Say something.").await;
    }
    scene
        .until("two are answered while the third drips", HOUR, async || {
            scene.calls().await.iter().filter(|call| call.state == CallState::Settled).count() == 2
        })
        .await;
}

#[tokio::test]
async fn a_day_is_a_day_whatever_drips() {
    let scene = one_by_one(HOUR).await;
    scene.fails(json!([{"fault": "batch-results:drip:0"}]));
    let made = scene.clock.now();
    for position in 0..10 {
        scene.gather(position, "Say something.").await;
    }
    scene.until_ended(10, HOUR * 30).await;
    assert!(scene.clock.now().since(made) > HOUR * 24);
    let calls = scene.calls().await;
    assert!(calls.iter().all(|call| (call.state, call.cost) == (CallState::Unknown, call.hold)));
    scene.check().await;
}
