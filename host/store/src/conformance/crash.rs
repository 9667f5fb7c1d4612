//! What a host that ended without a word leaves, and what the next start makes of it.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, entry, time};
use crate::{Finish, HoldDecision, JournalKind, Recovered, StoreError, Suspects};
use anvil_types::{CallState, Clock, JobState};
use std::time::Duration;

pub async fn a_crash_puts_running_jobs_back_with_their_journal(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let before = world.running().await;
    let waiting = world.submit(world.new_job()).await;
    world.store().journal(entry(before.lease, 0, JournalKind::Call)).await.expect("current");
    world.crash().await;
    assert_eq!(world.store().recovered(), Recovered { requeued: 1, ..Recovered::default() });
    // No lease has run out: a restarted host waits for none of its own.
    let after = world.claim_one().await;
    assert_eq!((after.job.id, after.lease.number), (before.job.id, before.lease.number + 1));
    assert_eq!((after.job.attempts, after.journal.len()), (1, 1));
    assert_eq!(world.claim_one().await.job.id, waiting);
    let late = world.store().finish(before.lease, Finish::Released).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
}

pub async fn a_job_in_three_crashes_without_progress_is_poison(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    for crash in 1..=3 {
        world.claim_one().await;
        world.crash().await;
        assert_eq!(world.store().recovered().poisoned, u64::from(crash == 3));
    }
    let job = world.job(id).await;
    assert_eq!((job.state, job.error.map(|error| error.kind)), (JobState::Failed, Some("poison".to_owned())));
    assert_eq!(world.store().attempts(id).await.expect("a read works").len(), 1);
}

pub async fn who_was_beside_others_in_three_crashes_runs_again_alone(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let ids = [world.submit(world.new_job()).await, world.submit(world.new_job()).await];
    for _ in 0..3 {
        assert_eq!(world.claim(9).await.len(), 2);
        world.crash().await;
        assert_eq!(world.store().recovered().poisoned, 0, "either of them may be harmless");
    }
    let fresh = world.submit(world.new_job()).await;
    let others: Vec<_> = world.claim(9).await;
    assert_eq!(others.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [fresh], "others go first");
    assert_eq!(world.claim(9).await, [], "a suspect does not run beside them");
    let waiting = Suspects { waiting: ids.map(|id| (id, AGENT.to_owned())).to_vec(), ..Suspects::default() };
    assert_eq!(world.store().suspects().await.expect("a read works"), waiting);
    world.succeed(others[0].lease).await;
    let alone = world.claim(9).await;
    assert_eq!(alone.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [ids[0]]);
    let suspects = world.store().suspects().await.expect("a read works");
    assert_eq!((suspects.running, suspects.waiting.len()), (Some(ids[0]), 1));
    world.submit(world.new_job()).await;
    assert_eq!(world.claim(9).await, [], "nor does another beside a suspect");
    // An answer in its journal clears it: whatever ended the host, it gets on.
    world.store().journal(entry(alone[0].lease, 0, JournalKind::Call)).await.expect("current");
    assert_eq!(world.claim(9).await.len(), 1);
    world.crash().await;
    assert_eq!(world.store().recovered().poisoned, 0);
    for claimed in world.claim(9).await {
        assert_ne!(claimed.job.id, ids[1]);
        world.succeed(claimed.lease).await;
    }
    assert_eq!(world.claim_one().await.job.id, ids[1], "the other has its turn");
    world.crash().await;
    assert_eq!(world.store().recovered().poisoned, 1, "it was alone");
    assert_eq!(world.job(ids[1]).await.error.map(|error| error.kind).as_deref(), Some("poison"));
}

pub async fn suspects_get_their_turn_when_others_never_end(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let ids = [world.submit(world.new_job()).await, world.submit(world.new_job()).await];
    for _ in 0..3 {
        assert_eq!(world.claim(9).await.len(), 2);
        world.crash().await;
    }
    world.submit(world.new_job()).await;
    let busy = world.claim_one().await;
    world.wait(Duration::from_mins(6));
    world.store().heartbeat(vec![busy.lease], Duration::from_hours(1)).await.expect("current");
    world.submit(world.new_job()).await;
    assert_eq!(world.claim(9).await, [], "nothing new is begun once they have waited for long");
    let suspects = world.store().suspects().await.expect("a read works");
    assert_eq!((suspects.running, suspects.come_first), (None, true), "and it is told for whom");
    world.succeed(busy.lease).await;
    assert_eq!(world.claim(9).await.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [ids[0]]);
}

pub async fn a_crash_while_a_call_waits_is_no_step_towards_poison(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    for _ in 0..5 {
        let claimed = world.claim_one().await;
        world.store().note_wait(claimed.lease).await.expect("current");
        world.crash().await;
        assert_eq!(world.store().recovered().poisoned, 0);
    }
    for crash in 1..=3 {
        let claimed = world.claim_one().await;
        world.store().note_wait(claimed.lease).await.expect("current");
        // What was sent is not waiting any more.
        let held = world.ask(world.hold_by(claimed.lease, dollars(1))).await;
        assert!(matches!(held, HoldDecision::Granted { .. }));
        world.crash().await;
        assert_eq!(world.store().recovered().poisoned, u64::from(crash == 3));
    }
    assert_eq!(world.state(id).await, JobState::Failed);
}

pub async fn progress_between_crashes_is_no_poison(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    for position in 0..8 {
        let claimed = world.claim_one().await;
        // Every second time it comes no further.
        if position % 2 == 0 {
            let write = entry(claimed.lease, position, JournalKind::Call);
            world.store().journal(write).await.expect("current");
        }
        world.crash().await;
    }
    assert_eq!(world.state(id).await, JobState::Queued);
    assert_eq!(world.claim_one().await.journal.len(), 4);
}

pub async fn an_open_hold_is_unknown_after_a_crash(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    let request = world.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.hold(dollars(4)).await;
    assert_eq!(world.store().open_holds().await.expect("a read works").len(), 2);
    world.crash().await;
    assert_eq!(world.store().recovered().unknown_holds, 2);
    assert_eq!(world.store().open_holds().await.expect("a read works"), []);
    let total = world.snapshot().await.total;
    assert_eq!((total.settled, total.unknown, total.held), (dollars(0), dollars(7), dollars(0)));
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.cost, job.unknown, job.held), (dollars(3), dollars(3), dollars(0)));
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!((calls[0].state, calls[0].cost), (CallState::Unknown, dollars(3)));
    assert_eq!(calls[0].detail.as_deref(), Some("host crash"));
    let late = world.settle(call, dollars(1)).await;
    assert!(!late.first, "the sweep was first");
    world.check_sums().await;
}

pub async fn an_orderly_end_leaves_nothing_to_recover(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    world.store().finish(claimed.lease, Finish::Released).await.expect("current");
    world.store().close().await;
    world.crash().await;
    assert_eq!(world.store().recovered(), Recovered::default());
    assert_eq!(world.claim_one().await.job.id, claimed.job.id);
}

pub async fn time_never_runs_backwards(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    world.wait(Duration::from_hours(2));
    world.spend(dollars(1)).await;
    let latest = world.clock.now();
    world.clock.set(time("2020-01-01T00:00:00Z"));
    assert!(matches!(
        world.ask(world.hold_of(dollars(1))).await,
        HoldDecision::Granted { at } if at == latest
    ));
    world.crash().await;
    assert!(matches!(
        world.ask(world.hold_of(dollars(1))).await,
        HoldDecision::Granted { at } if at >= latest
    ));
    let events = world.store().events(0, None, 1_000).await.expect("a read works");
    assert!(events.is_sorted_by_key(|event| event.at));
}

pub async fn a_closed_store_says_so(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    world.store().close().await;
    assert!(matches!(world.store().enqueue(world.new_job()).await, Err(StoreError::Closed)));
    assert_eq!(world.job(id).await.id, id, "what is durable can be read");
    world.store().close().await;
}
