//! A cheaper tier under pressure: never below what the agent can do with.

mod scene;

use anvil_budget::PressureSteps;
use anvil_gateway::CallEnd;
use anvil_types::{Effort, Limits, Nanodollars, Priority, Tier};
use scene::{Scene, Setting, ask, limits};

async fn tier(scene: &Scene, position: u32, floor: Option<Tier>) -> (Tier, Option<String>) {
    let mut question = ask(&scene.job, position, "Say something.");
    question.terms.floor = floor;
    question.request.effort = Some(Effort::Complex);
    question.request.max_output_tokens = Some(1_000);
    let end = scene.gateway.call(question).wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    let call = scene.store.calls(scene.job.job.id).await.expect("calls").pop().expect("a call");
    (call.tier_given, call.tier_reason)
}

#[tokio::test]
async fn the_floor_of_an_agent_holds_under_any_pressure() {
    // Opus: 1,000 tokens of output are two cents, and the hour has fifty.
    let setting = Setting {
        limits: Limits { hour_usd: Nanodollars::new(500_000_000), ..limits(1_000_000_000_000) },
        pressure: PressureSteps { throttle: None, ..PressureSteps::USUAL },
        ..Setting::script(
            r#"{"items": [{"text": "ok", "usage": {"input_tokens": 0, "output_tokens": 1000}}], "repeat": true}"#,
        )
    };
    let scene = setting.scene().await;
    let mut position = 0;
    let mut next = || {
        position += 1;
        position
    };
    for _ in 0..20 {
        assert_eq!(tier(&scene, next(), None).await, (Tier::Opus, None));
    }
    // Eighty percent: one down, but not below the floor.
    let (given, why) = tier(&scene, next(), Some(Tier::Opus)).await;
    assert_eq!(given, Tier::Opus);
    assert_eq!(why.as_deref(), Some("as asked: the agent can do with no weaker tier"));
    assert_eq!(tier(&scene, next(), Some(Tier::Sonnet)).await.0, Tier::Sonnet);
    assert_eq!(tier(&scene, next(), None).await.0, Tier::Sonnet);
    // Ninety: the cheapest, but not below the floor.
    for _ in 0..3 {
        tier(&scene, next(), None).await;
    }
    assert_eq!(tier(&scene, next(), None).await.0, Tier::Haiku);
    assert_eq!(tier(&scene, next(), Some(Tier::Sonnet)).await.0, Tier::Sonnet);
    assert_eq!(tier(&scene, next(), Some(Tier::Opus)).await.0, Tier::Opus);
}

#[tokio::test]
async fn a_score_chooses_where_a_request_says_nothing_and_tells_its_reasons() {
    let script =
        r#"{"items": [{"text": "ok", "usage": {"input_tokens": 10, "output_tokens": 10}}], "repeat": true}"#;
    let scene = Setting { limits: limits(1_000_000_000_000), ..Setting::script(script) }.scene().await;
    let mut position = 0;
    let mut asked = async |by_score, effort, priority, floor| {
        position += 1;
        let mut question = ask(&scene.job, position, "Say something.");
        question.terms.by_score = by_score;
        question.terms.priority = priority;
        question.terms.floor = floor;
        question.request.effort = effort;
        let end = scene.gateway.call(question).wait().await;
        let CallEnd::Answered { answer: Ok(reply), .. } = end else { panic!("{end:?}") };
        let call = scene.last().await;
        let told = reply.extras.iter().find(|(name, _)| name == "tier_reason").map(|(_, why)| why.clone());
        assert_eq!(told, call.tier_reason.as_ref().map(|why| format!("{why:?}")));
        (call.tier_asked, call.tier_given, call.tier_reason)
    };
    let why = "simple work, by a score of -2 from standard: a short beginning -1, low priority -1";
    let simple = (Tier::Haiku, Tier::Haiku, Some(why.to_owned()));
    assert_eq!(asked(Some(true), None, Priority::Low, None).await, simple);
    let plain = "standard work, by a score of -1 from standard: a short beginning -1";
    let standard = (Tier::Sonnet, Tier::Sonnet, Some(plain.to_owned()));
    assert_eq!(asked(Some(true), None, Priority::Normal, None).await, standard);
    // Never below the floor, never where the request says its effort, and never where nobody wants it.
    let floored = (Tier::Sonnet, Tier::Sonnet, Some(format!("{why}; never below sonnet")));
    assert_eq!(asked(Some(true), None, Priority::Low, Some(Tier::Sonnet)).await, floored);
    let said = (Tier::Opus, Tier::Opus, None);
    assert_eq!(asked(Some(true), Some(Effort::Complex), Priority::Low, None).await, said);
    assert_eq!(asked(None, None, Priority::Low, None).await, (Tier::Sonnet, Tier::Sonnet, None));
}
