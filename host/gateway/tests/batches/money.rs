//! What is told as saved is what the same calls cost more without batches, to the nano-dollar.

use crate::{Batches, with};
use anvil_gateway::CallEnd;
use anvil_types::{Effort, Nanodollars, RequestOption};
use std::time::Duration;

/// Answers by what is asked, the same each time.
const SCRIPT: &str = r#"{"items": ["a few words"], "repeat": true, "matches": [
    {"contains": "long", "items": [{"text": "words and words and words, a great many of them, and then some more"}], "repeat": true},
    {"contains": "odd", "items": [{"text": "odd", "usage": {"output_tokens": 77}}], "repeat": true}]}"#;

const SEQUENCE: [(&str, Effort); 9] = [
    ("plain", Effort::Standard),
    ("long", Effort::Standard),
    ("plain", Effort::Complex),
    ("odd", Effort::Simple),
    ("odd", Effort::Complex),
    ("long", Effort::Simple),
    ("in the us", Effort::Complex),
    ("in the us", Effort::Simple),
    ("plain", Effort::Simple),
];

async fn costs(in_batches: bool) -> Batches {
    let scene = with(SCRIPT, |_| {}).await;
    for (position, (text, effort)) in (0..).zip(SEQUENCE) {
        let mut ask = scene.question(position, text);
        ask.request.effort = Some(effort);
        ask.terms.economy = in_batches;
        if text == "in the us" {
            ask.request.options.push((RequestOption::InferenceGeo.name().to_owned(), "\"us\"".to_owned()));
        }
        let end = scene.call(ask).await;
        assert_eq!(matches!(end, CallEnd::Park(_)), in_batches, "{end:?}");
    }
    scene.until_ended(SEQUENCE.len(), Duration::from_hours(1)).await;
    assert_eq!(scene.totals().await.settled, scene.billed(), "the ledger says what was charged");
    scene.check().await;
    scene
}

#[tokio::test]
async fn what_is_saved_is_the_difference_to_the_same_calls_without_it() {
    let (without, with) = (costs(false).await, costs(true).await);
    assert_eq!(without.totals().await.batch_saved, Nanodollars::ZERO);
    let totals = with.totals().await;
    assert_eq!(without.billed() - with.billed(), totals.batch_saved);
    assert_eq!((totals.batched, totals.calls), (9, 9));
    assert!(totals.batch_saved > Nanodollars::ZERO);
    assert_eq!(
        with.calls().await.iter().map(|call| call.batch_saved).sum::<Nanodollars>(),
        totals.batch_saved
    );
    // No hold was too small.
    for call in with.calls().await {
        assert!(call.cost <= call.hold && call.cost > Nanodollars::ZERO, "{call:?}");
    }
    // A hold in a batch is half of one by itself.
    let holds = [without.calls().await, with.calls().await]
        .map(|calls| calls.iter().map(|call| call.hold).sum::<Nanodollars>());
    assert!(holds[1] < holds[0], "{holds:?}");
}
