//! Under pressure a cheaper model answers: read from upstream's own log.

use crate::harness::{Host, Setup, Upstream};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

const HAIKU: &str = "claude-haiku-5-5";
const SONNET: &str = "claude-sonnet-5-5";
const OPUS: &str = "claude-opus-5-5";

/// A host with a day of 200 dollars, and an upstream whose answers have 100,000 tokens of output: two
/// dollars of Opus, one of Sonnet, five cents of Haiku.
async fn scene(settings: &[(&str, &str)]) -> (Upstream, Host) {
    let upstream = Upstream::start().await;
    let usage = json!({"input_tokens": 0, "output_tokens": 100_000});
    let small = json!({"text": "ok", "usage": {"output_tokens": 10}});
    let script = json!({
        "matches": [
            {"contains": "long prompt", "items": [{"text": "ok"}], "repeat": true},
            {"contains": "small answer", "items": [small], "repeat": true},
        ],
        "items": [{"text": "ok", "usage": usage}],
        "repeat": true,
    });
    upstream.script(&script).await;
    let mut setup = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_DAY_USD", 200)
        .set("ANVIL_PRESSURE_THROTTLE", false);
    for (name, value) in settings {
        setup = setup.set(name, value);
    }
    let host = setup.start().await;
    (upstream, host)
}

/// Asks once for complex work; the model that upstream was asked for, and the reply.
async fn ask(upstream: &Upstream, host: &Host, more: Value) -> (String, Value) {
    let mut payload = json!({"prompt": "Think hard.", "effort": "complex", "max_output_tokens": 128_000});
    payload.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let id = host.rest().submit("asker", "ask", payload).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    let model =
        upstream.log().await.last().expect("a request")["model"].as_str().expect("a model").to_owned();
    let reply = job["result"]["replies"][0].clone();
    assert_eq!(reply["model"], model, "the reply says who answered");
    (model, reply)
}

async fn pressure(host: &Host) -> f64 {
    host.rest().status().await["pressure"].as_f64().expect("a number")
}

#[tokio::test]
async fn tiers_fall_at_80_and_90_percent_but_not_where_that_would_harm() {
    let (upstream, host) = scene(&[]).await;
    // Opus reads this prompt into its cache while money is plenty.
    let warm = json!({
        "prompt": "A long prompt.", "prompt_bytes": 1_000_000, "max_output_tokens": 100,
        "options": {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    });
    assert_eq!(ask(&upstream, &host, warm.clone()).await.0, OPUS);
    let before = pressure(&host).await;
    assert!(before < 0.1, "{before}");
    while pressure(&host).await < 0.8 {
        let (model, reply) = ask(&upstream, &host, json!({})).await;
        assert_eq!(model, OPUS);
        assert_eq!(reply["extras"]["tier_reason"], Value::Null, "{reply}");
    }

    // One tier down.
    let small = json!({"prompt": "A small answer.", "max_output_tokens": 1_000});
    let (model, reply) = ask(&upstream, &host, small.clone()).await;
    assert_eq!(model, SONNET, "{reply}");
    assert_eq!(reply["extras"]["tier_asked"], "opus");
    assert_eq!(reply["extras"]["tier_given"], "sonnet");
    let why = reply["extras"]["tier_reason"].as_str().expect("a reason");
    assert!(why.starts_with("the fullest window is at 8"), "{why}");
    // A conversation stays with its model, and work that asks for the cheapest tier gets it as ever.
    let mut conversation = small.clone();
    conversation["conversation"] = json!(true);
    let (model, reply) = ask(&upstream, &host, conversation.clone()).await;
    assert_eq!(model, OPUS);
    assert!(reply["extras"]["tier_reason"].as_str().expect("a reason").contains("conversation"), "{reply}");
    let mut simple = small.clone();
    simple["effort"] = json!("simple");
    assert_eq!(ask(&upstream, &host, simple).await.0, HAIKU);
    // A model that takes no forced tool choice was asked for, and the one below takes none either.
    let mut thinking = small.clone();
    thinking["options"] = json!({"thinking": {"type": "between_tools"}});
    assert_eq!(ask(&upstream, &host, thinking).await.0, SONNET);

    while pressure(&host).await < 0.9 {
        assert_eq!(ask(&upstream, &host, json!({})).await.0, SONNET);
    }
    // The cheapest, but not for a prompt that Opus has in its cache: cold, it would cost more.
    assert_eq!(ask(&upstream, &host, small.clone()).await.0, HAIKU);
    let (model, reply) = ask(&upstream, &host, warm.clone()).await;
    assert_eq!(model, OPUS, "{reply}");
    assert!(
        reply["extras"]["tier_reason"].as_str().expect("a reason").contains("would cost more"),
        "{reply}"
    );
    assert_eq!(ask(&upstream, &host, conversation).await.0, OPUS);
    // The same prompt without a mark of its own is marked by the host, and read; another one is cold.
    let mut unmarked = warm;
    unmarked.as_object_mut().expect("an object").remove("options");
    assert_eq!(ask(&upstream, &host, unmarked.clone()).await.0, OPUS);
    unmarked["prompt"] = json!("Another long prompt.");
    assert_eq!(ask(&upstream, &host, unmarked).await.0, HAIKU);

    // The ledger and the panel say so too.
    let ledger = host.rest().ledger().await;
    let fallen = ledger.iter().find(|call| call["tier_given"] == "sonnet").expect("a call of Sonnet");
    assert_eq!(fallen["tier_asked"], "opus");
    assert!(fallen["tier_reason"].as_str().expect("a reason").contains('%'), "{fallen}");
    let page = host.rest().text(&format!("/jobs/{}", fallen["job"].as_str().expect("a job"))).await;
    assert!(page.contains("opus was asked for; the fullest window is at"), "{page}");

    // A raised limit takes the pressure away.
    host.rest().limits(&json!({"day_usd": 2_000})).await;
    assert_eq!(ask(&upstream, &host, small).await.0, OPUS);
}

#[tokio::test]
async fn a_pinned_tier_stays_under_any_pressure() {
    let (upstream, host) = scene(&[("ANVIL_PRESSURE_DOWNGRADE", "false")]).await;
    while pressure(&host).await < 0.9 {
        assert_eq!(ask(&upstream, &host, json!({"prompt": "Think."})).await.0, OPUS);
    }
}
