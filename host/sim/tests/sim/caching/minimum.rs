//! "Minimum length: 4,096 tokens (Opus 4.5 to 4.7), 1,024 (Opus 4.8 and 4.1, Sonnet 4.5 and 4.6), 2,048 to 4,096 for older
//! Haiku. For the 5.x models … start from 4,096, and learn it (a marked prefix that comes back with nothing created or
//! read was below it)."

use anvil_sim::SimConfig;
use serde_json::{Value, json};

use super::{block, five, request, said, small, used, with, words};

const MINIMUMS: [(&str, usize); 14] = [
    ("claude-fable-5-2", 4_096),
    ("claude-haiku-5-5", 4_096),
    ("claude-opus-5-5", 4_096),
    ("claude-sonnet-5-5", 4_096),
    ("claude-fable-5-1", 4_096),
    ("claude-opus-5", 4_096),
    ("claude-sonnet-5", 4_096),
    ("claude-opus-4-8", 1_024),
    ("claude-opus-4-7", 4_096),
    ("claude-sonnet-4-6", 1_024),
    ("claude-opus-4-6", 4_096),
    ("claude-opus-4-5-20251101", 4_096),
    ("claude-haiku-4-5-20251001", 4_096),
    ("claude-sonnet-4-5-20250929", 1_024),
];

#[tokio::test]
async fn a_marked_prefix_below_the_models_minimum_is_neither_created_nor_read_and_nothing_is_said() {
    let (sim, _) = with(SimConfig::default()).await;
    for (model, minimum) in MINIMUMS {
        let body = |tokens: usize| {
            let mut body = request(json!([block(words("s", tokens), &five())]));
            body["model"] = json!(model);
            body
        };
        let least = minimum as u64;
        for _ in 0..2 {
            assert_eq!(used(&sim, &body(minimum - 1)).await, [least - 1 + 4, 0, 0, 0], "{model}");
        }
        assert_eq!(used(&sim, &body(minimum)).await, [4, least, 0, 0], "{model}");
        assert_eq!(used(&sim, &body(minimum)).await, [4, 0, 0, least], "{model}");
    }
}

#[tokio::test]
async fn every_model_that_is_listed_has_its_minimum_here() {
    let (sim, _) = with(SimConfig::default()).await;
    let listed = crate::client::get(&sim, "/v1/models?limit=1000").await.json();
    let mut listed: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    let mut known: Vec<_> = MINIMUMS.iter().map(|(model, _)| *model).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[tokio::test]
async fn the_whole_prefix_counts_and_a_mark_below_the_minimum_writes_no_entry_of_its_own() {
    let (sim, _) = small().await;
    let body = |last: &str| {
        said(vec![block(words("a", 90), &five()), block(words("b", 20), &five()), block(last, &Value::Null)])
    };
    // 3 + 90 are below 100 tokens, 3 + 90 + 20 are not.
    assert_eq!(used(&sim, &body("x")).await, [1, 113, 0, 0]);
    assert_eq!(used(&sim, &body("y")).await, [1, 0, 0, 113]);
    let first_alone = said(vec![block(words("a", 90), &five()), block(words("c", 9), &five())]);
    assert_eq!(used(&sim, &first_alone).await, [0, 102, 0, 0]);
}
