//! Jobs after jobs.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply};
use crate::{Claim, Finish, StoreError};
use anvil_types::{Clock, JobError, JobId, JobState, Json, NewJob, UpstreamKind, WaitReason};
use std::time::Duration;

async fn after(world: &World<'_>, parents: &[JobId]) -> JobId {
    world.submit(NewJob { after: parents.to_vec(), ..world.new_job() }).await
}

async fn fail(world: &World<'_>) -> JobId {
    let claimed = world.claim_one().await;
    let failed = Finish::Failed { error: bad_reply() };
    world.store().finish(claimed.lease, failed).await.expect("current");
    claimed.job.id
}

async fn succeed(world: &World<'_>) -> JobId {
    let claimed = world.claim_one().await;
    world.succeed(claimed.lease).await;
    claimed.job.id
}

async fn detail(world: &World<'_>, id: JobId) -> String {
    let wait = world.job(id).await.waiting_for.expect("it waits");
    assert_eq!(wait.reason, WaitReason::Parents);
    wait.detail
}

pub async fn a_job_starts_when_all_it_comes_after_have_succeeded(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let done = world.submit(world.new_job()).await;
    assert_eq!(succeed(&world).await, done);
    let first = world.submit(world.new_job()).await;
    let second = world.submit(world.new_job()).await;
    let child = after(&world, &[done, first, second]).await;
    assert_eq!(world.job(child).await.after, [done, first, second]);
    assert_eq!(world.state(child).await, JobState::Scheduled);
    assert!(
        detail(&world, child)
            .await
            .contains(&format!("2 jobs that have not succeeded yet: {first}, {second}"))
    );
    assert_eq!(world.store().next_due().await.expect("a read works"), None, "no time wakes it");
    let claimed = world.claim(9).await;
    assert_eq!(claimed.len(), 2, "its parents alone");
    world.succeed(claimed[0].lease).await;
    assert!(detail(&world, child).await.contains(&format!("after job {second}")));
    assert_eq!(world.claim(9).await, []);
    world.wait(Duration::from_mins(5));
    world.succeed(claimed[1].lease).await;
    let job = world.job(child).await;
    assert_eq!((job.state, job.waiting_for), (JobState::Queued, None));
    let counts = world.store().queue_counts().await.expect("a read works");
    assert_eq!(counts.oldest_queued, Some(world.clock.now()), "its wait for a slot begins now");
    assert_eq!(world.claim_one().await.job.id, child);
    let at_once = after(&world, &[done, first]).await;
    assert_eq!(world.state(at_once).await, JobState::Queued, "all have succeeded already");
}

pub async fn a_child_gets_what_its_parents_gave(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut parents = Vec::new();
    for number in 0..3 {
        let claimed = world.running().await;
        let name = format!("out/{number}.txt").parse().expect("a name");
        let bytes = vec![b'x'; number];
        world.store().put_artifact(claimed.lease, name, "text/plain".into(), bytes).await.expect("current");
        let result = format!(r#"{{"n":{number},"long":"{}"}}"#, "x".repeat(3_000)).parse().expect("JSON");
        world.store().finish(claimed.lease, Finish::Succeeded { result }).await.expect("current");
        parents.push(claimed.job.id);
    }
    parents.reverse();
    let child = after(&world, &parents).await;
    let given = world.store().parents(child).await.expect("a read works");
    assert_eq!(given.iter().map(|parent| parent.id).collect::<Vec<_>>(), parents, "in its own order");
    assert_eq!(given[0].result.value()["n"], 2);
    assert_eq!((given[0].artifacts[0].name.as_str(), given[0].artifacts[0].size), ("out/2.txt", 2));
    assert_eq!(given[0].agent, super::world::AGENT);
    let relatives = world.store().relatives(child).await.expect("a read works");
    assert_eq!(relatives.after.iter().map(|job| job.id).collect::<Vec<_>>(), parents);
    let relatives = world.store().relatives(parents[0]).await.expect("a read works");
    assert_eq!((relatives.after.len(), relatives.followed_by[0].id), (0, child));
    assert_eq!(world.store().parents(parents[0]).await.expect("a read works"), []);
}

pub async fn a_child_waits_for_its_own_time_too(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = world.running().await;
    let run_at = Some(world.clock.now() + Duration::from_hours(1));
    let child = NewJob { after: vec![parent.job.id], run_at, ..world.new_job() };
    let child = world.submit(child).await;
    assert_eq!(world.store().next_due().await.expect("a read works"), None);
    world.succeed(parent.lease).await;
    let wait = world.job(child).await.waiting_for.expect("it waits");
    assert_eq!((wait.reason, wait.until), (WaitReason::Schedule, run_at));
    assert_eq!(world.claim(9).await, []);
    world.wait(Duration::from_hours(1));
    assert_eq!(world.claim_one().await.job.id, child);
    // And where its time comes first, the parents count alone.
    let parent = world.running().await;
    let run_at = Some(world.clock.now() + Duration::from_secs(5));
    let child = NewJob { after: vec![parent.job.id], run_at, ..world.new_job() };
    let child = world.submit(child).await;
    world.wait(Duration::from_secs(10));
    assert_eq!(world.claim(9).await, []);
    world.succeed(parent.lease).await;
    assert_eq!(world.claim_one().await.job.id, child);
}

pub async fn a_job_comes_after_no_job_that_cannot_succeed(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let refused = async |new: NewJob| match world.store().enqueue(new).await {
        Err(StoreError::BadParent { parent, why }) => (parent, why),
        other => panic!("a refusal: {other:?}"),
    };
    let nobody = JobId::new(world.clock.now(), 0);
    let new = || NewJob { after: vec![nobody], ..world.new_job() };
    assert_eq!(refused(new()).await, (nobody, "there is no such job".to_owned()));
    let failed = world.submit(world.new_job()).await;
    assert_eq!(fail(&world).await, failed);
    let (parent, why) = refused(NewJob { after: vec![failed], ..world.new_job() }).await;
    assert!(parent == failed && why.contains("it failed"), "{why}");
    let cancelled = world.submit(world.new_job()).await;
    world.store().cancel(cancelled, "ann").await.expect("it waits");
    let (_, why) = refused(NewJob { after: vec![cancelled], ..world.new_job() }).await;
    assert!(why.contains("cancelled"), "{why}");
    let live = world.submit(NewJob { upstream: UpstreamKind::Live, ..world.new_job() }).await;
    let (_, why) = refused(NewJob { after: vec![live], ..world.new_job() }).await;
    assert!(why.contains("live"), "{why}");
    let counts = world.store().queue_counts().await.expect("a read works");
    assert_eq!((counts.queued, counts.scheduled), (0, 0), "nothing was taken in");
    // What was accepted once is not refused, whatever became of the parent.
    let parent = world.running().await;
    let child =
        NewJob { after: vec![parent.job.id], idempotency_key: Some("k".to_owned()), ..world.new_job() };
    let id = world.submit(child.clone()).await;
    world.store().cancel(parent.job.id, "ann").await.expect("it runs");
    assert_eq!(world.submit(NewJob { id: world.new_job().id, ..child.clone() }).await, id);
    let other = NewJob { id: world.new_job().id, after: Vec::new(), ..child };
    let refused = world.store().enqueue(other).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyConflict { .. })), "{refused:?}");
}

pub async fn what_comes_after_a_failed_job_fails_and_follows_its_retry(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = world.submit(world.new_job()).await;
    let child = after(&world, &[parent]).await;
    let grandchild = after(&world, &[child]).await;
    assert_eq!(fail(&world).await, parent);
    for (id, blamed) in [(child, parent), (grandchild, child)] {
        let job = world.job(id).await;
        let error = job.error.expect("it failed");
        assert_eq!((job.state, error.kind.as_str(), job.attempts), (JobState::Failed, "parent-failed", 0));
        assert!(error.message.contains(&blamed.to_string()), "{}", error.message);
        assert_eq!((job.finished_at, job.waiting_for), (Some(world.clock.now()), None));
        // It cannot run before the job that it comes after.
        let refused = world.store().retry(id, "ann").await;
        assert!(
            matches!(refused, Err(StoreError::BadParent { parent, .. }) if parent == blamed),
            "{refused:?}"
        );
    }
    world.store().retry(parent, "ann").await.expect("it failed");
    for id in [child, grandchild] {
        let job = world.job(id).await;
        assert_eq!((job.state, job.error, job.finished_at), (JobState::Scheduled, None, None));
        detail(&world, id).await;
    }
    assert_eq!(succeed(&world).await, parent);
    assert_eq!(succeed(&world).await, child);
    assert_eq!(succeed(&world).await, grandchild);
    // A parent that is tried again by itself takes nobody along.
    let parent = world.running().await;
    let child = after(&world, &[parent.job.id]).await;
    let retry = Finish::Retry { error: bad_reply(), at: world.clock.now() };
    world.store().finish(parent.lease, retry).await.expect("current");
    assert_eq!(world.state(child).await, JobState::Scheduled);
    // A person who stops a parent stops what comes after it.
    world.store().cancel(parent.job.id, "ann").await.expect("it waits");
    let error = world.job(child).await.error.expect("it failed");
    assert!(error.message.contains("was cancelled"), "{error}");
    world.store().retry(parent.job.id, "ann").await.expect("it was cancelled");
    assert_eq!(succeed(&world).await, parent.job.id);
    assert_eq!(succeed(&world).await, child);
}

pub async fn a_child_of_two_failed_jobs_waits_for_both(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let one = world.submit(world.new_job()).await;
    let two = world.submit(world.new_job()).await;
    let child = after(&world, &[one, two]).await;
    assert_eq!((fail(&world).await, fail(&world).await), (one, two));
    assert!(world.job(child).await.error.expect("it failed").message.contains(&one.to_string()));
    world.store().retry(one, "ann").await.expect("it failed");
    let job = world.job(child).await;
    assert_eq!(job.state, JobState::Failed, "the other has failed still");
    assert!(job.error.expect("it failed").message.contains(&two.to_string()));
    assert_eq!(succeed(&world).await, one);
    world.store().retry(two, "ann").await.expect("it failed");
    assert!(detail(&world, child).await.contains(&format!("after job {two}")));
    assert_eq!(succeed(&world).await, two);
    assert_eq!(succeed(&world).await, child);
}

/// One step of what is due, in which nobody takes a job.
async fn step(world: &World<'_>) {
    let nobody = Claim { agents: Vec::new(), ..world.claim_of(1) };
    world.store().claim(nobody).await.expect("a claim works");
}

async fn failed(world: &World<'_>) -> u64 {
    world.store().queue_counts().await.expect("a read works").failed
}

pub async fn a_long_chain_falls_and_rises_step_by_step(factory: &dyn Factory) {
    const LONG: u64 = 800;
    // As many as move along in one step, and a few that were due.
    const MOST: u64 = 201;
    let mut world = World::new(factory).await;
    let first = world.submit(world.new_job()).await;
    let mut chain = vec![first];
    for _ in 0..LONG {
        chain.push(after(&world, &chain[chain.len() - 1..]).await);
    }
    assert_eq!(fail(&world).await, first);
    let mut count = failed(&world).await;
    assert!(count <= MOST, "nobody waits for the whole of it: {count}");
    for _ in 0..9 {
        step(&world).await;
        let now = failed(&world).await;
        assert!(now - count <= MOST, "from {count} to {now}");
        count = now;
    }
    assert_eq!(count, LONG + 1);
    world.store().retry(first, "ann").await.expect("it failed");
    for round in 0..9 {
        let now = failed(&world).await;
        assert!(count - now <= MOST, "from {count} to {now}");
        count = now;
        // What is left rises after a restart too.
        if round == 1 {
            assert!(count > 0, "it is in the middle");
            world.crash().await;
        }
        step(&world).await;
    }
    let counts = world.store().queue_counts().await.expect("a read works");
    assert_eq!((counts.failed, counts.scheduled, counts.queued), (0, LONG, 1));
    let due = world.store().next_due().await.expect("a read works");
    assert_eq!(due, None, "nobody is looked at again");
    for id in &chain[..20] {
        assert_eq!(succeed(&world).await, *id);
    }
}

pub async fn what_rises_later_follows_what_became_of_its_parents_meanwhile(factory: &dyn Factory) {
    const MANY: usize = 450;
    let world = World::new(factory).await;
    for succeeds in [true, false] {
        let parent = world.submit(world.new_job()).await;
        let mut children = Vec::new();
        for _ in 0..MANY {
            children.push(after(&world, &[parent]).await);
        }
        let last = after(&world, &children[MANY - 1..]).await;
        assert_eq!(fail(&world).await, parent);
        for _ in 0..4 {
            step(&world).await;
        }
        assert_eq!(world.state(last).await, JobState::Failed);
        world.store().retry(parent, "ann").await.expect("it failed");
        assert_eq!(world.state(children[MANY - 1]).await, JobState::Failed, "its turn is still to come");
        // Taken out in the step that takes others along, it ends before the last of them have risen.
        let claimed = world.claim_one().await;
        assert_eq!(claimed.job.id, parent);
        assert_eq!(world.state(children[MANY - 1]).await, JobState::Failed);
        if succeeds {
            world.succeed(claimed.lease).await;
        } else {
            let again = Finish::Failed { error: bad_reply() };
            world.store().finish(claimed.lease, again).await.expect("current");
        }
        for _ in 0..9 {
            step(&world).await;
        }
        for child in &children {
            let wanted = if succeeds { JobState::Queued } else { JobState::Failed };
            assert_eq!(world.state(*child).await, wanted, "{succeeds}");
            if succeeds {
                world.store().cancel(*child, "ann").await.expect("it waits");
            }
        }
        let job = world.job(last).await;
        assert_eq!(job.state, JobState::Failed, "with the child that it comes after");
        assert_eq!(world.store().next_due().await.expect("a read works"), None);
    }
}

pub async fn a_job_that_is_stopped_does_not_start_after_its_parents(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let one = world.running().await;
    let two = world.running().await;
    let child = after(&world, &[one.job.id, two.job.id]).await;
    world.store().cancel(child, "ann").await.expect("it waits");
    world.succeed(one.lease).await;
    assert_eq!(world.state(child).await, JobState::Cancelled);
    // Run again, it waits for what is left.
    let job = world.store().retry(child, "ann").await.expect("it was cancelled");
    assert_eq!(job.state, JobState::Scheduled);
    assert!(detail(&world, child).await.contains(&format!("after job {}", two.job.id)));
    world.store().cancel(child, "ann").await.expect("it waits");
    world.succeed(two.lease).await;
    assert_eq!(world.claim(9).await, []);
    assert_eq!(world.store().retry(child, "ann").await.expect("it was cancelled").state, JobState::Queued);
}

pub async fn a_child_survives_a_crash(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let parent = world.running().await.job.id;
    let child = after(&world, &[parent]).await;
    let last = after(&world, &[child]).await;
    world.crash().await;
    assert_eq!(world.state(child).await, JobState::Scheduled);
    assert_eq!(succeed(&world).await, parent);
    for _ in 0..3 {
        assert_eq!(world.claim_one().await.job.id, child);
        world.crash().await;
    }
    // It is poison, and the start that found it so told what comes after it.
    assert_eq!(world.state(child).await, JobState::Failed);
    let error = world.job(last).await.error.expect("it failed");
    assert!(error.kind == "parent-failed" && error.message.contains("poison"), "{error}");
}

pub async fn many_children_follow_step_by_step(factory: &dyn Factory) {
    const MANY: usize = 450;
    let world = World::new(factory).await;
    for succeeds in [true, false] {
        let parent = world.running().await;
        let after = vec![parent.job.id];
        let later = Some(world.clock.now() + Duration::from_hours(1));
        let mut children = Vec::new();
        for number in 0..MANY {
            let run_at = if number == MANY - 1 { later } else { None };
            children.push(NewJob { after: after.clone(), run_at, ..world.new_job() });
        }
        let ids: Vec<_> = children.iter().map(|child| child.id).collect();
        for taken in world.store().enqueue_many(children).await.expect("room") {
            taken.expect("taken");
        }
        let error = JobError { kind: "bad-reply".to_owned(), message: "no".to_owned() };
        let end =
            if succeeds { Finish::Succeeded { result: Json::null() } } else { Finish::Failed { error } };
        world.finish(parent.lease, end).await;
        let states = async || {
            let mut counts = [0; 3];
            for id in &ids {
                counts[match world.state(*id).await {
                    JobState::Scheduled => 0,
                    JobState::Queued => 1,
                    _ => 2,
                }] += 1;
            }
            counts
        };
        assert_eq!(
            states().await,
            if succeeds { [250, 200, 0] } else { [250, 0, 200] },
            "no step has them all"
        );
        // Every claim takes the next of them along.
        for _ in 0..3 {
            step(&world).await;
        }
        assert_eq!(states().await, if succeeds { [1, MANY - 1, 0] } else { [0, 0, MANY] });
        if succeeds {
            let last = world.job(ids[MANY - 1]).await;
            assert_eq!(last.waiting_for.map(|wait| wait.until), Some(later), "it waits for its time");
            for id in &ids {
                world.store().cancel(*id, "ann").await.expect("unfinished");
            }
        }
    }
}

pub async fn parents_give_only_so_much(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let large: Json = format!("\"{}\"", "x".repeat(6 << 20)).parse().expect("JSON");
    let mut parents = Vec::new();
    for count in 1..=3 {
        let parent = world.running().await;
        world.finish(parent.lease, Finish::Succeeded { result: large.clone() }).await;
        parents.push(parent.job.id);
        let child = world.submit(NewJob { after: parents.clone(), ..world.new_job() }).await;
        let given = world.store().parents(child).await;
        match count {
            3 => assert!(matches!(given, Err(StoreError::TooMuchFromParents { .. })), "18 MiB"),
            _ => assert_eq!(given.expect("a read works").len(), count),
        }
        world.store().cancel(child, "ann").await.expect("it waits");
    }
}
