//! Limits that are changed at run time, and who changed what.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, wait, wide};
use crate::{AlertFilter, HoldDecision, StoreError};
use anvil_budget::{AnyLimits, AtMost};
use anvil_types::{AlertState, Clock, JobState, Limits, LimitsPatch, WaitReason};
use std::sync::Arc;
use std::time::Duration;

fn day(amount: i64) -> LimitsPatch {
    LimitsPatch { day_usd: Some(dollars(amount)), ..LimitsPatch::default() }
}

pub async fn a_changed_limit_counts_at_once_and_after_a_restart(factory: &dyn Factory) {
    let mut world = World::with(factory, Limits { day_usd: dollars(5), ..wide() }).await;
    assert!(matches!(world.ask(world.hold_of(dollars(6))).await, HoldDecision::Refused(_)));
    let changed_at = world.clock.now();
    let force = world.store().set_limits(day(7), &[], "ann").await.expect("changed");
    assert_eq!(force.limits, Limits { day_usd: dollars(7), ..wide() });
    assert_eq!(
        (&force.changed, &force.changes),
        (&day(7), &vec![("day_usd".to_owned(), "ann".to_owned(), changed_at)])
    );
    let call = world.hold(dollars(6)).await;
    world.settle(call, dollars(1)).await;
    // What was changed at run time wins over the settings, whatever they say next time.
    world.limits = Limits { day_usd: dollars(3), hour_usd: dollars(6), ..wide() };
    world.wait(Duration::from_secs(1));
    world.crash().await;
    let after = world.store().limits().await.expect("a read works");
    assert_eq!(after.limits, Limits { day_usd: dollars(7), hour_usd: dollars(6), ..wide() });
    assert_eq!((after.changed, after.changes), (force.changed, force.changes));
    let more = LimitsPatch { queue_max: Some(9), ..LimitsPatch::default() };
    let both = world.store().set_limits(more, &[], "bob").await.expect("changed");
    assert_eq!((both.limits.queue_max, both.limits.day_usd), (9, dollars(7)));
}

pub async fn a_reset_goes_back_to_the_settings(factory: &dyn Factory) {
    let world = World::new(factory).await;
    world.store().set_limits(day(7), &[], "ann").await.expect("changed");
    let back = world.store().set_limits(LimitsPatch::default(), &["day_usd".to_owned()], "ann").await;
    let back = back.expect("changed");
    assert_eq!((back.limits, back.changed, back.changes), (wide(), LimitsPatch::default(), Vec::new()));
}

pub async fn a_raise_ends_the_parking_that_the_limit_caused(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let until = Some(world.clock.now() + Duration::from_hours(9));
    let money = world.running().await;
    world.store().park(money.lease, wait(WaitReason::Money, until)).await.expect("current");
    let pace = world.running().await;
    world.store().park(pace.lease, wait(WaitReason::Pace, until)).await.expect("current");
    world.store().set_limits(day(20_000), &[], "ann").await.expect("changed");
    assert_eq!(world.state(money.job.id).await, JobState::Queued);
    assert_eq!(world.state(pace.job.id).await, JobState::Parked);
    assert_eq!(world.store().next_due().await.expect("a read works"), until);
    let faster = LimitsPatch { requests_per_minute: Some(60), ..LimitsPatch::default() };
    world.store().set_limits(faster, &[], "ann").await.expect("changed");
    assert_eq!(world.state(pace.job.id).await, JobState::Queued);
    // Settings that were raised while the host was down do the same.
    let claimed = world.claim_one().await;
    world.store().park(claimed.lease, wait(WaitReason::Money, until)).await.expect("current");
    world.crash().await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked, "nothing has changed");
    world.limits.hour_usd = dollars(50_000);
    world.crash().await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
}

pub async fn an_unknown_limit_is_named(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let refused = world.store().set_limits(day(7), &["day_uds".to_owned()], "ann").await;
    assert!(
        matches!(&refused, Err(StoreError::NoSuchLimit { name, .. }) if name == "day_uds"),
        "{refused:?}"
    );
    assert_eq!(world.store().limits().await.expect("a read works").limits, wide(), "nothing was changed");
}

pub async fn people_leave_a_trace(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let store = world.store();
    store.cancel(id, "ann").await.expect("it waits");
    store.retry(id, "bob").await.expect("it was cancelled");
    store.set_limits(day(7), &["queue_max".to_owned()], "cleo").await.expect("changed");
    store.release_brake("dan", "calm").await.expect("released");
    store.set_agent_disabled("x", true, "eve").await.expect("switched off");
    let trace: Vec<_> = store.audit(99).await.expect("a read works").into_iter().rev().collect();
    let told: Vec<_> = trace.iter().map(|entry| (entry.by.as_str(), entry.action.as_str())).collect();
    assert_eq!(
        told,
        [
            ("ann", "job.cancel"),
            ("bob", "job.retry"),
            ("cleo", "limits.reset"),
            ("cleo", "limits.change"),
            ("dan", "brake.off"),
            ("eve", "agent.disable"),
        ]
    );
    assert_eq!(trace[3].detail, "day_usd = 7.0");
    assert_eq!(store.audit(1).await.expect("a read works").len(), 1);
}

/// Hard limits of a stricter preset.
fn strict() -> Limits {
    Limits { month_usd: dollars(5_000), requests_per_minute: 50, agents_max: 12, agents_min: 12, ..wide() }
}

pub async fn a_limit_above_the_rule_is_refused_with_what_else_would_be_in_force(factory: &dyn Factory) {
    let mut world = World::with(factory, Limits { month_usd: dollars(200), ..wide() }).await;
    world.rule = Arc::new(AtMost(strict()));
    world.crash().await;
    let month = |amount| LimitsPatch { month_usd: Some(dollars(amount)), ..LimitsPatch::default() };
    let refused = world.store().set_limits(month(5_001), &[], "ann").await;
    assert!(matches!(&refused, Err(StoreError::BadChange(why)) if why.contains("month_usd")), "{refused:?}");
    world.store().set_limits(month(5_000), &[], "ann").await.expect("it fits");
    let slots = |min, max| LimitsPatch { agents_min: min, agents_max: max, ..LimitsPatch::default() };
    world.store().set_limits(slots(Some(11), Some(12)), &[], "ann").await.expect("it fits");
    // Without what a reset takes away, the rest makes no sense.
    let reset = ["agents_max".to_owned()];
    let refused = world.store().set_limits(LimitsPatch::default(), &reset, "ann").await;
    assert!(matches!(&refused, Err(StoreError::BadChange(why)) if why.contains("agents_min")), "{refused:?}");
    let judged = world.store().judge_limits(&LimitsPatch::default(), &reset).await;
    assert!(matches!(judged, Err(StoreError::BadChange(_))), "and whoever only asks is told so too");
    world.store().set_limits(slots(Some(10), None), &reset, "ann").await.expect("together they do");
}

pub async fn changes_at_once_never_pass_together(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let slots = |min, max| LimitsPatch { agents_min: min, agents_max: max, ..LimitsPatch::default() };
    for _ in 0..10 {
        world.store().set_limits(slots(Some(3), Some(10)), &[], "ann").await.expect("it fits");
        let (one, other) = tokio::join!(
            world.store().set_limits(slots(Some(9), None), &[], "ann"),
            world.store().set_limits(slots(None, Some(4)), &[], "bob"),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let limits = world.store().limits().await.expect("a read works").limits;
        assert!(limits.agents_min <= limits.agents_max);
    }
}

pub async fn a_limit_that_fits_no_more_is_cut_and_told(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let raise =
        LimitsPatch { requests_per_minute: Some(1_800), agents_max: Some(40), ..LimitsPatch::default() };
    world.store().set_limits(raise.clone(), &[], "ann").await.expect("it fits");
    world.limits = strict();
    world.limits.agents_min = 3;
    world.rule = Arc::new(AtMost(strict()));
    world.crash().await;
    let in_force = world.store().limits().await.expect("a read works");
    assert_eq!((in_force.limits.requests_per_minute, in_force.limits.agents_max), (50, 12));
    assert_eq!(in_force.changed, raise, "what was wanted is kept");
    let told = world.store().told_at_start();
    assert!(told.iter().any(|one| one.contains("requests_per_minute") && one.contains("1800")), "{told:?}");
    let firing = |world: &World<'_>| {
        let (store, states) = (world.store().clone(), vec![AlertState::Firing]);
        async move {
            let filter = AlertFilter { states, limit: 99, after: None };
            let items = store.alerts(filter).await.expect("a read works").items;
            items.into_iter().map(|alert| alert.title).collect::<Vec<_>>()
        }
    };
    assert_eq!(firing(&world).await.len(), 2);
    world.crash().await;
    assert_eq!(firing(&world).await.len(), 2, "once each");
    // Another change is in nobody's way, and what fits again is told no more.
    let other = LimitsPatch { queue_max: Some(9), ..LimitsPatch::default() };
    world.store().set_limits(other, &[], "ann").await.expect("it fits");
    let fits = LimitsPatch { requests_per_minute: Some(40), ..LimitsPatch::default() };
    let after = world.store().set_limits(fits, &[], "ann").await.expect("it fits");
    assert_eq!(after.cuts.len(), 1);
    let left = firing(&world).await;
    assert!(left.len() == 1 && left[0].contains("agents_max"), "{left:?}");
    world.rule = Arc::new(AnyLimits);
    world.crash().await;
    assert_eq!(firing(&world).await, Vec::<String>::new());
    assert_eq!(world.store().limits().await.expect("a read works").limits.agents_max, 40);
}
