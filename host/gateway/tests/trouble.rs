//! Whose trouble it is: what fails a call, what makes its job wait, and what ends the wait.

mod scene;

use anvil_gateway::{CallEnd, Gateway};
use anvil_store::AlertFilter;
use anvil_types::{
    AlertState, CallErrorKind, CallState, DrivenClock, Nanodollars, SystemClock, UpstreamKind, Wait,
    WaitReason,
};
use scene::{Scene, Setting, ask};
use std::sync::Arc;
use std::time::Duration;

fn script(faults: &[&str]) -> String {
    let items: Vec<_> = faults.iter().map(|fault| serde_json::json!({ "fault": fault })).collect();
    serde_json::json!(items).to_string()
}

fn parked(end: CallEnd) -> Wait {
    match end {
        CallEnd::Park(wait) => wait,
        end => panic!("not parked: {end:?}"),
    }
}

async fn firing(scene: &Scene) -> usize {
    let filter = AlertFilter { states: vec![AlertState::Firing], after: None, limit: 100 };
    scene.store.alerts(filter).await.expect("alerts").items.len()
}

fn requests(scene: &Scene) -> usize {
    scene.sim.log(0, 1_000).len()
}

/// A host's fault in the middle of an answer.
#[tokio::test]
async fn a_call_whose_task_dies_is_settled_as_unknown_and_answered_once() {
    let scene = Setting { retries: 3, ..Setting::script("[]") }.scene().await;
    let mut question = ask(&scene.job, 0, "Say something.");
    question.text = Some(Arc::new(|_: &str| panic!("a fault of the host")));
    let CallEnd::Answered { answer: Err(error), .. } = scene.gateway.call(question).wait().await else {
        panic!("an answer")
    };
    assert_eq!(error.kind, CallErrorKind::UnknownOutcome);
    let call = scene.last().await;
    assert_eq!((call.state, call.cost), (CallState::Unknown, call.hold));
    assert_eq!(requests(&scene), 1);
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(spend.total.held, Nanodollars::ZERO);
    assert_eq!(scene.gateway.report().in_flight, 0);
    // Others go on.
    assert!(matches!(scene.call(1).await, CallEnd::Answered { answer: Ok(_), .. }));
}

#[tokio::test]
async fn an_account_that_is_refused_is_one_alert_and_after_a_restart_one_call_tries() {
    let faults = ["401", "401", "401"];
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let scene = Setting { clock: clock.clone(), ..Setting::script(&script(&faults)) }.scene().await;
    for position in 0..20 {
        let wait = parked(scene.call(position).await);
        assert_eq!(wait.reason, WaitReason::Brake);
        assert!(wait.detail.contains("refuses the account"), "{wait:?}");
    }
    assert_eq!((requests(&scene), firing(&scene).await), (1, 1));
    // A person says that somebody should look now.
    scene.gateway.look_again();
    assert_eq!(parked(scene.call(20).await).reason, WaitReason::Brake);
    assert_eq!(parked(scene.call(21).await).reason, WaitReason::Brake);
    assert_eq!((requests(&scene), firing(&scene).await), (2, 1));
    let next = Gateway::start(scene.setting.config(scene.sim.base_url()), scene.store.clone(), clock.clone());
    let next = next.await.expect("a gateway");
    for position in 22..25 {
        let end = next.call(ask(&scene.job, position, "Say something.")).wait().await;
        assert_eq!(parked(end).reason, WaitReason::Brake);
    }
    assert_eq!((requests(&scene), firing(&scene).await), (3, 1));
    clock.advance(Duration::from_mins(16));
    let end = next.call(ask(&scene.job, 25, "Say something.")).wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    assert_eq!(firing(&scene).await, 0, "it is over");
}

#[tokio::test]
async fn six_failures_that_cost_money_are_the_requests_own() {
    let scene = Setting::script(&script(&["502"; 20])).scene().await;
    for _ in 1..6 {
        assert_eq!(parked(scene.call(0).await).reason, WaitReason::Circuit);
    }
    let end = scene.call(0).await;
    assert!(matches!(end, CallEnd::Answered { answer: Err(_), .. }), "{end:?}");
    assert_eq!(requests(&scene), 6);
}

#[tokio::test]
async fn failures_that_cost_nothing_are_not_the_requests_own_while_nobody_succeeds() {
    let scene = Setting::script(&script(&["500"; 30])).scene().await;
    for _ in 0..10 {
        assert_eq!(parked(scene.call(0).await).reason, WaitReason::Circuit);
    }
    assert_eq!(requests(&scene), 10);
}

#[tokio::test]
async fn three_failures_while_others_of_the_model_succeed_are_the_requests_own() {
    let poison = r#"{"matches": [{"contains": "poison", "items": [{"fault": "500"}], "repeat": true}]}"#;
    let scene = Setting { circuit_failures: 5, ..Setting::script(poison) }.scene().await;
    for round in 1..=3 {
        assert!(matches!(scene.call(round).await, CallEnd::Answered { answer: Ok(_), .. }));
        let end = scene.gateway.call(ask(&scene.job, 0, "This is poison.")).wait().await;
        // What succeeded before it first went out says nothing of it.
        assert_eq!(parked(end).reason, WaitReason::Circuit, "{round}");
    }
    assert!(matches!(scene.call(4).await, CallEnd::Answered { answer: Ok(_), .. }));
    let end = scene.gateway.call(ask(&scene.job, 0, "This is poison.")).wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Err(_), .. }), "{end:?}");
}

#[tokio::test]
async fn streams_that_break_open_the_circuit_although_every_head_says_200() {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let script = script(&["cut:2", "error:2", "cut:start", "error:0", "cut:2"]);
    let setting = Setting { circuit_failures: 5, clock: clock.clone(), ..Setting::script(&script) };
    let scene = setting.scene().await;
    for position in 0..30 {
        assert_eq!(parked(scene.call(position).await).reason, WaitReason::Circuit);
    }
    assert_eq!(requests(&scene), 5);
    clock.advance(Duration::from_mins(2));
    assert!(matches!(scene.call(30).await, CallEnd::Answered { answer: Ok(_), .. }));
}
