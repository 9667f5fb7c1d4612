//! Rate limits, faults by chance, and time.

use std::collections::HashMap;
use std::sync::Arc;

use anvil_sim::{FaultRule, Latency, Outcome, RateLimits, Sim, SimConfig, SimHandle, Span};
use serde_json::json;

use crate::client::{ask, question, start};
use crate::clock::TestClock;

async fn limited(limits: RateLimits) -> (SimHandle, TestClock) {
    let clock = TestClock::at(1_795_000_000_000);
    let config = SimConfig {
        rate_limits: HashMap::from([("claude-haiku-5-5".to_owned(), limits)]),
        ..SimConfig::default()
    };
    (Sim::start_with_clock(config, Arc::new(clock.clone())).await.unwrap(), clock)
}

#[tokio::test]
async fn every_answer_has_the_headers_and_the_request_too_many_a_429() {
    let limits = RateLimits {
        requests_per_minute: Some(2),
        input_tokens_per_minute: Some(30_000),
        output_tokens_per_minute: Some(8_000),
    };
    let (sim, clock) = limited(limits).await;
    let first = ask(&sim, &question(true)).await;
    assert_eq!(first.header("anthropic-ratelimit-requests-limit"), Some("2"));
    assert_eq!(first.header("anthropic-ratelimit-requests-remaining"), Some("1"));
    assert_eq!(first.header("anthropic-ratelimit-input-tokens-remaining"), Some("30000"));
    assert_eq!(first.header("anthropic-ratelimit-output-tokens-limit"), Some("8000"));
    assert!(first.header("anthropic-ratelimit-requests-reset").unwrap().ends_with('Z'));
    assert_eq!(ask(&sim, &question(true)).await.status, 200);
    let third = ask(&sim, &question(true)).await;
    assert_eq!((third.status, third.header("retry-after")), (429, Some("30")));
    assert_eq!(third.header("anthropic-ratelimit-requests-remaining"), Some("0"));
    assert_eq!(third.json()["error"]["type"], "rate_limit_error");
    let mut other = question(true);
    other["model"] = json!("claude-sonnet-5-5");
    let other = ask(&sim, &other).await;
    assert_eq!((other.status, other.header("anthropic-ratelimit-requests-limit")), (200, None));
    clock.advance(30_000);
    assert_eq!(ask(&sim, &question(true)).await.status, 200);
    assert_eq!(sim.bill().billed_calls, 4);
}

#[tokio::test]
async fn output_that_was_produced_uses_up_the_minute() {
    let (sim, clock) =
        limited(RateLimits { output_tokens_per_minute: Some(60), ..RateLimits::default() }).await;
    let first = ask(&sim, &question(false)).await.json();
    let produced = first["usage"]["output_tokens"].as_i64().unwrap();
    assert!(produced > 60);
    assert_eq!(ask(&sim, &question(false)).await.status, 429);
    clock.advance((produced - 60 + 1) * 1_000);
    assert_eq!(ask(&sim, &question(false)).await.status, 200);
}

#[tokio::test]
async fn faults_by_chance_are_the_same_for_the_same_seed() {
    let rule = |times| FaultRule {
        fault: "529".parse().unwrap(),
        probability: 0.5,
        contains: None,
        model: None,
        times,
    };
    let run = |times| async move {
        let config = SimConfig { seed: 7, faults: vec![rule(times)], ..SimConfig::default() };
        let sim = start(config).await;
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(ask(&sim, &question(true)).await.status);
        }
        statuses
    };
    let first = run(None).await;
    assert_eq!(first, run(None).await);
    let failed = first.iter().filter(|s| **s == 529).count();
    assert!((5..=25).contains(&failed), "{failed} of 30");
    assert_eq!(run(Some(2)).await.iter().filter(|s| **s == 529).count(), 2);
}

#[tokio::test]
async fn an_answer_takes_the_time_that_it_is_told() {
    let clock = TestClock::at(0);
    let latency = Latency {
        first_byte_ms: Span::Fixed(500),
        duration_ms: Span::Range([1_500, 1_500]),
        ..Latency::default()
    };
    let config = SimConfig { latency, ..SimConfig::default() };
    let sim = Sim::start_with_clock(config, Arc::new(clock.clone())).await.unwrap();
    ask(&sim, &question(true)).await;
    assert_eq!(sim.log(0, 1)[0].took_ms, Some(2_000));
    ask(&sim, &question(false)).await;
    assert_eq!(sim.log(1, 1)[0].took_ms, Some(2_000));
}

#[tokio::test]
async fn a_hang_is_silence_before_the_usual_answer() {
    let clock = TestClock::at(0);
    let sim = Sim::start_with_clock(SimConfig::default(), Arc::new(clock)).await.unwrap();
    sim.set_faults(vec![FaultRule {
        fault: "hang:2.5".parse().unwrap(),
        probability: 1.0,
        contains: None,
        model: None,
        times: None,
    }]);
    assert_eq!(ask(&sim, &question(true)).await.status, 200);
    assert_eq!(sim.log(0, 1)[0].took_ms, Some(2_500));
}

#[tokio::test]
async fn the_log_and_the_limits_tell_what_a_test_of_sliding_minutes_needs() {
    let limits = RateLimits { requests_per_minute: Some(2), ..RateLimits::default() };
    let (sim, clock) = limited(limits).await;
    for _ in 0..3 {
        ask(&sim, &question(true)).await;
        clock.advance(1_000);
    }
    let log = sim.log(0, 10);
    let seen: Vec<_> = log.iter().map(|call| (call.time_ms - log[0].time_ms, call.status)).collect();
    assert_eq!(seen, [(0, Some(200)), (1_000, Some(200)), (2_000, Some(429))]);
    assert!(log[0].usage.as_ref().is_some_and(|usage| usage.output_tokens > 0));
    assert_eq!((log[2].outcome, log[0].model.as_deref()), (Outcome::Refused, Some("claude-haiku-5-5")));
    let uses = sim.limit_use();
    assert_eq!((uses.len(), uses[0].fullest_minute, uses[0].refused), (1, 2, 1));
}

#[tokio::test]
async fn a_slow_drip_comes_event_by_event() {
    let clock = TestClock::at(1_795_000_000_000);
    let script = anvil_sim::Script::from_json(r#"[{"text": "one two three", "fault": "drip:0.5"}]"#).unwrap();
    let config = SimConfig { script, ..SimConfig::default() };
    let sim = Sim::start_with_clock(config, Arc::new(clock)).await.unwrap();
    assert_eq!(ask(&sim, &question(true)).await.status, 200);
    let call = sim.log(0, 1).pop().unwrap();
    // Start, block start, ping, text, block stop, delta, stop: half a second before each but the first.
    assert_eq!(call.took_ms, Some(3_000));
}
