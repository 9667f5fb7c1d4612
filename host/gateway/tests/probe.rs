//! A person's probe: a call like any other, through the one door.

mod scene;

use anvil_gateway::{CallEnd, PROBE};
use anvil_types::{CallErrorKind, CallState, Nanodollars, UpstreamKind, WaitReason};
use scene::{Setting, limits, scene};

#[tokio::test]
async fn a_probe_is_held_priced_and_settled_as_what_it_is() {
    let scene = Setting::script("[]").scene().await;
    let CallEnd::Answered { answer: Ok(reply), .. } = scene.gateway.probe("ann").wait().await else {
        panic!("it is answered")
    };
    let page = scene.store.ledger(UpstreamKind::Simulated, None, 10).await.expect("the ledger");
    let [call] = page.as_slice() else { panic!("one call: {page:?}") };
    assert_eq!((call.job, call.agent.as_deref()), (None, Some(PROBE)));
    assert_eq!((call.attempt, call.position), (None, None));
    assert_eq!(call.tags, ["by:ann"]);
    assert_eq!((call.state, call.cost), (CallState::Settled, reply.cost));
    assert!(call.hold >= call.cost && call.cost > Nanodollars::ZERO);
    assert_eq!(scene.billed(), call.cost);
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!((spend.total.spent(), spend.total.held), (call.cost, Nanodollars::ZERO));
}

#[tokio::test]
async fn a_probe_that_is_answered_ends_what_the_account_was_refused_for() {
    let scene = Setting::script(r#"[{"fault": "401"}, {"fault": "401"}]"#).scene().await;
    let CallEnd::Park(wait) = scene.call(0).await else { panic!("it waits") };
    assert_eq!(wait.reason, WaitReason::Brake);
    // It is refused as the call was …
    let CallEnd::Park(wait) = scene.gateway.probe("ann").wait().await else { panic!("refused") };
    assert!(wait.detail.contains("refuses the account"), "{wait:?}");
    assert!(scene.store.brake().await.expect("the brake").engaged());
    // … until the account is in order again.
    let end = scene.gateway.probe("ann").wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    assert!(!scene.store.brake().await.expect("the brake").engaged());
    assert!(matches!(scene.call(1).await, CallEnd::Answered { answer: Ok(_), .. }));
    assert_eq!(scene.sim.log(0, 100).len(), 4);
}

#[tokio::test]
async fn a_probe_goes_past_neither_limits_nor_a_persons_brake() {
    let broke = scene("[]", 1).await;
    let CallEnd::Answered { answer: Err(error), .. } = broke.gateway.probe("ann").wait().await else {
        panic!("it is refused")
    };
    assert_eq!(error.kind, CallErrorKind::OverBudget);
    let braked = scene("[]", limits(1_000_000_000_000).day_usd.get()).await;
    let cause = anvil_budget::BrakeCause {
        kind: anvil_types::BrakeCauseKind::Person,
        reason: "a look at the bill".to_owned(),
        since: braked.setting.clock.now(),
        until: None,
        by: Some("ann".to_owned()),
    };
    braked.store.engage_brake(cause).await.expect("engaged");
    let CallEnd::Park(wait) = braked.gateway.probe("bob").wait().await else { panic!("it is kept back") };
    assert!(wait.detail.contains("a look at the bill"), "{wait:?}");
    for scene in [broke, braked] {
        assert!(scene.sim.log(0, 100).is_empty(), "nothing was sent");
    }
}
