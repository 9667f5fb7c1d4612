//! Alerts that money and time cause.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, wide};
use crate::AlertFilter;
use anvil_budget::{WindowKind, WindowLimits, Windows};
use anvil_types::{
    Alert, AlertKind, AlertState, AlertWindow, Clock, Limits, LimitsPatch, Nanodollars, Scope,
};
use jiff::tz::TimeZone;
use std::time::Duration;

fn day_of_100() -> Limits {
    Limits { day_usd: dollars(100), ..wide() }
}

/// All alerts, the oldest first.
async fn alerts(world: &World<'_>) -> Vec<Alert> {
    let filter = AlertFilter { limit: 500, ..AlertFilter::default() };
    let mut items = world.store().alerts(filter).await.expect("a read works").items;
    items.reverse();
    items.sort_by_key(|alert| alert.raised_at);
    items
}

/// The thresholds that were told: window, percent, state.
async fn told(world: &World<'_>) -> Vec<(AlertWindow, u8, AlertState)> {
    let mut told = Vec::new();
    for alert in alerts(world).await {
        if let Some(crossing) = alert.crossing {
            assert_eq!(alert.kind, AlertKind::Threshold);
            told.push((crossing.window, crossing.percent, alert.state));
        }
    }
    told
}

async fn told_by_percent(world: &World<'_>) -> Vec<(AlertWindow, u8, AlertState)> {
    let mut told = told(world).await;
    told.sort_by_key(|(_, percent, _)| *percent);
    told
}

const FIRING: AlertState = AlertState::Firing;
const RESOLVED: AlertState = AlertState::Resolved;

pub async fn twelve_that_cross_at_once_make_one_alert(factory: &dyn Factory) {
    let mut world = World::with(factory, day_of_100()).await;
    let mut calls = Vec::new();
    for _ in 0..12 {
        calls.push(world.hold(dollars(7)).await);
    }
    let mut settling = Vec::new();
    for call in calls {
        let store = world.store().clone();
        let outcome = crate::SettlementOutcome::Usage { usage: super::world::usage(), cost: dollars(7) };
        let settlement = crate::Settlement {
            call,
            outcome,
            detail: None,
            model: None,
            cache: anvil_types::CacheEffect::default(),
            compression: None,
            journal: None,
            keep: None,
        };
        settling.push(tokio::spawn(async move { store.settle(settlement).await }));
    }
    for settled in settling {
        settled.await.expect("no panic").expect("never refused");
    }
    let day = AlertWindow::Day;
    assert_eq!(told_by_percent(&world).await, [(day, 50, FIRING), (day, 80, FIRING)]);
    let first = alerts(&world).await.remove(0);
    assert_eq!(first.crossing.expect("of a limit").start, world.day().start);
    // However often the host restarts.
    for _ in 0..3 {
        world.crash().await;
        world.spend(dollars(1)).await;
    }
    assert_eq!(told_by_percent(&world).await, [(day, 50, FIRING), (day, 80, FIRING)]);
}

pub async fn a_settlement_that_jumps_several_thresholds_makes_one_alert(factory: &dyn Factory) {
    let world = World::with(factory, Limits { month_usd: dollars(100), ..wide() }).await;
    world.spend(dollars(96)).await;
    assert_eq!(told(&world).await, [(AlertWindow::Month, 95, FIRING)]);
    world.spend(dollars(1)).await;
    assert_eq!(told(&world).await.len(), 1);
    let alert = alerts(&world).await.remove(0);
    assert_eq!(alert.title, "95 % of the month's limit is spent");
    assert!(alert.detail.contains("$96.00 of $100.00 are spent (96 %)"), "{}", alert.detail);
    assert!(alert.detail.contains("begins anew at 2026-12-01 00:00 CET"), "{}", alert.detail);
}

pub async fn what_is_held_fires_nothing_and_what_is_unknown_does(factory: &dyn Factory) {
    let mut world = World::with(factory, day_of_100()).await;
    world.hold(dollars(60)).await;
    assert_eq!(told(&world).await, []);
    world.crash().await;
    assert_eq!(told(&world).await, [(AlertWindow::Day, 50, FIRING)], "the sweep counts it as spent");
}

pub async fn a_new_day_resolves_its_alerts_and_tells_anew(factory: &dyn Factory) {
    let mut world = World::with(factory, day_of_100()).await;
    let day = AlertWindow::Day;
    world.spend(dollars(85)).await;
    world.clock.set(world.day().end - Duration::from_micros(1));
    world.store().look().await.expect("looked");
    assert_eq!(told(&world).await, [(day, 80, FIRING)]);
    world.wait(Duration::from_micros(1));
    world.store().look().await.expect("looked");
    assert_eq!(told(&world).await, [(day, 80, RESOLVED)]);
    world.spend(dollars(50)).await;
    assert_eq!(told(&world).await, [(day, 80, RESOLVED), (day, 50, FIRING)]);
    // A host that was down over midnight finds out as it starts.
    world.wait(Duration::from_hours(24));
    world.crash().await;
    assert_eq!(told(&world).await, [(day, 80, RESOLVED), (day, 50, RESOLVED)]);
}

pub async fn the_rolling_hour_tells_again_when_it_fell_five_points_below(factory: &dyn Factory) {
    let world = World::with(factory, Limits { hour_usd: dollars(100), ..wide() }).await;
    let hour = AlertWindow::Hour;
    world.spend(dollars(4)).await;
    world.wait(Duration::from_mins(1));
    world.spend(dollars(2)).await;
    world.wait(Duration::from_mins(1));
    world.spend(dollars(74)).await;
    assert_eq!(told(&world).await, [(hour, 80, FIRING)]);
    // 76 % are left, then 80 again: it has not fallen far enough.
    world.wait(Duration::from_mins(59));
    world.spend(dollars(4)).await;
    assert_eq!(told(&world).await, [(hour, 80, FIRING)]);
    // 4 % are left after the great one has gone.
    world.wait(Duration::from_mins(2));
    world.store().look().await.expect("looked");
    assert_eq!(told(&world).await, [(hour, 80, RESOLVED)]);
    world.spend(dollars(80)).await;
    assert_eq!(told(&world).await, [(hour, 80, RESOLVED), (hour, 80, FIRING)]);
}

pub async fn a_raised_limit_resolves_what_it_makes_untrue(factory: &dyn Factory) {
    let world = World::with(factory, day_of_100()).await;
    let day = AlertWindow::Day;
    let to = |amount| LimitsPatch { day_usd: Some(dollars(amount)), ..LimitsPatch::default() };
    world.spend(dollars(80)).await;
    world.wait(Duration::from_secs(1));
    world.store().set_limits(to(105), &[], "ann").await.expect("changed");
    assert_eq!(told(&world).await, [(day, 80, FIRING)], "76 %: not five points below");
    world.store().set_limits(to(110), &[], "ann").await.expect("changed");
    assert_eq!(told(&world).await, [(day, 80, RESOLVED)]);
    world.store().set_limits(to(100), &[], "ann").await.expect("changed");
    assert_eq!(told(&world).await, [(day, 80, RESOLVED), (day, 80, FIRING)]);
}

pub async fn a_scopes_limit_has_alerts_of_its_own(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let scope = Scope::Agent(super::world::AGENT.to_owned());
    let limits = WindowLimits { day: Some(dollars(10)), ..WindowLimits::default() };
    world.store().set_scope_limits(scope.clone(), limits, &[], "ann").await.expect("changed");
    world.spend(dollars(8)).await;
    let alert = alerts(&world).await.remove(0);
    assert_eq!(alert.crossing.as_ref().expect("of a limit").scope, scope);
    assert_eq!(alert.title, "80 % of the day's limit of agent `writer` is spent");
    // A limit that is taken away takes its alerts along.
    let gone = world.store().set_scope_limits(scope, WindowLimits::default(), &[WindowKind::Day], "ann");
    gone.await.expect("changed");
    assert_eq!(told(&world).await, [(AlertWindow::Day, 80, RESOLVED)]);
}

pub async fn hours_of_use_are_told_of(factory: &dyn Factory) {
    let world = World::with(factory, Limits { week_hours: 10, ..wide() }).await;
    world.hold(dollars(1)).await;
    world.wait(Duration::from_mins(299));
    world.store().look().await.expect("looked");
    assert_eq!(told(&world).await, []);
    world.wait(Duration::from_mins(1));
    world.store().look().await.expect("looked");
    assert_eq!(told(&world).await, [(AlertWindow::Week, 50, FIRING)], "while nothing but time passes");
}

pub async fn the_brake_is_told_of_while_it_has_the_cause(factory: &dyn Factory) {
    let world = World::with(factory, day_of_100()).await;
    world.spend(dollars(95)).await;
    let brakes = || async {
        let alerts = alerts(&world).await.into_iter().filter(|alert| alert.kind == AlertKind::Brake);
        alerts.map(|alert| (alert.title, alert.state)).collect::<Vec<_>>()
    };
    let title = "the brake is engaged: the day is nearly spent".to_owned();
    assert_eq!(brakes().await, [(title.clone(), FIRING)]);
    world.clock.set(world.day().end);
    world.store().look().await.expect("looked");
    assert_eq!(brakes().await, [(title, RESOLVED)]);
}

pub async fn a_broken_bound_is_told_of(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let call = world.hold(dollars(5)).await;
    world.settle(call, dollars(7)).await;
    let told = alerts(&world).await;
    assert_eq!((told.len(), told[0].kind), (1, AlertKind::BoundBroken));
    assert!(told[0].detail.contains(&call.to_string()), "{}", told[0].detail);
}

pub async fn a_wall_clock_that_jumps_is_told_of(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let minute = Duration::from_mins(1);
    let kinds = || async { alerts(&world).await.into_iter().map(|alert| (alert.kind, alert.state)) };
    for (wall, expected) in [
        (world.clock.now() + minute + Duration::from_secs(29), None),
        (world.clock.now() + Duration::from_hours(9), Some(FIRING)),
        (world.clock.now() + 3 * minute, Some(RESOLVED)),
    ] {
        world.wait(minute);
        world.clock.set_wall(Some(wall));
        world.store().look().await.expect("looked");
        let told: Vec<_> = kinds().await.collect();
        let expected: Vec<_> = expected.map(|state| (AlertKind::ClockJump, state)).into_iter().collect();
        assert_eq!(told, expected);
    }
    // Ledger time went on as if nothing had been.
    assert!(matches!(
        world.ask(world.hold_of(Nanodollars::new(1))).await,
        crate::HoldDecision::Granted { at } if at == world.clock.now()
    ));
}

pub async fn a_day_that_a_late_settlement_crosses_is_told_of(factory: &dyn Factory) {
    let world = World::with(factory, day_of_100()).await;
    let day = AlertWindow::Day;
    world.clock.set(world.day().end - Duration::from_secs(1));
    let start = world.day().start;
    world.spend(dollars(40)).await;
    let (one, two, three) =
        (world.hold(dollars(15)).await, world.hold(dollars(15)).await, world.hold(dollars(15)).await);
    world.wait(Duration::from_mins(5));
    world.settle(one, dollars(15)).await;
    assert_eq!(told(&world).await, [(day, 50, RESOLVED)], "it is over, and told");
    assert_eq!(alerts(&world).await.remove(0).crossing.expect("of a limit").start, start);
    world.settle(two, dollars(15)).await;
    assert_eq!(told(&world).await.len(), 1, "once");
    world.settle(three, dollars(15)).await;
    assert_eq!(told_by_percent(&world).await, [(day, 50, RESOLVED), (day, 80, RESOLVED)]);
    // The day that is open now has nothing of it.
    assert_eq!(world.window(WindowKind::Day).await.spent(), dollars(0));
    world.spend(dollars(55)).await;
    assert_eq!(told(&world).await.len(), 3);
}

pub async fn another_time_zone_tells_no_threshold_twice(factory: &dyn Factory) {
    let mut world = World::with(factory, day_of_100()).await;
    let day = AlertWindow::Day;
    world.spend(dollars(85)).await;
    for zone in ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin"] {
        world.windows = Windows::new(TimeZone::get(zone).expect("the zone is built in"));
        world.crash().await;
        assert_eq!(told(&world).await, [(day, 80, FIRING)], "{zone}");
        world.spend(dollars(1)).await;
        assert_eq!(told(&world).await, [(day, 80, FIRING)], "{zone}");
    }
    // What the new day has not spent is told of again when it is.
    world.wait(Duration::from_hours(24));
    world.spend(dollars(81)).await;
    assert_eq!(told(&world).await, [(day, 80, RESOLVED), (day, 80, FIRING)]);
}
