//! Later truth about what a call cost.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, wait, wide};
use crate::{Correction, HoldDecision, StoreError};
use anvil_budget::WindowKind;
use anvil_types::{BrakeCauseKind, CallId, CallState, Clock, JobState, Limits, Nanodollars, WaitReason};
use std::time::Duration;

fn truth(call: CallId, cost: i64) -> Correction {
    Correction { call, cost: dollars(cost), by: "ann".into(), reason: "the invoice".into() }
}

pub async fn a_correction_moves_every_sum_at_the_holds_time(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    let request = world.hold_by(claimed.lease, dollars(9));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.crash().await;
    assert_eq!(world.window(WindowKind::Day).await.unknown, dollars(9));
    world.wait(Duration::from_mins(30));
    let record = world.store().correct(truth(call, 2)).await.expect("corrected");
    assert_eq!((record.state, record.cost, record.hold), (CallState::Settled, dollars(2), dollars(9)));
    assert_eq!(record.corrections.len(), 1);
    let correction = &record.corrections[0];
    assert_eq!((correction.at, correction.cost), (world.clock.now(), dollars(2)));
    assert_eq!((correction.by.as_str(), correction.reason.as_str()), ("ann", "the invoice"));
    for kind in WindowKind::ALL {
        let amounts = world.window(kind).await;
        assert_eq!((amounts.settled, amounts.unknown), (dollars(2), dollars(0)), "{kind:?}");
    }
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.cost, job.unknown), (dollars(2), dollars(0)));
    assert_eq!(world.store().calls(claimed.job.id).await.expect("a read works"), [record]);
    // The next day it moves the day of its hold, which is over.
    world.wait(Duration::from_hours(24));
    world.store().correct(truth(call, 7)).await.expect("corrected");
    assert_eq!(world.window(WindowKind::Day).await.settled, dollars(0));
    assert_eq!(world.window(WindowKind::Month).await.settled, dollars(7));
    assert_eq!(world.store().audit(1).await.expect("a read works")[0].action, "ledger.correct");
    world.crash().await;
    assert_eq!(world.window(WindowKind::Month).await.settled, dollars(7));
    world.check_sums().await;
}

pub async fn the_same_truth_may_come_twice(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let call = world.hold(dollars(5)).await;
    world.settle(call, dollars(3)).await;
    let known = world.store().correct(truth(call, 3)).await.expect("no news");
    assert_eq!(known.corrections, []);
    let first = world.store().correct(truth(call, 4)).await.expect("corrected");
    let again = world.store().correct(truth(call, 4)).await.expect("no news");
    assert_eq!(first, again);
    assert_eq!(world.snapshot().await.total.settled, dollars(4));
    world.check_sums().await;
}

pub async fn a_call_under_way_is_not_corrected(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let call = world.hold(dollars(5)).await;
    let refused = world.store().correct(truth(call, 3)).await;
    assert!(matches!(refused, Err(StoreError::CallStillHeld(id)) if id == call), "{refused:?}");
    let nobody = CallId::new(world.clock.now(), 0);
    let unknown = world.store().correct(truth(nobody, 3)).await;
    assert!(matches!(unknown, Err(StoreError::NoSuchCall(_))), "{unknown:?}");
    world.settle(call, dollars(1)).await;
    let negative = Correction { cost: Nanodollars::new(-1), ..truth(call, 0) };
    let refused = world.store().correct(negative).await;
    assert!(matches!(refused, Err(StoreError::BadChange(_))), "{refused:?}");
    assert_eq!(world.snapshot().await.total.settled, dollars(1));
}

pub async fn a_correction_engages_and_ends_the_brake(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(160), ..wide() }).await;
    let kinds = || async {
        let causes = world.store().brake().await.expect("a read works").causes;
        causes.into_iter().map(|cause| cause.kind).collect::<Vec<_>>()
    };
    let call = world.hold(dollars(150)).await;
    world.settle(call, dollars(1)).await;
    world.store().correct(truth(call, 152)).await.expect("corrected");
    assert_eq!(kinds().await, [BrakeCauseKind::Day]);
    let claimed = world.running().await;
    let until = Some(world.day().end);
    world.store().park(claimed.lease, wait(WaitReason::Money, until)).await.expect("current");
    world.store().correct(truth(call, 100)).await.expect("corrected");
    assert_eq!(kinds().await, []);
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "there is room again");
}
