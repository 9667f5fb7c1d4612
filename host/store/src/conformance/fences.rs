//! Fences: what an attempt may write once another has taken over.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::state::{set, state_step};
use super::world::{LEASE, World, dollars, entry, usage, wait};
use crate::{
    Claim, Finish, HoldDecision, JournalKind, LostLeases, Settlement, SettlementOutcome, StoreError,
};
use anvil_types::{CacheEffect, CallState, JobState, Json, Lease, LogLevel, LogLine, Timestamp, WaitReason};
use std::time::Duration;

/// A little less than a lease.
const NEARLY: Duration = Duration::from_secs(29);

/// Every write that a fence guards is refused.
async fn writes_nothing(world: &World<'_>, stale: Lease) {
    let store = world.store();
    let line = LogLine {
        seq: 0,
        at: Timestamp::default(),
        attempt: 1,
        level: LogLevel::Info,
        source: "guest".into(),
        line: "late".into(),
    };
    let name = "late.txt".parse().expect("a name");
    let done = Finish::Succeeded { result: Json::null() };
    let refused = [
        store.finish(stale, done).await.map(drop),
        store.park(stale, wait(WaitReason::Money, None)).await,
        store.journal(entry(stale, 0, JournalKind::Call)).await,
        store.journal_cut(stale, 0).await,
        store.progress(stale, 1.0, "late").await,
        store.append_log(stale, vec![line]).await,
        store.put_artifact(stale, name, "text/plain".into(), Vec::new()).await,
        store.state_step(state_step(stale, 0, set("late", b"late"))).await.map(drop),
    ];
    for (place, answer) in refused.into_iter().enumerate() {
        assert!(matches!(answer, Err(StoreError::LeaseLost)), "write {place}: {answer:?}");
    }
    assert_eq!(world.ask(world.hold_by(stale, dollars(1))).await, HoldDecision::LeaseLost);
    assert_eq!(store.log(stale.job, 0, 9).await.expect("a read works"), []);
    assert_eq!(store.artifacts(stale.job).await.expect("a read works"), []);
}

/// A job whose first attempt stalled and was taken over: the stale lease and the current one.
async fn taken_over(world: &World<'_>) -> (Lease, Lease) {
    let stale = world.running().await.lease;
    world.wait(LEASE);
    let current = world.claim_one().await.lease;
    assert_eq!((current.job, current.number), (stale.job, stale.number + 1));
    (stale, current)
}

pub async fn a_stale_attempt_writes_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (stale, current) = taken_over(&world).await;
    writes_nothing(&world, stale).await;
    let job = world.job(current.job).await;
    assert_eq!((job.state, job.progress, job.calls), (JobState::Running, None, 0));
    assert_eq!(world.succeed(current).await.state, JobState::Succeeded);
    writes_nothing(&world, stale).await;
    writes_nothing(&world, current).await;
}

pub async fn a_stale_settlement_is_kept_but_not_journalled(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let stale = world.running().await.lease;
    let request = world.hold_by(stale, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.wait(LEASE);
    let current = world.claim_one().await;
    let settlement = Settlement {
        call,
        outcome: SettlementOutcome::Usage { usage: usage(), cost: dollars(2) },
        detail: Some("end_turn".into()),
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: Some(entry(stale, 0, JournalKind::Call)),
        keep: None,
    };
    let settled = world.store().settle(settlement).await.expect("never refused");
    assert!(settled.first && !settled.journalled);
    let job = world.job(stale.job).await;
    assert_eq!((job.cost, job.held, job.calls), (dollars(2), dollars(0), 1));
    let finish = world.store().finish(current.lease, Finish::Released).await;
    assert!(finish.is_ok());
    assert_eq!(world.claim_one().await.journal, []);
    world.check_sums().await;
}

pub async fn a_cancelled_attempt_writes_nothing_but_its_settlement(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let request = world.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.store().cancel(claimed.job.id, "ann").await.expect("it runs");
    writes_nothing(&world, claimed.lease).await;
    assert!(world.settle(call, dollars(1)).await.first);
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.state, job.cost, job.held), (JobState::Cancelled, dollars(1), dollars(0)));
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!(calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Settled]);
}

pub async fn a_heartbeat_keeps_a_lease_and_tells_of_lost_ones(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (stale, current) = taken_over(&world).await;
    let cancelled = world.running().await.lease;
    world.store().cancel(cancelled.job, "ann").await.expect("it runs");
    let beat = || async {
        world.store().heartbeat(vec![stale, current, cancelled], LEASE).await.expect("a heartbeat works")
    };
    for _ in 0..5 {
        world.wait(NEARLY);
        let lost = LostLeases { taken_over: vec![stale.job], cancelled: vec![cancelled.job] };
        assert_eq!(beat().await, lost);
        assert_eq!(world.claim(1).await, [], "the lease is kept");
    }
}

pub async fn a_lease_that_ran_out_is_taken_over(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    world.store().journal(entry(first.lease, 0, JournalKind::Call)).await.expect("current");
    world.wait(NEARLY);
    assert_eq!(world.claim(1).await, []);
    world.wait(Duration::from_secs(1));
    let second = world.claim_one().await;
    assert_eq!((second.job.id, second.job.attempts, second.journal.len()), (first.job.id, 1, 1));
}

pub async fn a_lease_that_ran_out_goes_on_where_its_holder_is_alive(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let held = world.running().await.lease;
    world.wait(LEASE * 3);
    // Whoever holds it asks for more: it holds for a whole lease again.
    let alive = |leases: &[Lease]| Claim { alive: leases.to_vec(), ..world.claim_of(1) };
    assert_eq!(world.store().claim(alive(&[held])).await.expect("a claim works"), []);
    world.wait(NEARLY);
    assert_eq!(world.claim(1).await, []);
    world.store().journal(entry(held, 0, JournalKind::Call)).await.expect("the lease is current");
    // An older lease of the same job holds nothing.
    world.wait(LEASE);
    let older = Lease { number: held.number - 1, ..held };
    let taken = world.store().claim(alive(&[older])).await.expect("a claim works");
    assert_eq!(taken.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [held.job]);
    writes_nothing(&world, held).await;
}
