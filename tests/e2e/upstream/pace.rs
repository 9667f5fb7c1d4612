//! The pace from outside: full demand on a clock that runs sixty times as fast, before an upstream that
//! enforces the limits of a real organisation.
//!
//! The hour at each limit, with its shares to the tenth of a percent, is `host/gateway/tests/pace.rs`,
//! where time stands still until everybody waits. Here real sockets and a busy machine are part of it, so
//! a shorter time is looked at, and the share that is asked for is lower.

use crate::harness::{Host, Setup, Upstream, until};
use serde_json::{Value, json};
use std::time::Duration;

/// How much faster the clocks run, unless `ANVIL_TEST_PACE_RATE` says otherwise. Whatever the two processes
/// take of real time counts that many times: the share that is used falls with it.
const RATE: f64 = 60.0;

fn rate() -> f64 {
    std::env::var("ANVIL_TEST_PACE_RATE").ok().and_then(|text| text.parse().ok()).unwrap_or(RATE)
}
/// Simulated minutes of each run, unless `ANVIL_TEST_PACE_MINUTES` says otherwise.
const MINUTES: u64 = 10;
/// The share of the configured rate that has to be used, in percent.
const LEAST: u64 = 75;
const PATIENCE: Duration = Duration::from_mins(10);

const HARD: &str = r#"
[rate_limits."*"]
requests_per_minute = 45
input_tokens_per_minute = 30000
output_tokens_per_minute = 8000

[latency]
first_byte_ms = [200, 800]
"#;

/// What upstream's limits say of the whole run.
async fn used(upstream: &Upstream, bucket: &str) -> Value {
    let limits = upstream.limits().await;
    let rows = limits.as_array().or_else(|| limits["items"].as_array()).expect("a list").clone();
    rows.into_iter()
        .find(|row| row["bucket"] == bucket)
        .unwrap_or_else(|| panic!("no {bucket} in {limits:#}"))
}

async fn start(upstream: &Upstream) -> Host {
    Setup::new()
        .agent("asker")
        .simulated_by(upstream)
        // The seed's pace; money off.
        .set("ANVIL_LIMITS_HOUR_USD", 4_000)
        .set("ANVIL_LIMITS_DAY_USD", 4_500)
        .set("ANVIL_LIMITS_MONTH_USD", 5_000)
        .set("ANVIL_JOBS_CALLS", 1_000)
        .start()
        .await
}

/// One run with this payload, whose figures are read from `bucket`.
async fn run(bucket: &str, configured: u64, payload: Value, answers: Value) {
    let minutes = std::env::var("ANVIL_TEST_PACE_MINUTES").ok().and_then(|text| text.parse().ok());
    let minutes: u64 = minutes.unwrap_or(MINUTES);
    let upstream = Upstream::start_with(HARD).await;
    upstream.script(&json!({"items": answers, "repeat": true})).await;
    let mut host = start(&upstream).await;
    upstream.drive(Duration::ZERO, rate()).await;
    host.rest().drive(Duration::ZERO, rate()).await;
    let mut payload = payload;
    payload["calls"] = json!(1_000);
    for _ in 0..12 {
        host.rest().submit("asker", "ask", payload.clone()).await;
    }
    let minute = Duration::from_mins(1).div_f64(rate());
    tokio::time::sleep(minute * u32::try_from(minutes / 2).expect("few")).await;
    // Critical work overtakes: it does not wait for the calls that queue.
    let critical = json!({
        "agent": "asker", "action": "ask", "priority": "critical", "payload": {"prompt": "Now.", "max_output_tokens": 20},
    });
    let job = host.rest().post("/api/v1/jobs", &critical).await;
    let job = host.rest().succeeded(job["id"].as_str().expect("an id"), PATIENCE).await;
    let time = |key: &str| job[key].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    let waited = time("finished_at").duration_since(time("created_at")).as_secs();
    // A restart in the middle forgets nothing of the last minute.
    host.kill().await;
    let restart = tokio::time::Instant::now();
    host.start().await;
    host.rest().drive(Duration::ZERO, rate()).await;
    let away = restart.elapsed();
    tokio::time::sleep(minute * u32::try_from(minutes.div_ceil(2)).expect("few")).await;
    let use_of = used(&upstream, bucket).await;
    let log = upstream.log().await;
    host.kill().await;
    let refused = log.iter().filter(|entry| entry["status"] == 429).count();
    let tokens = |key: &str| log.iter().filter_map(|entry| entry["usage"][key].as_u64()).sum::<u64>();
    let taken = match bucket {
        "requests" => log.len() as u64,
        "input-tokens" => tokens("input_tokens"),
        _ => tokens("output_tokens"),
    };
    let share = taken * 100 / (configured * minutes);
    println!(
        "{bucket}: {taken} in {minutes} minutes, {share} % of the configured {configured} a minute; fullest minute {} of {}; \
         {refused} refused; the critical job took {waited} s; the restart took {away:?} of real time",
        use_of["fullest_minute"], use_of["limit"]
    );
    assert_eq!(refused, 0, "upstream refused some for the pace");
    assert!(use_of["fullest_minute"].as_u64() <= use_of["limit"].as_u64(), "{use_of:#}");
    assert!(share >= LEAST, "{share} % of the rate is used");
    assert!(waited < 60, "the critical job waited {waited} s");
}

#[tokio::test]
async fn requests_a_minute_hold_and_are_used() {
    let answers = json!([{"text": "ok"}]);
    run("requests", 45, json!({"prompt": "Short.", "max_output_tokens": 20}), answers).await;
}

#[tokio::test]
async fn input_tokens_a_minute_hold_and_are_used() {
    let answers = json!([{"text": "ok"}]);
    let payload = json!({"prompt": "Long.", "prompt_bytes": 5_000, "max_output_tokens": 20});
    run("input-tokens", 30_000, payload, answers).await;
}

#[tokio::test]
async fn output_tokens_a_minute_hold_and_are_used() {
    let answers = json!([{"usage": {"output_tokens": 300}}, {"usage": {"output_tokens": 500}}]);
    run("output-tokens", 8_000, json!({"prompt": "Tell.", "max_output_tokens": 2_000}), answers).await;
}

/// The clocks of two processes are driven one after the other; this is how far apart they may be.
#[tokio::test]
async fn the_clocks_of_host_and_upstream_run_alike() {
    let upstream = Upstream::start().await;
    let host = Setup::new().simulated_by(&upstream).start().await;
    upstream.drive(Duration::ZERO, rate()).await;
    host.rest().drive(Duration::ZERO, rate()).await;
    let begun = tokio::time::Instant::now();
    let both = async || {
        let now: jiff::Timestamp =
            host.rest().get("/api/v1/clock").await["now"].as_str().expect("a time").parse().expect("a time");
        now.as_millisecond() - upstream.now_ms().await
    };
    let before = both().await;
    until("three simulated minutes pass", PATIENCE, async || {
        (begun.elapsed() >= Duration::from_secs(3)).then_some(())
    })
    .await;
    let drift = (both().await - before).abs();
    // Reading both takes time too, sixtyfold.
    assert!(drift < 30_000, "{drift} ms apart");
}
