//! The bill, over many calls.

use anvil_sim::{SimConfig, SimUsage, cost_nano_dollars};
use serde_json::json;

use crate::client::{ask, question, scripted, start};

#[tokio::test]
async fn the_price_band_changes_above_100_000_tokens_of_prompt() {
    for (input, nano_dollars) in [(100_000, 10_000_000 + 500), (100_001, 50_000_500 + 2_500)] {
        let sim = scripted(json!([{"usage": {"input_tokens": input, "output_tokens": 1}}])).await;
        ask(&sim, &question(true)).await;
        assert_eq!(sim.bill().nano_dollars, nano_dollars);
    }
}

#[tokio::test]
async fn the_bill_is_the_sum_of_its_calls_each_rounded_up_once() {
    let usages: Vec<_> = (0..100_u64)
        .map(|i| SimUsage {
            input_tokens: i * 37 % 911,
            cache_write_5m_tokens: i * 13 % 101,
            cache_write_1h_tokens: i * 7 % 53,
            cache_read_tokens: i * 1_301 % 110_000,
            output_tokens: i * 29 % 700 + 1,
            inference_geo: if i % 3 == 0 { "us" } else { "global" }.to_owned(),
            ..SimUsage::default()
        })
        .collect();
    let items: Vec<_> = usages
        .iter()
        .map(|u| {
            json!({"text": "ok", "usage": {"input_tokens": u.input_tokens, "output_tokens": u.output_tokens,
                "cache_read_input_tokens": u.cache_read_tokens, "inference_geo": u.inference_geo,
                "cache_creation": {"ephemeral_5m_input_tokens": u.cache_write_5m_tokens,
                    "ephemeral_1h_input_tokens": u.cache_write_1h_tokens}}})
        })
        .collect();
    let sim = scripted(json!(items)).await;
    for i in 0..usages.len() {
        ask(&sim, &question(i % 2 == 0)).await;
    }
    let sum: i64 =
        usages.iter().map(|u| cost_nano_dollars("claude-haiku-5-5", u, 1_795_000_000_000).unwrap()).sum();
    let bill = sim.bill();
    assert_eq!((bill.nano_dollars, bill.billed_calls, bill.requests), (sum, 100, 100));
    assert_eq!(bill.by_model["claude-haiku-5-5"].nano_dollars, sum);
    assert_eq!(bill.cache_read_tokens, usages.iter().map(|u| u.cache_read_tokens).sum::<u64>());
    assert_eq!(sim.log(0, 1_000).iter().map(|entry| entry.nano_dollars).sum::<i64>(), sum);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_streams_at_once_are_counted_and_billed() {
    let config = SimConfig {
        latency: anvil_sim::Latency {
            first_byte_ms: anvil_sim::Span::Fixed(700),
            ..anvil_sim::Latency::default()
        },
        ..SimConfig::default()
    };
    let sim = std::sync::Arc::new(start(config).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let sim = std::sync::Arc::clone(&sim);
        tasks.spawn(async move { assert!(ask(&sim, &question(true)).await.whole) });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let bill = sim.bill();
    assert_eq!((bill.billed_calls, bill.in_flight), (400, 0));
    assert!(bill.max_in_flight > 100, "{}", bill.max_in_flight);
}
