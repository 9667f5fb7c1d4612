//! What one host does for all that work on a database.

#![expect(missing_docs, reason = "the names are sentences")]

use super::outbox::{due, hook, raise};
use super::schedules::{firing, nightly};
use super::world::wide;
use super::{Factory, World};
use crate::{Fired, Pruned, Retention};
use anvil_types::Clock as _;
use std::time::Duration;

/// Longer than a host is waited for.
const LONG: Duration = Duration::from_mins(6);
const NOTHING_OLD: Retention =
    Retention { finished_for: Duration::ZERO, finished_jobs: 0, alerts_for: Duration::from_hours(24) };

async fn two(factory: &dyn Factory) -> (World<'_>, World<'_>) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    (one, other)
}

async fn takes_over(other: &World<'_>) {
    other.wait(LONG);
    other.store().look().await.expect("a look works");
}

pub async fn an_alert_is_delivered_by_one_host_and_by_another_when_that_is_gone(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    hook(&other, "ops").await;
    raise(&other, "day").await;
    assert_eq!((due(&one, "ops").await.len(), due(&other, "ops").await.len()), (1, 0));
    let next = |world: &World<'_>| {
        let store = world.store().clone();
        async move { store.next_deliveries().await.expect("a read works").len() }
    };
    assert_eq!((next(&one).await, next(&other).await), (1, 0));
    one.vanish();
    other.store().look().await.expect("a look works");
    assert_eq!(due(&other, "ops").await.len(), 0, "it may return");
    takes_over(&other).await;
    assert_eq!((due(&other, "ops").await.len(), next(&other).await), (1, 1));
}

pub async fn what_is_old_is_taken_out_by_one_host_and_by_another_when_that_is_gone(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    for _ in 0..2 {
        let claimed = other.running().await;
        other.succeed(claimed.lease).await;
    }
    other.wait(Duration::from_secs(1));
    let prune = |world: &World<'_>| {
        let store = world.store().clone();
        async move { store.prune(NOTHING_OLD).await.expect("it prunes") }
    };
    assert_eq!(prune(&other).await, Pruned::default());
    assert_eq!(prune(&one).await.jobs, 2);
    let claimed = other.running().await;
    other.succeed(claimed.lease).await;
    one.vanish();
    takes_over(&other).await;
    assert_eq!(prune(&other).await.jobs, 1);
}

pub async fn a_host_that_ends_in_order_leaves_its_duties_to_the_next_look(factory: &dyn Factory) {
    let (mut one, other) = two(factory).await;
    hook(&other, "ops").await;
    raise(&other, "day").await;
    one.store().close().await;
    one.vanish();
    other.store().look().await.expect("a look works");
    assert_eq!(due(&other, "ops").await.len(), 1);
}

pub async fn a_time_of_a_schedule_is_taken_in_once_by_however_many_hosts(factory: &dyn Factory) {
    let (one, other) = two(factory).await;
    let now = one.clock.now();
    let schedule = one.store().put_schedule(nightly(&one, Some(now)), "ann").await.expect("made");
    let later = now + Duration::from_hours(1);
    let (first, second) = (firing(&one, &schedule, &[now], later), firing(&other, &schedule, &[now], later));
    let taken = one.store().fire_schedule(first).await.expect("it fires").taken.len();
    assert_eq!(taken, 1);
    assert_eq!(other.store().fire_schedule(second).await.expect("it is too late"), Fired::default());
}
