//! A cheaper tier under pressure: never below what the agent can do with.

mod scene;

use anvil_budget::PressureSteps;
use anvil_gateway::CallEnd;
use anvil_types::{Effort, Limits, Nanodollars, Tier};
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
