//! How jobs ended, by the tier that answered them.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars};
use crate::{Finish, HoldDecision, SettlementOutcome, TierSum};
use anvil_types::{CallId, Clock, JobError, Json, Lease, NewJob, Tier, Timestamp, UpstreamKind};
use std::time::Duration;

/// One call of an attempt, answered by a model of this tier for a dollar.
async fn answered(world: &World<'_>, lease: Lease, position: u32, tier: Tier) -> CallId {
    let mut request = world.hold_by(lease, dollars(2));
    request.asker = crate::testing::attempt(lease, AGENT, position);
    request.tier_given = tier;
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.settle(call, dollars(1)).await;
    call
}

/// A job of this action whose calls these tiers answered, and how it ended.
async fn ended(world: &World<'_>, action: &str, tiers: &[Tier], finish: Finish) {
    world.submit(NewJob { action: action.into(), ..world.new_job() }).await;
    let lease = world.claim_one().await.lease;
    for (position, tier) in (0..).zip(tiers) {
        answered(world, lease, position, *tier).await;
    }
    world.finish(lease, finish).await;
    world.wait(Duration::from_millis(1));
}

fn well() -> Finish {
    Finish::Succeeded { result: Json::null() }
}

fn badly() -> Finish {
    Finish::Failed { error: JobError { kind: "bad-reply".into(), message: "no JSON".into() } }
}

async fn evidence(world: &World<'_>, from: Timestamp, to: Timestamp) -> Vec<TierSum> {
    world.store().tier_sums(UpstreamKind::Simulated, from, to).await.expect("a read works")
}

pub async fn jobs_are_told_by_the_strongest_tier_that_answered_them(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    ended(&world, "write", &[Tier::Haiku], well()).await;
    ended(&world, "write", &[Tier::Haiku, Tier::Haiku, Tier::Haiku], badly()).await;
    ended(&world, "write", &[Tier::Opus], well()).await;
    ended(&world, "write", &[Tier::Opus, Tier::Haiku], well()).await;
    ended(&world, "read", &[Tier::Haiku], well()).await;
    let after = world.clock.now();
    let sum = |action: &str, tier, jobs, succeeded, calls, cost| TierSum {
        agent: AGENT.into(),
        action: action.into(),
        tier,
        jobs,
        succeeded,
        retries: 0,
        calls,
        output_tokens: calls * super::world::usage().output_tokens,
        cost: dollars(cost),
    };
    let told = evidence(&world, began, after).await;
    let expected = [
        sum("read", Tier::Haiku, 1, 1, 1, 1),
        sum("write", Tier::Haiku, 2, 1, 4, 4),
        sum("write", Tier::Opus, 2, 2, 3, 3),
    ];
    assert_eq!(told, expected);
}

pub async fn what_ended_outside_the_time_or_was_not_answered_is_no_evidence(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    // Nobody answered it, and nobody answered one call of the next.
    ended(&world, "write", &[], well()).await;
    world.submit(world.new_job()).await;
    let lease = world.claim_one().await.lease;
    let request = world.hold_by(lease, dollars(2));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.end(call, SettlementOutcome::Released).await;
    world.finish(lease, badly()).await;
    world.wait(Duration::from_millis(1));
    assert_eq!(evidence(&world, began, world.clock.now()).await, []);
    let from = world.clock.now();
    ended(&world, "write", &[Tier::Sonnet], well()).await;
    let after = world.clock.now();
    assert_eq!(evidence(&world, from, after).await.len(), 1);
    assert_eq!(evidence(&world, began, from).await, []);
    assert_eq!(evidence(&world, after, after + Duration::from_secs(1)).await, []);
}
