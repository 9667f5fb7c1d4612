//! What is told as saved is what the same calls cost more without batches, to the nano-dollar.

use crate::{Batches, with};
use anvil_budget::PriceTable;
use anvil_gateway::CallEnd;
use anvil_types::{Clock as _, Effort, Nanodollars, RequestOption};
use std::sync::Arc;
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

/// The built-in prices with one that is in force from some day on, of a million dollars a million tokens, and another factor for
/// batches.
fn dear(model: &str, from: &str) -> PriceTable {
    let text = format!(
        "[multipliers]\nbatch = 0.9\ngeo_us = 1.1\n[[price]]\nmodel = \"{model}\"\nfrom = \"{from}\"\ncontext = 1000000\n\
         max_output = 128000\nbands = [{{ input = 1000, output = 1000, cache_write_5m = 1000, cache_write_1h = 1000, \
         cache_read = 1000 }}]\n"
    );
    PriceTable::with_file("mine.toml", &text).expect("prices")
}

#[tokio::test]
async fn a_call_is_paid_by_the_prices_that_it_was_held_by_whatever_file_a_later_life_reads() {
    let mut scene = with(SCRIPT, |_| {}).await;
    scene.gather(0, "plain").await;
    let model = scene.calls().await[0].model.clone();
    let built_in = PriceTable::built_in();
    let row = built_in.row(&model, None, scene.clock.now()).expect("a price");
    let same_day = row.id.rsplit_once('@').expect("its day").1;
    let today = scene.clock.now().to_string()[..10].to_owned();
    for from in [same_day, &today] {
        scene.setting.prices = Arc::new(dear(&model, from));
        scene.restart().await;
        scene.until_ended(1, Duration::from_hours(1)).await;
        let call = &scene.calls().await[0];
        assert_eq!((call.cost, &call.price_row), (scene.billed(), &row.id), "{from}");
        assert!(call.cost <= call.hold, "{from}: {call:?}");
        scene.check().await;
        scene = with(SCRIPT, |_| {}).await;
        scene.gather(0, "plain").await;
    }
}
