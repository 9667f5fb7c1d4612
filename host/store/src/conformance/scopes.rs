//! Limits of one agent and of one API key.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, wait, wide};
use crate::{HoldDecision, StoreError};
use anvil_budget::{Denial, LimitName, WindowKind, WindowLimits};
use anvil_types::{Asker, JobState, Limits, Scope, UpstreamKind, WaitReason};
use std::time::Duration;

fn writer() -> Scope {
    Scope::Agent(AGENT.to_owned())
}

fn ci() -> Scope {
    Scope::ApiKey("ci".to_owned())
}

fn a_day(amount: i64) -> WindowLimits {
    WindowLimits { day: Some(dollars(amount)), ..WindowLimits::default() }
}

fn of(scope: Scope, window: WindowKind) -> LimitName {
    LimitName::Window { scope, window }
}

async fn limit(world: &World<'_>, scope: Scope, limits: WindowLimits) {
    world.store().set_scope_limits(scope, limits, &[], "ann").await.expect("changed");
}

pub async fn an_agents_limit_stops_that_agent_alone(factory: &dyn Factory) {
    let world = World::new(factory).await;
    // What was spent before there was a limit counts.
    world.spend(dollars(3)).await;
    limit(&world, writer(), a_day(10)).await;
    let call = world.hold(dollars(5)).await;
    assert_eq!(
        world.ask(world.hold_of(dollars(3))).await,
        HoldDecision::Refused(Denial::WaitForHolds { limit: of(writer(), WindowKind::Day) })
    );
    world.settle(call, dollars(5)).await;
    assert_eq!(
        world.ask(world.hold_of(dollars(3))).await,
        HoldDecision::Refused(Denial::ParkUntil {
            at: world.day().end,
            limit: of(writer(), WindowKind::Day)
        })
    );
    world.hold(dollars(2)).await;
    let other = world.hold_as(Asker::Host { name: "tester".into() }, dollars(500));
    assert!(matches!(world.ask(other).await, HoldDecision::Granted { .. }), "another agent goes on");
    let never = world.ask(world.hold_of(dollars(11))).await;
    assert!(matches!(never, HoldDecision::Refused(Denial::Never { .. })), "{never:?}");
    world.wait(Duration::from_hours(24));
    world.hold(dollars(10)).await;
}

pub async fn an_api_keys_limit_counts_its_own_calls(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(20), ..wide() }).await;
    let hour = WindowLimits { hour: Some(dollars(4)), ..WindowLimits::default() };
    limit(&world, ci(), hour).await;
    let keyed = |amount| world.hold_with_key("ci", dollars(amount));
    let first = keyed(4);
    let id = first.id;
    assert!(matches!(world.ask(first).await, HoldDecision::Granted { .. }));
    world.settle(id, dollars(3)).await;
    let full = world.ask(keyed(2)).await;
    assert!(
        matches!(&full, HoldDecision::Refused(Denial::ParkUntil { limit, .. })
            if *limit == of(ci(), WindowKind::Hour)),
        "{full:?}"
    );
    world.hold(dollars(16)).await;
    // Everything's limit is judged beside its own.
    let both = world.ask(keyed(1)).await;
    assert!(matches!(both, HoldDecision::Granted { .. }), "{both:?}");
    let standings = world.store().scope_spend(UpstreamKind::Simulated).await.expect("a read works");
    assert_eq!((&standings[0].scope, standings[0].windows.len()), (&ci(), 1));
    let window = standings[0].windows[0];
    assert_eq!((window.amounts.settled, window.amounts.held), (dollars(3), dollars(1)));
    assert_eq!(world.store().verify_sums().await.expect("a read works"), Vec::<String>::new());
}

pub async fn a_scopes_limit_is_kept_and_leaves_a_trace(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    limit(&world, writer(), a_day(10)).await;
    world.spend(dollars(8)).await;
    world.crash().await;
    let refused = world.ask(world.hold_of(dollars(3))).await;
    assert!(matches!(refused, HoldDecision::Refused(_)), "{refused:?}");
    let kept = world.store().scope_limits().await.expect("a read works");
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].scope, kept[0].window, kept[0].limit), (&writer(), WindowKind::Day, dollars(10)));
    assert_eq!(kept[0].by, "ann");
    let none = world.store().set_scope_limits(writer(), WindowLimits::default(), &[WindowKind::Day], "bob");
    assert_eq!(none.await.expect("changed"), []);
    world.hold(dollars(3)).await;
    let trace = world.store().audit(9).await.expect("a read works");
    assert_eq!(
        (trace[0].action.as_str(), trace[0].detail.as_str()),
        ("limits.reset", "agent:writer day_usd")
    );
    assert_eq!(trace[1].detail, "agent:writer day_usd = $10.00");
    let all = world.store().set_scope_limits(Scope::All, a_day(1), &[], "bob").await;
    assert!(matches!(all, Err(StoreError::BadChange(_))), "{all:?}");
}

pub async fn a_raised_scope_limit_ends_the_parking_of_its_agent(factory: &dyn Factory) {
    let world = World::new(factory).await;
    limit(&world, writer(), a_day(1)).await;
    let claimed = world.running().await;
    let until = Some(world.day().end);
    world.store().park(claimed.lease, wait(WaitReason::Money, until)).await.expect("current");
    limit(&world, Scope::Agent("tester".to_owned()), a_day(5)).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked, "another agent's limit changed");
    limit(&world, writer(), a_day(5)).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
}
