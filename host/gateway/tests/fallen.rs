//! What waits for a task of the gateway that dies.

mod scene;

use anvil_gateway::CallEnd;
use anvil_sim::{Latency, SimConfig, Span};
use anvil_store::AlertFilter;
use anvil_types::{AlertKind, AlertState, Limits, Nanodollars, PartNews, UpstreamKind};
use scene::{Scene, Setting, ask, limits};
use std::time::Duration;

const ANSWERS: &str =
    r#"{"items": [{"text": "ok", "usage": {"input_tokens": 1, "output_tokens": 1}}], "repeat": true}"#;

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), waiting).await.is_ok(), "never: {what}");
}

/// Room for one hold and a half, and answers that take their time: who comes second waits in the queue.
async fn narrow() -> Scene {
    let probe = Setting::script(ANSWERS).scene().await;
    let _ = probe.call(0).await;
    let call = probe.last().await;
    let room = call.hold.get() * 3 / 2 + call.cost.get() * 20;
    let setting = Setting::script(ANSWERS);
    let latency = Latency { first_byte_ms: Span::Fixed(300), ..Latency::default() };
    let setting = Setting {
        limits: Limits { hour_usd: Nanodollars::new(room), ..limits(1_000_000_000_000) },
        sim: SimConfig { latency, ..setting.sim.clone() },
        first_byte: Duration::from_secs(20),
        ..setting
    };
    setting.scene().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_the_admission_queue_when_it_dies_is_answered_all_the_same() {
    let scene = narrow().await;
    let calls: Vec<_> =
        (0..6).map(|position| scene.gateway.call(ask(&scene.job, position, "Say something."))).collect();
    until("they wait", async || scene.gateway.report().waiting >= 4).await;
    scene.setting.supervisor.strike("the admission queue");
    let late = scene.gateway.call(ask(&scene.job, 6, "Say something."));
    for call in calls.into_iter().chain([late]) {
        let end = tokio::time::timeout(Duration::from_secs(30), call.wait()).await.expect("nobody hangs");
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    assert_eq!(scene.setting.supervisor.falls(), 1);
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(spend.total.held, Nanodollars::ZERO);
    assert!(scene.store.open_holds().await.expect("a read").is_empty());
    assert_eq!(scene.sim.log(0, 100).len(), 7, "each was asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_dies_again_and_again_keeps_nobody_for_ever() {
    let scene = narrow().await;
    let first = scene.gateway.call(ask(&scene.job, 0, "Say something."));
    let second = scene.gateway.call(ask(&scene.job, 1, "Say something."));
    let supervisor = scene.setting.supervisor.clone();
    let blows = tokio::spawn(async move {
        loop {
            supervisor.strike("the admission queue");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    for call in [first, second] {
        let end = tokio::time::timeout(Duration::from_secs(30), call.wait()).await.expect("nobody hangs");
        match end {
            CallEnd::Answered { answer: Ok(_), .. } => {}
            CallEnd::StoreFailed(why) => assert!(why.contains("admission queue"), "{why}"),
            end => panic!("{end:?}"),
        }
    }
    blows.abort();
    until("no hold is left", async || scene.store.open_holds().await.expect("a read").is_empty()).await;
    let news = scene.setting.supervisor.news();
    let mut news = news.open().await;
    let told = std::iter::from_fn(|| news.try_recv().ok()).filter(|news| matches!(news, PartNews::Fell(_)));
    assert_eq!(told.count(), 1, "people are told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_that_opens_is_told_also_after_what_tells_of_it_died() {
    let scene = Setting { circuit_failures: 1, ..Setting::script(r#"[{"fault": "500"}]"#) }.scene().await;
    scene.setting.supervisor.strike("what tells of circuits");
    until("it has died", async || scene.setting.supervisor.falls() == 1).await;
    assert!(matches!(scene.call(0).await, CallEnd::Park(_)));
    until("it is told", async || {
        let filter = AlertFilter { states: vec![AlertState::Firing], after: None, limit: 10 };
        let alerts = scene.store.alerts(filter).await.expect("alerts").items;
        alerts.iter().any(|alert| alert.kind == AlertKind::Circuit)
    })
    .await;
}
