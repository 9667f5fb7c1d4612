//! Retention.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars};
use crate::{AlertFilter, HoldDecision, Pruned, Retention};
use anvil_types::{Clock, JobId, NewJob, WaitReason};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const KEEP: Retention = Retention { finished_for: DAY, finished_jobs: 1_000_000, alerts_for: DAY };

async fn prune(world: &World<'_>, retention: Retention) -> Pruned {
    let mut all = Pruned::default();
    for _ in 0..1_000 {
        let pruned = world.store().prune(retention).await.expect("it prunes");
        all.jobs += pruned.jobs;
        all.alerts += pruned.alerts;
        if !pruned.more {
            return all;
        }
    }
    panic!("pruning does not end");
}

async fn is_there(world: &World<'_>, job: JobId) -> bool {
    world.store().job(job).await.expect("a read works").is_some()
}

pub async fn what_finished_long_ago_goes_and_the_ledger_stays(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let old = world.running().await;
    let request = world.hold_by(old.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.settle(call, dollars(2)).await;
    world.succeed(old.lease).await;
    let waiting = world.running().await;
    world.park(waiting.lease, WaitReason::Money).await;
    world.wait(DAY / 2);
    let young = world.running().await;
    world.succeed(young.lease).await;
    let before = world.snapshot().await.total;
    assert_eq!(prune(&world, KEEP).await, Pruned::default());
    world.wait(DAY / 2 + Duration::from_secs(1));
    assert_eq!(prune(&world, KEEP).await.jobs, 1);
    assert!(!is_there(&world, old.job.id).await);
    assert!(is_there(&world, young.job.id).await && is_there(&world, waiting.job.id).await);
    assert_eq!(world.snapshot().await.total, before);
    assert_eq!(world.store().calls(old.job.id).await.expect("a read works").len(), 1);
    assert_eq!(world.store().events(0, Some(old.job.id), 9).await.expect("a read works"), []);
    assert_eq!(world.store().attempts(old.job.id).await.expect("a read works"), []);
    world.check_sums().await;
}

pub async fn of_too_many_the_oldest_go(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut jobs = Vec::new();
    for _ in 0..7 {
        let claimed = world.running().await;
        world.succeed(claimed.lease).await;
        jobs.push(claimed.job.id);
        world.wait(Duration::from_secs(1));
    }
    assert_eq!(prune(&world, Retention { finished_jobs: 3, ..KEEP }).await.jobs, 4);
    for (place, job) in jobs.into_iter().enumerate() {
        assert_eq!(is_there(&world, job).await, place >= 4, "{place}");
    }
}

pub async fn a_job_whose_call_is_under_way_stays(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let request = world.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.store().cancel(claimed.job.id, "ann").await.expect("it runs");
    world.wait(DAY * 2);
    assert_eq!(prune(&world, KEEP).await.jobs, 0);
    world.settle(call, dollars(1)).await;
    assert_eq!(prune(&world, KEEP).await.jobs, 1);
    world.check_sums().await;
}

pub async fn a_job_that_another_comes_after_stays(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = world.running().await;
    world.succeed(parent.lease).await;
    let run_at = Some(world.clock.now() + DAY * 3);
    let child = world.submit(NewJob { after: vec![parent.job.id], run_at, ..world.new_job() }).await;
    world.wait(DAY * 2);
    assert_eq!(prune(&world, KEEP).await.jobs, 0, "the child gets its parent's result");
    world.wait(DAY);
    let claimed = world.claim_one().await;
    assert_eq!(claimed.job.id, child);
    world.succeed(claimed.lease).await;
    assert_eq!(prune(&world, KEEP).await.jobs, 1);
    assert!(!is_there(&world, parent.job.id).await && is_there(&world, child).await);
}

pub async fn resolved_alerts_go_and_open_ones_stay(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for key in ["one", "two"] {
        let alert = super::outbox::threshold(&world, key);
        world.store().raise_alert(alert).await.expect("it is raised");
    }
    super::outbox::resolve(&world, "one").await.expect("it is open");
    assert_eq!(prune(&world, KEEP).await.alerts, 0);
    world.wait(DAY * 2);
    assert_eq!(prune(&world, KEEP).await.alerts, 1);
    let left = world.store().alerts(AlertFilter { limit: 9, ..AlertFilter::default() }).await.expect("read");
    assert_eq!(left.items.len(), 1);
}
