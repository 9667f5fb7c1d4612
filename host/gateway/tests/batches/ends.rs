//! How calls in batches end.

use crate::{Batches, RULE, batches, waits, with};
use anvil_gateway::CallEnd;
use anvil_types::{
    CallErrorKind, CallState, Clock as _, ContentBlock, Nanodollars, Origin, RequestOption, WaitReason,
};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// The error of a call by itself to which this script's answer comes.
async fn by_itself(script: &str) -> anvil_types::CallError {
    let scene = batches(script).await;
    let mut ask = scene.question(0, "x");
    ask.terms.economy = false;
    match scene.call(ask).await {
        CallEnd::Answered { answer: Err(error), .. } => error,
        end => panic!("{end:?}"),
    }
}

async fn answered_alone(scene: &Batches, position: u32) {
    let end = scene.call(scene.question(position, "Say something.")).await;
    let CallEnd::Answered { answer: Ok(reply), .. } = end else { panic!("{end:?}") };
    assert_eq!(reply.origin, Origin::Live);
}

#[tokio::test]
async fn calls_are_gathered_sent_once_and_answered_from_the_journal() {
    let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
    for position in 0..5 {
        scene.gather(position, "Say something.").await;
    }
    // Asked again, as when the host died before the job was parked, they wait on.
    scene.gather(2, "Say something.").await;
    assert_eq!((scene.calls().await.len(), scene.sim.batches().len()), (5, 0));
    scene.until_ended(5, HOUR).await;
    assert_eq!(scene.sim.batches().len(), 1);
    assert_eq!(scene.sim.bill().batch_calls, 5);
    for position in 0..5 {
        let reply = scene.answer(position).await.expect("it is there").expect("an answer");
        assert_eq!(reply.origin, Origin::Batch);
        assert!(matches!(&reply.content[0], ContentBlock::Text { text } if text == "a few words"));
        assert_eq!(reply.usage.service_tier.as_deref(), Some("batch"));
    }
    let totals = scene.totals().await;
    assert_eq!((totals.settled, totals.held, totals.batched), (scene.billed(), Nanodollars::ZERO, 5));
    scene.check().await;
}

#[tokio::test]
async fn what_cannot_go_in_a_batch_goes_as_ever() {
    let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
    let mut hurry = scene.question(0, "x");
    hurry.terms.economy = false;
    let mut tier = scene.question(1, "x");
    let name = RequestOption::ServiceTier.name().to_owned();
    tier.request.options.push((name, "\"standard_only\"".to_owned()));
    for ask in [hurry, tier] {
        let end = scene.call(ask).await;
        assert!(matches!(&end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    let off = with(r#"{"items": ["a few words"]}"#, |setting| setting.batches = None).await;
    let end = off.call(off.question(0, "x")).await;
    assert!(matches!(&end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    assert_eq!((scene.totals().await.batched, off.totals().await.batched), (0, 0));
}

#[tokio::test]
async fn an_item_that_is_wrong_fails_as_its_call_would_by_itself() {
    let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
    scene.fails(json!([{"fault": "batch-item:400", "times": 1}]));
    scene.gather(0, "x").await;
    scene.gather(1, "x").await;
    scene.until_ended(2, HOUR).await;
    let alone = by_itself(r#"{"items": [{"fault": "400"}]}"#).await;
    let answers = [scene.answer(0).await, scene.answer(1).await].map(|answer| answer.expect("it is there"));
    let wrong: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!((wrong[0].kind, wrong[0].request_sent), (alone.kind, alone.request_sent));
    assert_eq!(wrong[0].kind, CallErrorKind::InvalidRequest);
    assert_eq!(scene.totals().await.settled, scene.billed());
    assert_eq!(scene.calls().await.iter().filter(|call| call.state == CallState::Released).count(), 1);
}

#[tokio::test]
async fn what_was_not_its_own_fault_costs_nothing_and_goes_by_itself() {
    for fault in [
        "batch-item:529",
        "batch-item:429-bare",
        "batch-item:500",
        "batch-item:expired",
        "batch-item:canceled",
    ] {
        let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
        scene.fails(json!([{"fault": fault, "times": 1}]));
        scene.gather(0, "Say something.").await;
        scene.until_ended(1, HOUR).await;
        assert_eq!(scene.answer(0).await, None, "{fault}");
        assert_eq!((scene.calls().await[0].state, scene.billed()), (CallState::Released, Nanodollars::ZERO));
        answered_alone(&scene, 0).await;
        assert_eq!((scene.totals().await.settled, scene.sim.batches().len()), (scene.billed(), 1), "{fault}");
        scene.check().await;
    }
}

#[tokio::test]
async fn a_batch_that_is_never_worked_off_expires_and_its_calls_go_by_themselves() {
    let scene = with(r#"{"items": ["a few words"], "repeat": true}"#, |setting| {
        setting.sim.batches.items_per_minute = 0;
    })
    .await;
    scene.gather(0, "Say something.").await;
    scene.until_ended(1, HOUR * 30).await;
    assert_eq!(scene.calls().await[0].detail.as_deref(), Some("expired"));
    answered_alone(&scene, 0).await;
    assert_eq!(scene.totals().await.settled, scene.billed());
}

#[tokio::test]
async fn results_are_read_again_until_each_call_has_its_own() {
    for fault in [
        "batch-results:cut:3",
        "batch-results:garbage",
        "batch-results:missing",
        "batch-results:endless",
        "batch-get:404",
        "batch-get:500",
        "batch-get:counts",
        "batch-results:529",
    ] {
        let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
        scene.fails(json!([{"fault": fault, "times": 2}]));
        for position in 0..6 {
            scene.gather(position, "Say something.").await;
        }
        scene.until_ended(6, HOUR).await;
        for position in 0..6 {
            assert!(matches!(scene.answer(position).await, Some(Ok(_))), "{fault}");
        }
        assert_eq!(
            (scene.totals().await.settled, scene.sim.bill().batch_calls),
            (scene.billed(), 6),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_call_waits_for_no_others_at_an_hour_at_which_none_come() {
    let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
    scene.gather(0, "Say something.").await;
    scene
        .until("the first day's goes after its wait", RULE.wait * 2, async || scene.sim.batches().len() == 1)
        .await;
    scene.until_ended(1, HOUR).await;
    scene.clock.advance(HOUR * 34);
    scene.gather(1, "Say something.").await;
    scene
        .until("another goes at once", Duration::from_mins(2), async || scene.sim.batches().len() == 2)
        .await;
    scene.until_ended(2, HOUR).await;
    scene.check().await;
}

#[tokio::test]
async fn odd_lines_end_nobodys_call_twice_and_nobody_elses() {
    for fault in ["batch-results:twice", "batch-results:stranger"] {
        let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
        scene.fails(json!([{"fault": fault}]));
        for position in 0..3 {
            scene.gather(position, "Say something.").await;
        }
        scene.until_ended(3, HOUR).await;
        let totals = scene.totals().await;
        assert_eq!(
            (totals.calls, totals.settled, totals.unknown),
            (3, scene.billed(), Nanodollars::ZERO),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_result_that_never_comes_is_unknown_at_its_hold() {
    let scene = batches(r#"{"items": ["a few words"], "repeat": true}"#).await;
    scene.fails(json!([{"fault": "batch-results:missing"}]));
    scene.gather(0, "Say something.").await;
    scene.until_ended(1, HOUR).await;
    let call = &scene.calls().await[0];
    assert_eq!((call.state, call.cost), (CallState::Unknown, call.hold));
    let error = scene.answer(0).await.expect("it is there").expect_err("nobody knows");
    assert_eq!(error.kind, CallErrorKind::UnknownOutcome);
}

#[tokio::test]
async fn a_batch_that_does_not_end_is_unknown_at_its_hold_after_a_day() {
    let scene = batches(r#"{"items": ["a few words"]}"#).await;
    scene.fails(json!([{"fault": "batch-create:stuck", "times": 1}]));
    let made = scene.clock.now();
    scene.gather(0, "Say something.").await;
    scene.until_ended(1, HOUR * 30).await;
    assert!(scene.clock.now().since(made) > HOUR * 24);
    assert_eq!(scene.calls().await[0].state, CallState::Unknown);
}

#[tokio::test]
async fn results_that_never_come_leave_their_calls_unknown_after_a_day_and_not_before() {
    let scene = batches(r#"{"items": ["a few words"]}"#).await;
    scene.fails(json!([{"fault": "batch-results:500", "times": 1_000_000}]));
    let made = scene.clock.now();
    scene.gather(0, "Say something.").await;
    scene.until_ended(1, HOUR * 30).await;
    assert!(scene.clock.now().since(made) > HOUR * 24);
    let calls = scene.calls().await;
    assert_eq!((calls[0].state, calls[0].cost), (CallState::Unknown, calls[0].hold));
    assert!(calls[0].cost >= scene.billed());
}

#[tokio::test]
async fn a_brake_sends_nothing_and_a_limit_without_room_parks_the_job_as_ever() {
    let scene = with(r#"{"items": ["a few words"], "repeat": true}"#, |setting| {
        setting.limits.day_usd = Nanodollars::new(5_000_000);
    })
    .await;
    let mut gathered = 0;
    let end = loop {
        let end = scene.call(scene.question(gathered, "Say something.")).await;
        if !waits(&end) {
            break end;
        }
        gathered += 1;
        assert!(gathered < 100, "the day's limit holds");
    };
    assert!(matches!(&end, CallEnd::Park(wait) if wait.reason == WaitReason::Money), "{end:?}");
    let totals = scene.totals().await;
    assert!(gathered > 0 && totals.held <= scene.setting.limits.day_usd, "{totals:?}");
    scene.braked_by_ann().await;
    for _ in 0..20 {
        scene.clock.advance(Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(scene.sim.batches().len(), 0);
    scene.store.release_brake("ann", "it is well").await.expect("ended");
    scene.until_ended(usize::try_from(gathered).expect("few"), HOUR).await;
    assert_eq!(scene.totals().await.settled, scene.billed());
}
