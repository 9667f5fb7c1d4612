//! What is told as saved is what the same calls cost more without it, to the nano-dollar.

use crate::scene::{Scene, Setting, ask};
use crate::{BOUNDS, asked};
use anvil_gateway::Gateway;
use anvil_store::LedgerFilter;
use anvil_types::{Effort, Nanodollars, RequestOption, UpstreamKind};

/// Answers by what is asked, the same each time.
const SCRIPT: &str = r#"{"items": ["a few words"], "repeat": true, "matches": [
    {"contains": "long", "items": [{"text": "words and words and words, a great many of them, and then some more"}], "repeat": true},
    {"contains": "odd", "items": [{"text": "odd", "usage": {"output_tokens": 77}}], "repeat": true},
    {"contains": "cut", "items": [{"text": "never kept", "stop_reason": "max_tokens"}], "repeat": true}]}"#;

/// A call of the sequence: what it asks, how hard that is, and whether it may be answered by a kept reply.
const SEQUENCE: [(&str, Effort, bool); 16] = [
    ("plain", Effort::Standard, true),
    ("long", Effort::Standard, true),
    ("plain", Effort::Standard, true),
    ("plain", Effort::Complex, true),
    ("odd", Effort::Simple, true),
    ("odd", Effort::Simple, true),
    ("odd", Effort::Simple, false),
    ("cut", Effort::Standard, true),
    ("cut", Effort::Standard, true),
    ("plain", Effort::Complex, true),
    ("plain", Effort::Complex, true),
    ("long", Effort::Standard, false),
    ("long", Effort::Standard, true),
    ("in the us", Effort::Complex, true),
    ("in the us", Effort::Complex, true),
    ("plain", Effort::Standard, true),
];

/// What the sequence costs by the simulator's own bill, and what is told as saved.
async fn costs(reply_cache: bool) -> (Scene, Nanodollars) {
    let bounds = reply_cache.then_some(BOUNDS);
    let limits =
        anvil_types::Limits { max_input_tokens: 10_000_000, ..crate::scene::limits(1_000_000_000_000) };
    let scene = Setting { reply_cache: bounds, limits, ..Setting::script(SCRIPT) }.scene().await;
    let mut config = scene.setting.config(scene.sim.base_url());
    config.prompt_cache = false;
    config.compression = anvil_types::PerAgent::same(anvil_types::Compression::Off);
    let gateway = Gateway::start(config, scene.store.clone(), scene.setting.clock.clone()).await;
    let gateway = gateway.expect("a gateway");
    for (position, (text, effort, cacheable)) in (0..).zip(SEQUENCE) {
        let mut ask = ask(&scene.job, position, text);
        (ask.request.effort, ask.request.cacheable) = (Some(effort), cacheable);
        if text == "in the us" {
            ask.request.options.push((RequestOption::InferenceGeo.name().to_owned(), "\"us\"".to_owned()));
        }
        asked(&gateway, ask).await;
    }
    let totals = scene.store.ledger_totals(UpstreamKind::Simulated, LedgerFilter::default()).await;
    let totals = totals.expect("a read works");
    assert_eq!(totals.settled, scene.billed(), "the ledger says what was charged");
    assert_eq!(totals.calls, SEQUENCE.len() as u64);
    (scene, totals.reply_saved)
}

#[tokio::test]
async fn what_is_saved_is_the_difference_to_the_same_calls_without_it() {
    let (without, nothing) = costs(false).await;
    let (with, saved) = costs(true).await;
    assert_eq!(nothing, Nanodollars::ZERO);
    assert_eq!(without.billed() - with.billed(), saved);
    assert_eq!((without.sent(), with.sent()), (SEQUENCE.len(), 9));
    // Each face has it from there.
    let calls = with.calls().await;
    assert_eq!(calls.iter().map(|call| call.reply_saved).sum::<Nanodollars>(), saved);
    assert!(saved > Nanodollars::ZERO);
    assert_eq!(with.store.verify_sums().await.expect("a read works"), Vec::<String>::new());
}
