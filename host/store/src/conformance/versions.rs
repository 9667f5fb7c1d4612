//! Versions that are set aside.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World};
use crate::{AttemptNote, PriorVersion, QuarantineRule, StoreError, Trap};
use anvil_types::{AsideCause, AsideVersion, AttemptUse, JobId, Lease};
use std::time::Duration;

const RULE: QuarantineRule = QuarantineRule { traps: 3, within: Duration::from_mins(10) };

/// A run broke on a version, of a job that is gone since.
async fn trap(world: &World<'_>, digest: &str, rule: QuarantineRule) -> Option<AsideVersion> {
    let lease = Lease { job: JobId::new(anvil_types::Timestamp::from_secs(1), 9), number: 1 };
    let instead = PriorVersion { version: "1.0.0".into(), digest: "d1".into() };
    let trap = Trap { kind: "memory".into(), version: "2.0.0".into(), rule, instead: Some(instead) };
    let (agent, digest, used) = (AGENT.to_owned(), digest.to_owned(), AttemptUse::default());
    let note = AttemptNote { lease, attempt: 1, agent, digest, used, trap: Some(trap) };
    world.store().note_run(note).await.expect("it is noted")
}

async fn aside(world: &World<'_>) -> Vec<(String, Option<String>, AsideCause)> {
    let all = world.store().versions_aside().await.expect("a read works");
    all.into_iter().map(|one| (one.digest, one.instead, one.cause)).collect()
}

async fn firing(world: &World<'_>) -> u64 {
    world.store().firing_alerts().await.expect("a read works")
}

async fn last_audit(world: &World<'_>) -> (String, String) {
    let entry = world.store().audit(1).await.expect("a read works").pop().expect("something changed");
    (entry.by, entry.action)
}

pub async fn a_version_that_breaks_too_often_is_set_aside_until_it_is_released(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    assert_eq!(trap(&world, "d2", RULE).await, None);
    assert_eq!(trap(&world, "d1", RULE).await, None, "another version counts by itself");
    // What is longer ago than the rule looks back does not count,
    world.wait(Duration::from_mins(11));
    assert_eq!(trap(&world, "d2", RULE).await, None);
    assert_eq!(trap(&world, "d2", RULE).await, None);
    // but a restart does not end what does.
    world.crash().await;
    let set_aside = trap(&world, "d2", RULE).await.expect("it is the third");
    assert_eq!((set_aside.digest.as_str(), set_aside.instead.as_deref()), ("d2", Some("d1")));
    assert_eq!(set_aside.reason, "3 runs broke on it within 10 minutes, the last by `memory`");
    assert_eq!(trap(&world, "d2", RULE).await, None, "once");
    assert_eq!(
        (firing(&world).await, last_audit(&world).await),
        (1, ("host".into(), "agent.quarantine".into()))
    );
    world.crash().await;
    let quarantined = [("d2".to_owned(), Some("d1".to_owned()), AsideCause::Quarantined)];
    assert_eq!(aside(&world).await, quarantined, "it outlives the host");
    assert!(!world.store().version_came(AGENT, "d2").await.expect("it works"), "the same file again");
    assert_eq!(aside(&world).await, quarantined);
    assert!(world.store().release_versions(AGENT, "ann").await.expect("it works"));
    assert_eq!((aside(&world).await.len(), firing(&world).await), (0, 0));
    assert_eq!(last_audit(&world).await, ("ann".into(), "agent.release".into()));
    assert!(!world.store().release_versions(AGENT, "ann").await.expect("it works"), "once");
    assert_eq!(trap(&world, "d2", RULE).await, None, "what was before does not count again");
}

pub async fn no_rule_sets_nothing_aside(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for _ in 0..20 {
        assert_eq!(trap(&world, "d2", QuarantineRule { traps: 0, ..RULE }).await, None);
    }
    assert!(aside(&world).await.is_empty());
}

pub async fn a_new_file_ends_a_quarantine_and_its_alert(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for _ in 0..3 {
        trap(&world, "d2", RULE).await;
    }
    assert_eq!(firing(&world).await, 1);
    world.store().version_came(AGENT, "d3").await.expect("it works");
    assert_eq!(firing(&world).await, 0);
    assert_eq!(
        aside(&world).await.len(),
        1,
        "the broken version itself stays set aside, should its file come back"
    );
}

pub async fn a_version_that_was_gone_back_from_stays_so_until_another_file_comes(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    world.store().roll_back(AGENT, "d2", "d1", "ann").await.expect("it works");
    assert_eq!(last_audit(&world).await, ("ann".into(), "agent.roll_back".into()));
    world.crash().await;
    let rolled_back = [("d2".to_owned(), Some("d1".to_owned()), AsideCause::RolledBack)];
    assert_eq!(aside(&world).await, rolled_back);
    assert!(!world.store().version_came(AGENT, "d2").await.expect("it works"), "the same file again");
    world.store().roll_back(AGENT, "d2", "d0", "bob").await.expect("further back");
    assert_eq!(aside(&world).await, [("d2".to_owned(), Some("d0".to_owned()), AsideCause::RolledBack)]);
    assert!(world.store().version_came(AGENT, "d3").await.expect("it works"));
    assert!(aside(&world).await.is_empty());
    assert_eq!(last_audit(&world).await, ("host".into(), "agent.roll_forward".into()));
    world.store().roll_back(AGENT, "d3", "d1", "ann").await.expect("it works");
    assert!(world.store().roll_forward(AGENT, "ann").await.expect("it works"));
    assert!(!world.store().roll_forward(AGENT, "ann").await.expect("it works"), "once");
    assert!(aside(&world).await.is_empty());
}

pub async fn nobody_goes_back_to_a_version_in_quarantine(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for _ in 0..3 {
        trap(&world, "d2", RULE).await;
    }
    let refused = world.store().roll_back(AGENT, "d3", "d2", "ann").await;
    assert!(matches!(refused, Err(StoreError::BadChange(_))), "{refused:?}");
    // Back from one in quarantine: it stays there, and another stands in.
    world.store().roll_back(AGENT, "d2", "d0", "ann").await.expect("it works");
    assert_eq!(aside(&world).await, [("d2".to_owned(), Some("d0".to_owned()), AsideCause::Quarantined)]);
}

pub async fn jobs_are_counted_by_the_version_that_they_go_on_on(factory: &dyn Factory) {
    let world = World::new(factory).await;
    assert!(world.store().jobs_by_version().await.expect("a read works").is_empty());
    let first = world.running().await;
    world.running().await;
    let digest = first.job.plugin_digest.clone().expect("it is pinned");
    assert_eq!(world.store().jobs_by_version().await.expect("a read works"), [(digest.clone(), 2)]);
    world.succeed(first.lease).await;
    assert_eq!(world.store().jobs_by_version().await.expect("a read works"), [(digest, 1)]);
}
