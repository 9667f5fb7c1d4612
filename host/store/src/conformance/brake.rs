//! The brake.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, next, wide};
use crate::HoldDecision;
use anvil_budget::{BrakeCause, Denial};
use anvil_types::{
    BrakeCauseKind, Clock, EventKind, JobState, Limits, LimitsPatch, Nanodollars, Timestamp, UpstreamKind,
    WaitReason,
};
use std::time::Duration;

fn day_limit() -> Limits {
    Limits { day_usd: dollars(160), ..wide() }
}

async fn kinds(world: &World<'_>) -> Vec<BrakeCauseKind> {
    world.store().brake().await.expect("a read works").causes.into_iter().map(|cause| cause.kind).collect()
}

fn by_person(at: Timestamp) -> BrakeCause {
    BrakeCause {
        kind: BrakeCauseKind::Person,
        reason: "lunch".into(),
        since: at,
        until: None,
        by: Some("ann".into()),
    }
}

pub async fn the_brake_engages_in_the_settlement_that_crosses(factory: &dyn Factory) {
    let world = World::with(factory, day_limit()).await;
    let (first, second) = (world.hold(dollars(152)).await, world.hold(dollars(1)).await);
    assert_eq!(kinds(&world).await, [], "what is held is not spent");
    world.settle(first, dollars(152) - Nanodollars::new(1)).await;
    assert_eq!(kinds(&world).await, []);
    let mut events = world.store().subscribe();
    world.settle(second, Nanodollars::new(1)).await;
    let settled = next(&mut events).await;
    let braked = next(&mut events).await;
    assert!(matches!(settled.kind, EventKind::Settled { .. }));
    assert_eq!((&braked.kind, braked.seq), (&EventKind::Brake { engaged: true }, settled.seq + 1));
    let brake = world.store().brake().await.expect("a read works");
    assert!(brake.engaged());
    assert_eq!(brake.causes[0].until, Some(world.day().end));
    assert_eq!(
        world.ask(world.hold_of(dollars(1))).await,
        HoldDecision::Refused(Denial::Braked(brake.causes))
    );
}

pub async fn a_person_mutes_the_brake_for_that_day_only(factory: &dyn Factory) {
    let world = World::with(factory, day_limit()).await;
    world.spend(dollars(152)).await;
    let claimed = world.running().await;
    world.park(claimed.lease, WaitReason::Brake).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
    let brake = world.store().release_brake("ann", "the boss says so").await.expect("released");
    assert!(!brake.engaged());
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
    world.spend(dollars(2)).await;
    assert_eq!(kinds(&world).await, [], "muted for this day");
    world.wait(Duration::from_hours(24));
    world.spend(dollars(152)).await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day], "the next day has its own");
}

pub async fn midnight_ends_the_days_brake_and_its_parking(factory: &dyn Factory) {
    let world = World::with(factory, day_limit()).await;
    world.spend(dollars(152)).await;
    let claimed = world.running().await;
    world.park(claimed.lease, WaitReason::Brake).await;
    world.clock.set(world.day().end - Duration::from_micros(1));
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day]);
    world.wait(Duration::from_micros(1));
    assert_eq!(kinds(&world).await, []);
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
    world.spend(dollars(1)).await;
    // A hold alone finds out too.
    world.spend(dollars(152)).await;
    world.clock.set(world.day().end);
    world.hold(dollars(1)).await;
}

pub async fn a_raised_limit_ends_the_brake(factory: &dyn Factory) {
    let world = World::with(factory, day_limit()).await;
    world.spend(dollars(152)).await;
    let claimed = world.running().await;
    world.park(claimed.lease, WaitReason::Brake).await;
    let raise = LimitsPatch { day_usd: Some(dollars(200)), ..LimitsPatch::default() };
    world.store().set_limits(raise, &[], "ann").await.expect("changed");
    assert_eq!(kinds(&world).await, []);
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
    let lower = LimitsPatch { day_usd: Some(dollars(100)), ..LimitsPatch::default() };
    world.store().set_limits(lower, &[], "ann").await.expect("changed");
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day], "at once");
}

pub async fn what_a_person_engaged_only_a_person_ends(factory: &dyn Factory) {
    let mut world = World::with(factory, day_limit()).await;
    let brake = world.store().engage_brake(by_person(world.clock.now())).await.expect("engaged");
    assert_eq!(brake.causes, [by_person(world.clock.now())]);
    world.wait(Duration::from_hours(24 * 40));
    let raise = LimitsPatch { day_usd: Some(dollars(500)), ..LimitsPatch::default() };
    world.store().set_limits(raise, &[], "ann").await.expect("changed");
    world.crash().await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Person]);
    assert!(matches!(world.ask(world.hold_of(dollars(1))).await, HoldDecision::Refused(Denial::Braked(_))));
    world.store().release_brake("bob", "back").await.expect("released");
    world.hold(dollars(1)).await;
}

pub async fn the_brake_survives_a_restart(factory: &dyn Factory) {
    let mut world = World::with(factory, day_limit()).await;
    world.spend(dollars(152)).await;
    world.crash().await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day]);
    world.store().release_brake("ann", "go on").await.expect("released");
    world.crash().await;
    assert_eq!(kinds(&world).await, [], "and so does what a person muted");
    // A crash itself may fill the day.
    world.wait(Duration::from_hours(24));
    world.hold(dollars(155)).await;
    world.crash().await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day]);
    // And a limit that the settings raise ends it as one raised at run time does.
    world.limits.day_usd = dollars(1_000);
    world.crash().await;
    assert_eq!(kinds(&world).await, []);
}

pub async fn simulated_dollars_stop_no_live_call(factory: &dyn Factory) {
    let mut world = World::with(factory, day_limit()).await;
    world.spend(dollars(152)).await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day]);
    let live = || crate::HoldRequest { upstream: UpstreamKind::Live, ..world.hold_of(dollars(1)) };
    assert!(matches!(world.ask(live()).await, HoldDecision::Granted { .. }));
    world.store().engage_brake(by_person(world.clock.now())).await.expect("engaged");
    world.upstream = UpstreamKind::Live;
    world.crash().await;
    assert_eq!(kinds(&world).await, [], "and neither does a person who played");
    world.store().engage_brake(by_person(world.clock.now())).await.expect("engaged");
    world.upstream = UpstreamKind::Simulated;
    world.crash().await;
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Day, BrakeCauseKind::Person]);
    world.store().release_brake("ann", "go on").await.expect("released");
    world.upstream = UpstreamKind::Live;
    world.crash().await;
    assert_eq!(
        kinds(&world).await,
        [BrakeCauseKind::Person],
        "who plays lets nothing go that was stopped live"
    );
}

pub async fn what_upstream_says_of_the_account_is_told_once_and_ends_with_an_answer(factory: &dyn Factory) {
    let world = World::with(factory, wide()).await;
    let cause = |kind, reason: &str| BrakeCause {
        kind,
        reason: reason.into(),
        since: world.clock.now(),
        until: None,
        by: None,
    };
    let claimed = world.running().await;
    let engage = async |kind, reason| world.store().engage_brake(cause(kind, reason)).await.expect("engaged");
    engage(BrakeCauseKind::Account, "the key is refused").await;
    engage(BrakeCauseKind::Account, "the key is refused, says another call").await;
    engage(BrakeCauseKind::SpendCap, "the cap is reached").await;
    let history = world.store().brake_history(10).await.expect("a read").history;
    assert_eq!(history.len(), 2, "each is told once: {history:?}");
    world.park(claimed.lease, WaitReason::Brake).await;
    // The one that tries goes out, and no other.
    assert!(matches!(world.ask(world.hold_of(dollars(1))).await, HoldDecision::Refused(Denial::Braked(_))));
    let trial = || crate::HoldRequest { tries_account: true, ..world.hold_of(dollars(1)) };
    assert!(matches!(world.ask(trial()).await, HoldDecision::Granted { .. }));
    // A person's cause stops that one too.
    world.store().engage_brake(by_person(world.clock.now())).await.expect("engaged");
    assert!(matches!(world.ask(trial()).await, HoldDecision::Refused(Denial::Braked(_))));
    world.store().account_answers("a call was answered").await.expect("ended");
    assert_eq!(kinds(&world).await, [BrakeCauseKind::Person]);
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked, "the person's cause still stands");
    world.store().release_brake("ann", "lunch is over").await.expect("released");
    engage(BrakeCauseKind::Account, "the key is refused").await;
    world.store().account_answers("a call was answered").await.expect("ended");
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
}
