//! Two hosts on one database: each has what is its own, and what one leaves behind another ends.

#![expect(missing_docs, reason = "the names are sentences")]

use super::world::{dollars, entry, usage, wide};
use super::{Factory, World};
use crate::{HoldDecision, JournalKind, Settlement, SettlementOutcome, StoreError};
use anvil_budget::{WindowKind, Windows};
use anvil_types::{CacheEffect, CallId, CallState, JobState, Limits, UpstreamKind, WaitReason};
use jiff::tz::TimeZone;
use std::time::Duration;

/// Longer than a host is waited for.
const LONG: Duration = Duration::from_mins(6);

async fn two(factory: &dyn Factory) -> (World<'_>, World<'_>) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    (one, other)
}

/// Both live on for so many minutes.
async fn live(one: &World<'_>, other: &World<'_>, minutes: u32) {
    for _ in 0..minutes {
        one.wait(Duration::from_mins(1));
        one.store().look().await.expect("a look works");
        other.store().look().await.expect("a look works");
    }
}

async fn call_of(world: &World<'_>, call: CallId) -> anvil_types::CallRecord {
    let page = world.store().ledger(UpstreamKind::Simulated, None, 100).await.expect("a read works");
    page.into_iter().find(|one| one.id == call).expect("it is in the ledger")
}

/// A hold of the first host's that the second has swept.
async fn swept<'a>(one: &World<'a>, other: &World<'a>, amount: i64) -> CallId {
    let call = one.hold(dollars(amount)).await;
    one.wait(LONG);
    other.store().look().await.expect("a look works");
    assert_eq!(call_of(other, call).await.state, CallState::Unknown);
    call
}

pub async fn a_start_leaves_what_another_host_holds(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let claimed = one.running().await;
    let request = one.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(one.ask(request).await, HoldDecision::Granted { .. }));
    let other = one.beside(2).await;
    assert_eq!(other.store().recovered(), crate::Recovered::default());
    assert_eq!(other.state(claimed.job.id).await, JobState::Running);
    assert_eq!(call_of(&other, call).await.state, CallState::Held);
    assert!(one.settle(call, dollars(1)).await.first);
    assert_eq!(other.snapshot().await.total.settled, dollars(1));
    one.succeed(claimed.lease).await;
    one.check_sums().await;
    other.check_sums().await;
}

pub async fn a_start_ends_the_flight_of_its_own_calls_alone(factory: &dyn Factory) {
    let (one, mut other) = two(factory).await;
    let hour = Duration::from_hours(1);
    let call = one.hold(dollars(1)).await;
    other.hold(dollars(2)).await;
    live(&one, &other, 60).await;
    other.crash().await;
    assert_eq!(other.store().recovered().unknown_holds, 1);
    one.wait(hour);
    assert_eq!(one.snapshot().await.week.used, hour * 2, "its call is under way");
    assert_eq!(other.snapshot().await.week.used, hour * 2);
    one.settle(call, dollars(1)).await;
    one.wait(hour);
    assert_eq!(one.snapshot().await.week.used, hour * 2);
}

pub async fn a_start_leaves_those_parked_that_wait_for_what_another_holds(factory: &dyn Factory) {
    let (one, mut other) = two(factory).await;
    let call = one.hold(dollars(1)).await;
    let claimed = other.running().await;
    other.park(claimed.lease, WaitReason::Holds).await;
    assert_eq!(other.state(claimed.job.id).await, JobState::Parked);
    other.crash().await;
    assert_eq!(other.state(claimed.job.id).await, JobState::Parked, "what it waits for is held");
    one.settle(call, dollars(1)).await;
    assert_eq!(other.state(claimed.job.id).await, JobState::Queued);
}

pub async fn a_host_that_never_returns_has_its_holds_swept_after_its_lease(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    let claimed = one.running().await;
    let request = one.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(one.ask(request).await, HoldDecision::Granted { .. }));
    one.vanish();
    other.wait(Duration::from_mins(2));
    other.store().look().await.expect("a look works");
    assert_eq!(call_of(&other, call).await.state, CallState::Held, "it may return");
    other.wait(LONG);
    other.store().look().await.expect("a look works");
    let swept = call_of(&other, call).await;
    assert_eq!((swept.state, swept.cost), (CallState::Unknown, dollars(3)));
    assert_eq!(swept.detail.as_deref(), Some("its host is gone"));
    let total = other.snapshot().await.total;
    assert_eq!((total.unknown, total.held), (dollars(3), dollars(0)));
    assert_eq!(other.claim_one().await.job.id, claimed.job.id, "its job goes on elsewhere");
    other.check_sums().await;
    // One that starts only now finds nothing left.
    assert_eq!(other.beside(3).await.store().recovered(), crate::Recovered::default());
}

pub async fn a_host_that_ended_in_order_is_not_waited_for(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    let call = one.hold(dollars(3)).await;
    one.store().close().await;
    one.vanish();
    other.store().look().await.expect("a look works");
    assert_eq!(call_of(&other, call).await.state, CallState::Unknown);
}

pub async fn a_host_that_looks_keeps_what_it_holds(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let call = one.hold(dollars(3)).await;
    live(&one, &other, 20).await;
    assert_eq!(call_of(&other, call).await.state, CallState::Held);
    assert!(one.settle(call, dollars(2)).await.first);
}

pub async fn a_settlement_after_a_sweep_is_a_correction(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let call = swept(&one, &other, 5).await;
    let late = one.settle(call, dollars(2)).await;
    assert!(!late.first, "the sweep was first");
    for world in [&one, &other] {
        let day = world.window(WindowKind::Day).await;
        assert_eq!((day.settled, day.unknown, day.held), (dollars(2), dollars(0), dollars(0)));
    }
    let entry = call_of(&other, call).await;
    assert_eq!((entry.state, entry.cost, entry.corrections.len()), (CallState::Settled, dollars(2), 1));
    assert_eq!(entry.corrections[0].by, "anvil");
    // It is told once.
    one.settle(call, dollars(4)).await;
    assert_eq!(one.snapshot().await.total.settled, dollars(2));
    one.check_sums().await;
    other.check_sums().await;
}

pub async fn a_release_after_a_sweep_gives_the_money_back(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let call = swept(&one, &other, 5).await;
    one.end(call, SettlementOutcome::Released).await;
    assert_eq!(other.snapshot().await.total.spent(), dollars(0));
    other.check_sums().await;
}

pub async fn a_cost_above_the_hold_after_a_sweep_is_counted(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let (call, unknown) = (swept(&one, &other, 5).await, swept(&one, &other, 1).await);
    assert_eq!(one.settle(call, dollars(8)).await.over_hold, dollars(3));
    one.end(unknown, SettlementOutcome::Unknown { usage: usage(), cost: dollars(2) }).await;
    let snapshot = other.snapshot().await;
    assert_eq!((snapshot.total.spent(), snapshot.bounds_broken), (dollars(10), 2));
    other.check_sums().await;
}

pub async fn who_knows_no_more_than_the_sweep_changes_nothing(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let call = swept(&one, &other, 5).await;
    one.end(call, SettlementOutcome::Unknown { usage: usage(), cost: dollars(3) }).await;
    let total = other.snapshot().await.total;
    assert_eq!((total.settled, total.unknown), (dollars(0), dollars(5)));
    other.check_sums().await;
}

pub async fn a_settlement_after_a_sweep_is_journalled_under_its_lease(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let settle = |call, lease| Settlement {
        call,
        outcome: SettlementOutcome::Usage { usage: usage(), cost: dollars(1) },
        detail: None,
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: Some(entry(lease, 0, JournalKind::Call)),
        keep: None,
    };
    let claimed = one.running().await;
    let call = swept(&one, &other, 5).await;
    let late = one.store().settle(settle(call, claimed.lease)).await.expect("never refused");
    assert!(late.journalled, "nobody has taken the job over");
    assert_eq!(one.store().journal_of(claimed.job.id).await.expect("a read works").len(), 1);
    let call = swept(&one, &other, 5).await;
    let taken = other.claim_one().await;
    assert_eq!(taken.job.id, claimed.job.id);
    let late = one.store().settle(settle(call, claimed.lease)).await.expect("never refused");
    assert!(!late.journalled, "another has taken the job over");
    assert_eq!(one.snapshot().await.total.settled, dollars(2));
}

pub async fn hosts_at_once_never_pass_on_the_same_dollar(factory: &dyn Factory) {
    let one = World::first_host(factory, Limits { day_usd: dollars(10), ..wide() }).await;
    let other = one.beside(2).await;
    let mut granted = 0;
    for number in 0..20 {
        let world = if number % 2 == 0 { &one } else { &other };
        let request = world.hold_of(dollars(1));
        let call = request.id;
        if matches!(world.ask(request).await, HoldDecision::Granted { .. }) {
            granted += 1;
            if number % 3 == 0 {
                world.settle(call, dollars(1)).await;
            }
        }
        assert!(one.window(WindowKind::Day).await.committed() <= dollars(10));
    }
    // The brake engages at 95 percent of what is spent, so all of it may be held.
    assert_eq!(granted, 10);
    one.check_sums().await;
    other.check_sums().await;
}

pub async fn hosts_that_live_at_once_agree_on_limits_and_zone(factory: &dyn Factory) {
    let mut one = World::first_host(factory, wide()).await;
    let refused = |result: Result<World<'_>, StoreError>| match result.expect_err("they differ") {
        StoreError::OtherHost { setting, theirs, ours, .. } => (setting, theirs, ours),
        other => panic!("{other}"),
    };
    let limits = Limits { queue_max: 7, ..wide() };
    let utc = Windows::new(TimeZone::UTC);
    let words =
        |setting: &str, theirs: &str, ours: &str| (setting.to_owned(), theirs.to_owned(), ours.to_owned());
    assert_eq!(
        refused(one.beside_with(2, limits.clone(), one.windows.clone()).await),
        words("queue_max", "1000", "7")
    );
    assert_eq!(
        refused(one.beside_with(2, wide(), utc.clone()).await),
        words("time_zone", "Europe/Berlin", "UTC")
    );
    one.vanish();
    assert_eq!(refused(one.beside_with(2, wide(), utc.clone()).await).0, "time_zone", "it may return");
    one.wait(LONG);
    one.beside_with(2, limits, utc).await.expect("the other is gone");
}

pub async fn a_restart_alone_may_change_limits_and_zone(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    one.spend(dollars(3)).await;
    other.store().close().await;
    one.limits = Limits { queue_max: 7, ..wide() };
    one.windows = Windows::new(TimeZone::UTC);
    one.crash().await;
    assert_eq!(one.store().limits().await.expect("a read works").limits.queue_max, 7);
    assert_eq!(one.window(WindowKind::Day).await.spent(), dollars(3));
    one.check_sums().await;
}
