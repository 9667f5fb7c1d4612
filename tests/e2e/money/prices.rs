//! The edges of the price table, seen in the ledger.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

fn setup(upstream: &Upstream) -> Setup {
    // What is priced is what upstream says; the same prompt again and again would be kept in its cache.
    Setup::new()
        .agent("asker")
        .simulated_by(upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_SAVING_PROMPT_CACHE", false)
}

fn payload(effort: &str) -> Value {
    json!({"prompt": "Count.", "prompt_bytes": 200_000, "max_output_tokens": 1_000, "effort": effort})
}

/// Asks once, and gives the entry of the ledger.
async fn ask(host: &Host, effort: &str) -> Value {
    let job = host.rest().submit("asker", "ask", payload(effort)).await;
    host.rest().succeeded(&job, PATIENCE).await;
    host.rest().ledger().await[0].clone()
}

#[tokio::test]
async fn bands_cache_and_multipliers_are_priced_to_the_nano_dollar() {
    let upstream = Upstream::start().await;
    let host = setup(&upstream).start().await;
    let cached = |short: u64, long: u64| json!({"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long});
    // Effort, usage, and the cost in nano-dollars, by hand from the price list.
    let table = [
        // Haiku up to 100,000 tokens: 0.10 and 0.50 dollars a million; above, 0.50 and 2.50, output too.
        ("simple", json!({"input_tokens": 100_000, "output_tokens": 1_000}), 100_000 * 100 + 1_000 * 500),
        ("simple", json!({"input_tokens": 100_001, "output_tokens": 1_000}), 100_001 * 500 + 1_000 * 2_500),
        // The band counts what is read from the cache and written to it.
        (
            "simple",
            json!({"input_tokens": 1, "cache_read_input_tokens": 99_999, "output_tokens": 10}),
            100 + 99_999 * 10 + 10 * 500,
        ),
        (
            "simple",
            json!({"input_tokens": 1, "cache_read_input_tokens": 90_000, "cache_creation": cached(5_000, 5_000), "output_tokens": 10}),
            500 + 90_000 * 50 + 5_000 * 625 + 5_000 * 1_000 + 10 * 2_500,
        ),
        // Opus: 4, 20, 5, 8 and 0.20 dollars a million.
        (
            "complex",
            json!({"input_tokens": 7, "cache_read_input_tokens": 11, "cache_creation": cached(13, 17), "output_tokens": 19}),
            7 * 4_000 + 11 * 200 + 13 * 5_000 + 17 * 8_000 + 19 * 20_000,
        ),
        // 1.1 times as much in the US: (3 × 100 + 1 × 500) × 1.1 = 880, (10 + 500) × 1.1 = 561.
        ("simple", json!({"input_tokens": 3, "output_tokens": 1, "inference_geo": "us"}), 880),
        (
            "simple",
            json!({"input_tokens": 0, "cache_read_input_tokens": 1, "output_tokens": 1, "inference_geo": "us"}),
            561,
        ),
        // Half of that is 280.5, rounded up once.
        (
            "simple",
            json!({"input_tokens": 0, "cache_read_input_tokens": 1, "output_tokens": 1, "inference_geo": "us", "service_tier": "batch"}),
            281,
        ),
    ];
    let mut sum = 0;
    for (effort, usage, cost) in table {
        upstream.script(&json!([{"text": "ok", "usage": usage}])).await;
        let entry = ask(&host, effort).await;
        assert_eq!(nanos(&entry["cost_usd"]), cost, "{usage} {entry:#}");
        sum += cost;
    }
    assert_eq!(upstream.bill().await.nano_dollars, sum, "upstream counts the same");
}

#[tokio::test]
async fn a_price_that_changes_under_way_is_the_one_that_was_held_by() {
    let upstream = Upstream::start().await;
    let now = jiff::Timestamp::now().in_tz("UTC").expect("the zone");
    let (today, tomorrow) = (now.date(), now.date().tomorrow().expect("a day"));
    let row = |from, price: f64| {
        format!(
            "[[price]]\nmodel = \"claude-haiku-5-5\"\nfrom = \"{from}\"\ncontext = 1000000\nmax_output = 128000\n\
             bands = [{{ input = {price}, output = {price}, cache_write_5m = {price}, cache_write_1h = {price}, \
             cache_read = {price} }}]\n"
        )
    };
    let mut host = setup(&upstream).prepare();
    let file = host.folder().join("prices.toml");
    std::fs::write(&file, format!("{}\n{}", row(today, 1.0), row(tomorrow, 3.0))).expect("written");
    host.set("ANVIL_PRICES_FILE", &file.display().to_string());
    host.start().await;
    let usage = json!({"input_tokens": 100, "output_tokens": 10});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    upstream.first_byte_after(Duration::from_secs(2)).await;
    let midnight = now.tomorrow().and_then(|day| day.start_of_day()).expect("a day").timestamp();
    let left = Duration::try_from(midnight.duration_since(jiff::Timestamp::now())).expect("it is to come");
    host.rest().drive(left.saturating_sub(Duration::from_secs(7)), 1.0).await;
    let job = host.rest().submit("asker", "ask", payload("simple")).await;
    until("the call is under way", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(()))
        .await;
    // Tomorrow comes while it runs.
    host.rest().drive(Duration::from_secs(8), 1.0).await;
    host.rest().succeeded(&job, PATIENCE).await;
    let entry = host.rest().ledger().await[0].clone();
    assert_eq!(entry["price_row"], format!("claude-haiku-5-5@{today}"));
    assert_eq!(nanos(&entry["cost_usd"]), 110 * 1_000);
    let entry = ask(&host, "simple").await;
    assert_eq!(entry["price_row"], format!("claude-haiku-5-5@{tomorrow}"));
    assert_eq!(nanos(&entry["cost_usd"]), 110 * 3_000);
}

#[tokio::test]
async fn a_model_without_a_price_is_told_at_the_start_and_not_job_by_job() {
    let upstream = Upstream::start().await;
    let mut host = setup(&upstream).set("ANVIL_MODELS_HAIKU", "anthropic/claude-haiku-5-5@latest").prepare();
    host.spawn();
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(
        said.contains("`models.haiku` (ANVIL_MODELS_HAIKU) is \"anthropic/claude-haiku-5-5@latest\""),
        "{said}"
    );
    assert!(said.contains("did you mean `claude-haiku-5-5`?"), "{said}");
    assert_eq!(upstream.bill().await.requests, 0);
}

#[tokio::test]
async fn a_price_set_while_it_runs_counts_at_once_and_after_a_restart() {
    let upstream = Upstream::start().await;
    let mut host = setup(&upstream).start().await;
    let usage = json!({"input_tokens": 100, "output_tokens": 10});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    assert_eq!(nanos(&ask(&host, "simple").await["cost_usd"]), 100 * 100 + 10 * 500);
    let set = [
        "prices",
        "set",
        "claude-haiku-5-5",
        "--input",
        "2",
        "--output",
        "4",
        "--cache-write-5m",
        "3",
        "--cache-write-1h",
        "4",
        "--cache-read",
        "1",
        "--json",
    ];
    let output = host.anvil(&set).await;
    assert!(output.status.success(), "{output:?}");
    let row: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let id = row["id"].as_str().expect("an id").to_owned();
    let dearer = 100 * 2_000 + 10 * 4_000;
    let entry = ask(&host, "simple").await;
    assert_eq!((nanos(&entry["cost_usd"]), entry["price_row"].as_str()), (dearer, Some(id.as_str())));
    host.kill().await;
    host.start().await;
    assert_eq!(nanos(&ask(&host, "simple").await["cost_usd"]), dearer);
    let page = host.rest().text("/prices").await;
    assert!(page.contains(&id) && page.contains("Take away"), "{page}");
    // A model that had no price gets one.
    let new = json!({
        "model": "claude-haiku-6", "context": 1_000_000, "max_output": 64_000,
        "input": 1, "output": 2, "cache_write_5m": 1, "cache_write_1h": 1, "cache_read": 1,
    });
    host.rest().put("/api/v1/prices", &new).await;
    let refused = json!({"model": "claude-haiku-6", "input": 1});
    let refused =
        host.rest().send(reqwest::Method::PUT, "/api/v1/prices", Some(&refused)).await.expect("an answer");
    assert_eq!(refused.status, 422);
    let output = host.anvil(&["prices", "reset", &id]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(nanos(&ask(&host, "simple").await["cost_usd"]), 100 * 100 + 10 * 500);
    let prices = host.rest().get("/api/v1/prices").await;
    let models: Vec<_> =
        prices["items"].as_array().expect("a list").iter().map(|row| row["model"].clone()).collect();
    assert!(models.contains(&json!("claude-haiku-6")));
}
