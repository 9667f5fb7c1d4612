//! Batches of which it is not known whether they were made: none is sent twice.

use crate::scene::LOOK;
use crate::{Batches, batches, with};
use anvil_types::{CallState, Clock as _, Nanodollars};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
const WORDS: &str = r#"{"items": ["a few words"], "repeat": true}"#;

#[tokio::test]
async fn a_batch_whose_creation_was_not_answered_is_found_and_adopted() {
    for fault in
        ["batch-create:close+kept", "batch-create:500+kept", "batch-create:529+kept", "batch-create:504+kept"]
    {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault, "times": 1}]));
        for position in 0..3 {
            scene.gather(position, "Say something.").await;
        }
        scene.until_ended(3, HOUR).await;
        assert_eq!((scene.sim.batches().len(), scene.sim.bill().batch_calls), (1, 3), "{fault}");
        for position in 0..3 {
            assert!(matches!(scene.answer(position).await, Some(Ok(_))), "{fault}");
        }
        assert_eq!(scene.totals().await.settled, scene.billed(), "{fault}");
        scene.check().await;
    }
}

#[tokio::test]
async fn a_batch_is_found_whatever_the_clocks_say() {
    for fault in ["batch-create:500+kept", "batch-create:close+kept"] {
        // A month and more: it is the times that must not matter, and not how much they differ.
        for behind in [HOUR * 30, HOUR * 24 * 40] {
            let scene = with(WORDS, |setting| setting.upstream_behind = behind).await;
            scene.fails(json!([{"fault": fault, "times": 1}]));
            scene.gather(0, "Say something.").await;
            scene.until_ended(1, HOUR).await;
            assert_eq!(scene.sim.batches().len(), 1, "{fault} {behind:?}");
            assert!(matches!(scene.answer(0).await, Some(Ok(_))), "{fault} {behind:?}");
            assert_eq!(scene.totals().await.settled, scene.billed(), "{fault} {behind:?}");
            scene.check().await;
        }
    }
}

#[tokio::test]
async fn a_batch_that_is_lost_is_never_sent_again_and_unknown_when_it_would_be_over() {
    for fault in ["batch-create:close", "batch-create:504"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault, "times": 1}]));
        let made = scene.clock.now();
        scene.gather(0, "Say something.").await;
        scene.until_ended(1, HOUR * 30).await;
        assert!(scene.clock.now().since(made) > HOUR * 24, "{fault}");
        assert_eq!(scene.sim.batches().len(), 0, "{fault}");
        let call = &scene.calls().await[0];
        assert_eq!((call.state, call.cost), (CallState::Unknown, call.hold), "{fault}");
        scene.check().await;
    }
}

#[tokio::test]
async fn a_batch_that_was_refused_and_is_not_there_goes_out_again() {
    for fault in ["batch-create:500", "batch-create:529", "batch-create:429:20", "batch-create:503"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault, "times": 1}]));
        scene.gather(0, "Say something.").await;
        scene.until_ended(1, HOUR).await;
        assert_eq!((scene.sim.batches().len(), scene.sim.bill().batch_calls), (1, 1), "{fault}");
        assert!(matches!(scene.answer(0).await, Some(Ok(_))), "{fault}");
    }
}

#[tokio::test]
async fn where_no_batches_are_taken_calls_go_by_themselves() {
    for fault in ["batch-create:404", "batch-create:400", "batch-create:413"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": fault}]));
        scene.gather(0, "Say something.").await;
        scene.until_ended(1, HOUR).await;
        let end = scene.call(scene.question(0, "Say something.")).await;
        assert!(matches!(&end, anvil_gateway::CallEnd::Answered { answer: Ok(_), .. }), "{fault}: {end:?}");
        assert_eq!(scene.totals().await.settled, scene.billed(), "{fault}");
    }
}

#[tokio::test]
async fn another_life_of_the_host_goes_on_with_what_it_finds() {
    let mut scene = batches(WORDS).await;
    scene.gather(0, "Say something.").await;
    scene.restart().await;
    scene.gather(0, "Say something.").await;
    scene.until("it is sent", HOUR, async || scene.sim.batches().len() == 1).await;
    scene.restart().await;
    scene.until_ended(1, HOUR).await;
    assert_eq!((scene.sim.batches().len(), scene.sim.bill().batch_calls), (1, 1));
    assert_eq!(scene.totals().await.settled, scene.billed());
    // One that died while it was sending: what its batch came to is looked for.
    scene.gather(1, "Say something.").await;
    scene.gateway.close();
    scene.clock.advance(Duration::from_mins(5));
    let made = scene.store.make_batch(crate::RULE.into()).await.expect("it is decided").expect("it is due");
    scene.restart().await;
    scene.until_ended(2, HOUR * 30).await;
    assert_eq!((made.calls, scene.sim.batches().len()), (1, 1), "it is not sent again");
    let unknown = scene.totals().await.unknown;
    assert!(unknown > Nanodollars::ZERO);
    scene.check().await;
}

// Somebody else of the account makes a batch.
async fn theirs(scene: &Batches) {
    let others = r#"{"requests":[{"custom_id":"theirs","params":{"model":"claude-haiku-4-5-20251001","max_tokens":5,
        "messages":[{"role":"user","content":"x"}]}}]}"#;
    let url = format!("{}/v1/messages/batches", scene.sim.base_url());
    let theirs = reqwest::Client::new()
        .post(url)
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "application/json")
        .body(others);
    assert_eq!(theirs.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn batches_of_others_are_not_taken_for_the_one_that_is_looked_for() {
    let scene = batches(WORDS).await;
    theirs(&scene).await;
    scene.fails(json!([{"fault": "batch-create:close+kept", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until_ended(1, HOUR).await;
    assert!(matches!(scene.answer(0).await, Some(Ok(_))));
    let batch = &scene.store.batches(1).await.expect("a read works")[0];
    let ids = scene.sim.batch_custom_ids(batch.upstream_id.as_deref().expect("an id"));
    assert_eq!(ids, [scene.calls().await[0].id.to_string()]);
}

#[tokio::test]
async fn of_many_batches_of_others_some_are_read_at_a_look_and_the_rest_at_the_next() {
    let scene = batches(WORDS).await;
    scene.fails(json!([{"fault": "batch-create:close+kept", "times": 1}]));
    scene.gather(0, "Say something.").await;
    scene.until("it is made", HOUR, async || scene.sim.batches().len() == 1).await;
    let made = scene.clock.now();
    // All of them are newer, so they stand before it in the list.
    for _ in 0..45 {
        theirs(&scene).await;
    }
    let found = async || scene.store.batches(1).await.expect("a read works")[0].upstream_id.is_some();
    scene.until("it is found", HOUR / 6, found).await;
    // Twenty at each look: it is read at the third.
    assert!(scene.clock.now().since(made) >= 2 * LOOK, "all were read at once");
    scene.until_ended(1, HOUR).await;
    assert!(matches!(scene.answer(0).await, Some(Ok(_))));
    assert_eq!(scene.sim.batches().len(), 46);
    scene.check().await;
}
