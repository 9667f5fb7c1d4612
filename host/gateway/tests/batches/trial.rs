//! Batches that are refused again and again: for the account, or for what one of their calls is.

use crate::{Batches, RULE, SECOND, batches, with};
use anvil_gateway::CallEnd;
use anvil_types::{CallState, Clock as _, Nanodollars, Origin};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
const WORDS: &str = r#"{"items": ["a few words"], "repeat": true}"#;

async fn is_braked(scene: &Batches) -> bool {
    scene.store.brake().await.expect("a read works").engaged()
}

#[tokio::test]
async fn a_batch_tries_whether_the_account_is_taken_again() {
    let scene = batches(WORDS).await;
    scene.fails(json!([{"fault": "batch-create:401", "times": 2}]));
    scene.gather(0, "Say something.").await;
    scene.gather(1, "Say something.").await;
    scene.until("the brake is engaged", HOUR, async || is_braked(&scene).await).await;
    let engaged = scene.clock.now();
    scene.until_ended(2, HOUR * 2).await;
    assert!(scene.clock.now().since(engaged) >= Duration::from_mins(29), "a quarter of an hour, twice");
    assert!(!is_braked(&scene).await);
    for position in 0..2 {
        assert_eq!(scene.answer(position).await.expect("there").expect("an answer").origin, Origin::Batch);
    }
    assert_eq!((scene.sim.batches().len(), scene.totals().await.settled), (1, scene.billed()));
}

#[tokio::test]
async fn a_brake_by_hand_beside_the_accounts_is_tried_by_nobody() {
    let scene = batches(WORDS).await;
    scene.fails(json!([{"fault": "batch-create:401", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("the brake is engaged", HOUR, async || is_braked(&scene).await).await;
    scene.braked_by_ann().await;
    for _ in 0..20 {
        scene.clock.advance(Duration::from_mins(3));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(scene.sim.batches().len(), 0);
}

#[tokio::test]
async fn what_waits_goes_at_once_when_the_brake_is_released() {
    let scene = batches(WORDS).await;
    scene.fails(json!([{"fault": "batch-create:401", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("the brake is engaged", HOUR, async || is_braked(&scene).await).await;
    scene.store.release_brake("ann", "the key is well").await.expect("ended");
    scene.gateway.limits_changed(&scene.setting.limits);
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if scene.sim.batches().len() == 1 {
            return;
        }
    }
    panic!("nothing was sent");
}

#[tokio::test]
async fn what_a_job_that_was_stopped_holds_is_free_at_once() {
    let scene = with(WORDS, |setting| setting.batches = Some(RULE)).await;
    scene.gather(0, "Say something.").await;
    // The first look has been.
    scene.clock.advance(SECOND);
    tokio::time::sleep(Duration::from_millis(50)).await;
    scene.store.cancel(scene.job.job.id, "ann").await.expect("cancelled");
    scene.gateway.jobs_stopped();
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if scene.totals().await.held == Nanodollars::ZERO {
            assert_eq!(scene.calls().await[0].state, CallState::Released);
            return;
        }
    }
    panic!("it is held still");
}

#[tokio::test]
async fn a_call_with_which_no_batch_is_taken_keeps_no_others_back() {
    let scene = batches(WORDS).await;
    for position in 0..5 {
        scene.gather(position, "Say something.").await;
    }
    let poison = scene.calls().await.iter().find(|call| call.position == Some(2)).expect("there").id;
    scene.fails(json!([{"fault": "batch-create:500", "contains": poison.to_string()}]));
    let others = async || {
        for position in [0, 1, 3, 4] {
            if !matches!(scene.answer(position).await, Some(Ok(_))) {
                return false;
            }
        }
        true
    };
    scene.until("its neighbours are answered", HOUR, others).await;
    scene.until_ended(5, HOUR * 2).await;
    let end = scene.call(scene.question(2, "Say something.")).await;
    let CallEnd::Answered { answer: Ok(reply), .. } = end else { panic!("{end:?}") };
    assert_eq!(reply.origin, Origin::Live);
    assert_eq!((scene.sim.bill().batch_calls, scene.totals().await.settled), (4, scene.billed()));
    scene.check().await;
}
