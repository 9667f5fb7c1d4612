//! Windows in time.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, time, wide};
use crate::HoldDecision;
use anvil_budget::{Denial, LimitName, WindowKind, Windows};
use anvil_types::{Clock, Limits, Nanodollars};
use jiff::tz::TimeZone;
use std::time::Duration;

pub async fn a_settlement_counts_when_its_hold_was_taken(factory: &dyn Factory) {
    let world = World::new(factory).await;
    world.clock.set(time("2026-11-23T22:59:30Z"));
    let call = world.hold(dollars(5)).await;
    let before = world.day();
    world.wait(Duration::from_mins(1));
    assert_ne!(world.day(), before, "midnight has passed in Berlin");
    assert_eq!(world.window(WindowKind::Day).await.committed(), dollars(0), "it belongs to the day before");
    world.settle(call, dollars(5)).await;
    assert_eq!(world.window(WindowKind::Day).await.committed(), dollars(0), "and so does its settlement");
    assert_eq!(world.window(WindowKind::Hour).await.spent(), dollars(5));
    assert_eq!(world.window(WindowKind::Month).await.spent(), dollars(5));
    // The hour has long let go of a hold whose settlement comes.
    let late = world.hold(dollars(2)).await;
    world.wait(Duration::from_mins(62));
    world.settle(late, dollars(2)).await;
    assert_eq!(world.window(WindowKind::Hour).await.committed(), dollars(0));
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(2));
    world.check_sums().await;
}

pub async fn the_rolling_hour_lets_go_minute_by_minute(factory: &dyn Factory) {
    let world = World::with(factory, Limits { hour_usd: dollars(10), ..wide() }).await;
    let began = world.clock.now();
    for _ in 0..5 {
        world.spend(dollars(2)).await;
        world.wait(Duration::from_mins(1));
    }
    let full = |at| HoldDecision::Refused(Denial::ParkUntil { at, limit: LimitName::HOUR });
    let first_leaves = Windows::bucket_leaves(began);
    assert_eq!(world.snapshot().await.windows[0].resets_at, first_leaves);
    assert_eq!(world.ask(world.hold_of(dollars(2))).await, full(first_leaves));
    let third_leaves = first_leaves + Duration::from_mins(2);
    assert_eq!(world.ask(world.hold_of(dollars(5))).await, full(third_leaves));
    world.clock.set(first_leaves - Duration::from_micros(1));
    assert_eq!(world.ask(world.hold_of(dollars(2))).await, full(first_leaves));
    world.clock.set(first_leaves);
    world.spend(dollars(2)).await;
    world.clock.set(third_leaves);
    assert_eq!(world.window(WindowKind::Hour).await.spent(), dollars(6));
}

pub async fn a_full_window_says_when_it_has_room(factory: &dyn Factory) {
    let limits = Limits { day_usd: dollars(100), month_usd: dollars(150), hour_usd: dollars(99), ..wide() };
    let world = World::with(factory, limits).await;
    world.spend(dollars(90)).await;
    let refused = |at, limit| HoldDecision::Refused(Denial::ParkUntil { at, limit });
    let day = world.day();
    assert_eq!(world.ask(world.hold_of(dollars(20))).await, refused(day.end, LimitName::DAY));
    world.wait(Duration::from_hours(24));
    world.spend(dollars(50)).await;
    let month = world.windows.month(world.clock.now());
    assert_eq!(world.ask(world.hold_of(dollars(20))).await, refused(month.end, LimitName::MONTH));
    assert_eq!(
        world.ask(world.hold_of(dollars(99) + Nanodollars::new(1))).await,
        HoldDecision::Refused(Denial::Never {
            limit: LimitName::HOUR,
            allowed: dollars(99),
            spent: Nanodollars::ZERO
        })
    );
    let snapshot = world.snapshot().await;
    assert_eq!(snapshot.windows.map(|window| window.limit), [dollars(99), dollars(100), dollars(150)]);
    assert_eq!(snapshot.windows[1].resets_at, world.day().end);
    assert_eq!(snapshot.windows[2].resets_at, month.end);
}

pub async fn a_month_ends_where_the_time_zone_says(factory: &dyn Factory) {
    let world = World::new(factory).await;
    // The first of November in Berlin, still October in UTC; the clocks went back a week before.
    world.clock.set(time("2026-11-30T22:59:59Z"));
    world.spend(dollars(3)).await;
    assert_eq!(world.window(WindowKind::Month).await.spent(), dollars(3));
    world.wait(Duration::from_secs(1));
    assert_eq!(world.window(WindowKind::Month).await.spent(), dollars(0));
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(0));
    assert_eq!(world.snapshot().await.total.spent(), dollars(3));
}

pub async fn another_time_zone_sums_up_anew(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    // Half an hour before and half an hour after midnight in Berlin.
    world.clock.set(time("2026-11-23T22:30:00Z"));
    world.spend(dollars(3)).await;
    let call = world.hold(dollars(2)).await;
    world.settle(call, dollars(1)).await;
    world.wait(Duration::from_hours(1));
    world.spend(dollars(5)).await;
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(5));
    world.windows = Windows::new(TimeZone::UTC);
    world.crash().await;
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(9), "one day in UTC");
    assert_eq!(world.window(WindowKind::Month).await.spent(), dollars(9));
    world.windows = Windows::new(TimeZone::get("Europe/Berlin").expect("the zone is built in"));
    world.crash().await;
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(5));
    world.check_sums().await;
}

pub async fn a_free_call_counts_its_hours(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let hour = Duration::from_hours(1);
    let (one, two) = (world.hold(dollars(0)).await, world.hold(dollars(0)).await);
    world.wait(hour);
    // One that ends meanwhile, and one that begins, neither ends nor begins the flight.
    world.settle(two, dollars(0)).await;
    let three = world.hold(dollars(0)).await;
    world.wait(hour);
    world.settle(three, dollars(0)).await;
    world.wait(hour);
    assert_eq!(world.snapshot().await.week.used, hour * 3);
    world.settle(one, dollars(0)).await;
    world.wait(hour);
    assert_eq!(world.snapshot().await.week.used, hour * 3);
    world.crash().await;
    assert_eq!(world.snapshot().await.week.used, hour * 3);
}
