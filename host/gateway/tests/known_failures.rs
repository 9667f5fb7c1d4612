//! What other gateways were seen to do, and this one must not. Each test is titled by the failure; the
//! numbers are of the projects' own issues, as gathered in the facts that the product was built by.

mod scene;

use anvil_gateway::CallEnd;
use anvil_types::{CallState, Nanodollars, UpstreamKind, WaitReason};
use scene::{Scene, Setting, ask, limits, scene};
use std::time::Duration;

const PLENTY: i64 = 1_000_000_000_000;

async fn settled(scene: &Scene, position: u32) -> anvil_types::CallRecord {
    let end = scene.call(position).await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    scene.last().await
}

/// `LiteLLM` 34732, 40095: check and record apart, so that calls at once pass on the same dollar.
#[tokio::test]
async fn concurrent_calls_pass_on_the_same_dollar() {
    let items = r#"{"items": [{"latency": {"first_byte_ms": 30}}], "repeat": true}"#;
    let scene = scene(items, 6_000_000).await;
    let calls = (0..60).map(|n| scene.gateway.call(ask(&scene.job, n, "Say something.")).wait());
    let watch = async {
        for _ in 0..40 {
            let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
            assert!(spend.total.spent() + spend.total.held <= Nanodollars::new(6_000_000));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (_, ()) = tokio::join!(futures_util::future::join_all(calls), watch);
    assert!(scene.billed() <= Nanodollars::new(6_000_000));
}

/// `LiteLLM` 27639, 36926, 40050: reservations that nobody gives back, until everything is refused.
#[tokio::test]
async fn holds_leak_until_everything_is_refused() {
    let faults = ["500", "429:1", "close", "cut:start", "cut:2", "error:2", "no-usage", "hang:1", "400"];
    let items: Vec<_> = faults.iter().map(|fault| serde_json::json!({ "fault": fault })).collect();
    let scene = scene(&serde_json::json!(items).to_string(), PLENTY).await;
    for position in 0..9 {
        // Every second caller goes away at once.
        let handle = scene.gateway.call(ask(&scene.job, position, "Say something."));
        if position % 2 == 0 {
            let _ = handle.wait().await;
        }
    }
    scene.idle().await;
    let held = async || scene.store.spend(UpstreamKind::Simulated).await.expect("the spend").total.held;
    for _ in 0..500 {
        if held().await == Nanodollars::ZERO {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(held().await, Nanodollars::ZERO);
    assert!(scene.store.open_holds().await.expect("holds").is_empty());
    assert_eq!(scene.gateway.report().waiting, 0);
    scene.sim.set_script(anvil_sim::Script::from_json("[]").expect("a script"));
    let _ = settled(&scene, 20).await;
}

/// `LiteLLM` 27509: without `max_tokens` the whole rest of the budget was reserved.
#[tokio::test]
async fn a_call_without_max_tokens_reserves_the_whole_budget() {
    let scene = scene("[]", PLENTY).await;
    let mut question = ask(&scene.job, 0, "Say something.");
    question.request.max_output_tokens = None;
    let _ = scene.gateway.call(question).wait().await;
    let call = scene.last().await;
    // 1,000 output tokens at $10 a million and a short prompt, times 1.1.
    assert!(call.hold < Nanodollars::new(13_000_000), "{}", call.hold);
}

/// `LiteLLM` 40002: above the long-context threshold the base rate was reserved, half of what it cost.
#[tokio::test]
async fn a_long_prompt_is_reserved_at_the_short_prompts_price() {
    let script = r#"[{"usage": {"input_tokens": 100001, "output_tokens": 150}}]"#;
    let limits = anvil_types::Limits { max_input_tokens: 1_000_000, ..limits(PLENTY) };
    let scene = Setting { limits, ..Setting::script(script) }.scene().await;
    let mut question = ask(&scene.job, 0, &"a few words ".repeat(9_000));
    question.request.options.push(("tier".into(), "\"haiku\"".into()));
    let end = scene.gateway.call(question).wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    let call = scene.last().await;
    assert_eq!(call.cost, scene.billed());
    assert!(
        call.cost > Nanodollars::new(50_000_000) && call.hold >= call.cost,
        "{} of {}",
        call.cost,
        call.hold
    );
}

/// `LiteLLM` 33736, 14457, Portkey, ferro-labs 281: a client that goes away in a stream pays nothing.
#[tokio::test]
async fn a_client_that_disconnects_in_the_stream_pays_nothing() {
    let script =
        r#"{"items": [{"text": "one two three four five six seven", "fault": "drip:0.02"}], "repeat": true}"#;
    let scene = scene(script, PLENTY).await;
    // Away at every event of the stream.
    for (position, events) in (0..).zip([0, 1, 2, 3, 4, 5, 6]) {
        let handle = scene.gateway.call(ask(&scene.job, position, "Count."));
        tokio::time::sleep(Duration::from_millis(20 * events)).await;
        drop(handle);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    scene.idle().await;
    let calls = scene.store.calls(scene.job.job.id).await.expect("calls");
    let cost = calls.iter().map(|call| call.cost).fold(Nanodollars::ZERO, |a, b| a + b);
    assert_eq!(cost, scene.billed());
    assert!(calls.iter().any(|call| call.state == CallState::Settled));
}

/// `LLMKube` 1852: a stream without usage counts as nothing.
#[tokio::test]
async fn a_stream_without_usage_counts_as_nothing() {
    let scene = scene(r#"[{"fault": "no-usage"}, {"fault": "no-usage:final"}]"#, PLENTY).await;
    for position in 0..2 {
        let before = scene.billed();
        let _ = scene.call(position).await;
        let call = scene.last().await;
        assert_eq!(call.state, CallState::Unknown);
        assert!(call.cost >= scene.billed() - before && call.cost > Nanodollars::ZERO);
    }
}

/// `LiteLLM` 37992: an explicit zero in the usage is taken for missing, and the estimate is billed.
#[tokio::test]
async fn an_explicit_zero_is_taken_for_missing() {
    let script = r#"[{"text": "", "usage": {"input_tokens": 0, "output_tokens": 0}}]"#;
    let scene = scene(script, PLENTY).await;
    let call = settled(&scene, 0).await;
    assert_eq!((call.usage.input_tokens, call.usage.output_tokens), (0, 0));
    assert_eq!((call.cost, scene.billed()), (Nanodollars::ZERO, Nanodollars::ZERO));
}

/// `envoyproxy` 1631 and others: a zero is believed although text came, and the answer is free.
#[tokio::test]
async fn a_zero_that_cannot_be_true_is_believed() {
    let script = r#"[{"text": "Hello.", "usage": {"input_tokens": 9, "output_tokens": 0}}]"#;
    let scene = scene(script, PLENTY).await;
    let call = settled(&scene, 0).await;
    assert_eq!((call.state, call.usage.output_tokens), (CallState::Unknown, 200));
    assert_eq!(call.cost, Nanodollars::new(9 * 2_000 + 200 * 10_000));
}

/// Cumulative usage that is added up: twice the output for an event that came twice.
#[tokio::test]
async fn cumulative_usage_is_added_up() {
    let scene = scene(r#"[{"fault": "dup-delta"}]"#, PLENTY).await;
    assert_eq!(settled(&scene, 0).await.cost, scene.billed());
}

/// `LiteLLM` 9812, 11789, 31282: cache writes charged twice, reads at the full price.
#[tokio::test]
async fn cache_tokens_are_mispriced() {
    let script = r#"[{"usage": {"input_tokens": 5, "cache_read_input_tokens": 40, "output_tokens": 7,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}}}]"#;
    let scene = scene(script, PLENTY).await;
    let call = settled(&scene, 0).await;
    assert_eq!(call.cost, scene.billed());
    assert_eq!(call.usage.cache_read_tokens, 40);
    assert_eq!((call.usage.cache_write_5m_tokens, call.usage.cache_write_1h_tokens), (20, 10));
}

/// `LiteLLM` 2026-01-27: a model without a price is free.
#[tokio::test]
async fn a_model_without_a_price_is_free() {
    let setting = Setting::script("[]");
    let scene = setting.scene().await;
    let mut config = scene.setting.config(scene.sim.base_url());
    config.models.sonnet = "claude-sonnet-99".into();
    let gateway = anvil_gateway::Gateway::start(config, scene.store.clone(), scene.setting.clock.clone());
    let end = gateway.await.expect("a gateway").call(ask(&scene.job, 0, "Hello.")).wait().await;
    let CallEnd::Answered { answer: Err(error), .. } = end else { panic!("{end:?}") };
    assert!(!error.request_sent && error.message.contains("claude-sonnet-99"), "{error}");
    assert!(scene.sim.log(0, 10).is_empty());
}

/// Bifrost 3548, `LiteLLM` 35531: what was spent in the last seconds is gone after a restart.
#[tokio::test]
async fn what_was_spent_last_is_forgotten_on_restart() {
    let Scene { sim, store, gateway, job, setting, folder } = scene("[]", PLENTY).await;
    let end = gateway.call(ask(&job, 0, "Hello.")).wait().await;
    assert!(matches!(end, CallEnd::Answered { .. }));
    // No orderly end.
    drop((gateway, job));
    let billed = serde_json::to_value(sim.bill()).expect("a bill")["nano_dollars"].as_i64();
    let weak = std::sync::Arc::downgrade(&store);
    drop(store);
    for _ in 0..500 {
        if weak.strong_count() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = scene::store(folder.path(), &setting.limits, &setting.clock);
    let spend = again.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(Some(spend.total.spent().get()), billed);
}

/// Envoy 2394 and others: the call that crosses the limit always goes through.
#[tokio::test]
async fn the_call_that_crosses_the_limit_goes_through() {
    // Less than one hold is left.
    let scene = scene("[]", 2_000_000).await;
    let end = scene.call(0).await;
    assert!(
        matches!(&end, CallEnd::Answered { answer: Err(_), .. })
            || matches!(&end, CallEnd::Park(wait) if wait.reason == WaitReason::Money),
        "{end:?}"
    );
    assert!(scene.sim.log(0, 10).is_empty());
}
