//! A person changes a job that waits.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::search::{found, search};
use super::world::{World, bad_reply, dollars, entry, next};
use crate::{Finish, HoldDecision, JobEdit, JobFilter, JournalKind, Start, StoreError};
use anvil_types::{Clock, EventKind, Job, JobId, JobState, NewJob, Priority, WaitReason};
use std::time::Duration;

async fn edit(world: &World<'_>, id: JobId, edit: JobEdit) -> Job {
    let job = world.store().edit_job(id, edit, "ann").await.expect("it waits");
    assert_eq!(job, world.job(id).await);
    job
}

async fn refused(world: &World<'_>, id: JobId, edit: JobEdit) -> StoreError {
    let before = world.store().job(id).await.expect("a read works");
    let error = world.store().edit_job(id, edit, "ann").await.expect_err("a refusal");
    assert_eq!(world.store().job(id).await.expect("a read works"), before, "nothing was changed");
    error
}

fn urgent() -> JobEdit {
    JobEdit { priority: Some(Priority::High), ..JobEdit::default() }
}

fn at(start: Start) -> JobEdit {
    JobEdit { start: Some(start), ..JobEdit::default() }
}

fn cap(usd: i64) -> JobEdit {
    JobEdit { max_cost: Some(dollars(usd)), ..JobEdit::default() }
}

fn payload(text: &str) -> JobEdit {
    JobEdit { payload: Some(text.parse().expect("JSON")), ..JobEdit::default() }
}

pub async fn a_waiting_job_is_changed_and_tells_of_it(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.submit(world.new_job()).await;
    let id = world.submit(world.new_job()).await;
    let mut events = world.store().subscribe();
    let all = JobEdit {
        tags: Some(vec!["b".into(), "c".into(), "b".into()]),
        max_cost: Some(dollars(2)),
        ..JobEdit { priority: Some(Priority::High), ..payload("[12345678901234567890123]") }
    };
    let job = edit(&world, id, all).await;
    assert_eq!((job.state, job.priority, job.max_cost), (JobState::Queued, Priority::High, dollars(2)));
    assert_eq!((job.tags.join(" "), job.payload.as_str()), ("b c b".into(), "[12345678901234567890123]"));
    let told = next(&mut events).await;
    assert_eq!(told.job, Some(id));
    assert!(matches!(told.kind, EventKind::Job { state: JobState::Queued, .. }), "{told:?}");
    let note = world.store().audit(1).await.expect("a read works").remove(0);
    assert_eq!((note.by.as_str(), note.action.as_str()), ("ann", "job.edit"));
    let detail = format!(r#"{id} priority=high tags=["b","c","b"] max_cost="#);
    assert!(note.detail.starts_with(&detail) && note.detail.ends_with(" payload"), "{}", note.detail);
    assert_eq!(world.claim_one().await.job.id, id, "the more urgent one goes first");
    // What is not named stays.
    let job = edit(&world, first, cap(3)).await;
    let new = world.new_job();
    assert_eq!((job.priority, job.tags, job.payload), (new.priority, new.tags, new.payload));
    let nothing = refused(&world, first, JobEdit::default()).await;
    assert!(matches!(nothing, StoreError::BadChange(_)), "{nothing}");
    let nobody = JobId::new(world.clock.now(), 0);
    assert!(matches!(refused(&world, nobody, urgent()).await, StoreError::NoSuchJob(_)));
}

pub async fn a_job_that_does_not_wait_is_not_changed(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parked = world.running().await;
    world.park(parked.lease, WaitReason::Money).await;
    assert_eq!(edit(&world, parked.job.id, urgent()).await.priority, Priority::High);
    assert_eq!(world.state(parked.job.id).await, JobState::Parked, "it waits for what it waited for");
    let error = refused(&world, parked.job.id, at(Start::Now)).await;
    assert!(error.to_string().contains("is parked: it has begun"), "{error}");
    let running = world.running().await;
    let error = refused(&world, running.job.id, urgent()).await;
    assert!(matches!(error, StoreError::NotEditable { .. }), "{error}");
    assert!(error.to_string().ends_with("cancel it and duplicate it"), "{error}");
    world.succeed(running.lease).await;
    let failed = world.running().await;
    world.finish(failed.lease, Finish::Failed { error: bad_reply() }).await;
    let cancelled = world.submit(world.new_job()).await;
    world.store().cancel(cancelled, "ann").await.expect("it waits");
    for (id, state) in [(running.job.id, "succeeded"), (failed.job.id, "failed"), (cancelled, "cancelled")] {
        let error = refused(&world, id, urgent()).await.to_string();
        assert!(error.contains(&format!("is {state}")) && error.contains("duplicate it"), "{error}");
    }
}

pub async fn a_new_time_moves_a_job_between_waiting_and_the_queue(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let now = world.clock.now();
    let (soon, late) = (now + Duration::from_mins(10), now + Duration::from_hours(1));
    let id = world.submit(world.new_job()).await;
    let job = edit(&world, id, at(Start::At(late))).await;
    assert_eq!((job.state, job.run_at), (JobState::Scheduled, Some(late)));
    let wait = job.waiting_for.expect("it waits");
    assert_eq!((wait.reason, wait.until), (WaitReason::Schedule, Some(late)));
    assert_eq!(world.claim(1).await, []);
    // Earlier, so that the host wakes for it.
    let job = edit(&world, id, at(Start::At(soon))).await;
    assert_eq!((job.state, job.run_at), (JobState::Scheduled, Some(soon)));
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(soon));
    world.wait(Duration::from_mins(10));
    let claimed = world.claim_one().await;
    assert_eq!(claimed.job.id, id);
    // Into the queue, by no time and by one that has passed.
    for (start, run_at) in [(Start::Now, None), (Start::At(now), Some(now))] {
        let other = world.submit(NewJob { run_at: Some(late), ..world.new_job() }).await;
        let job = edit(&world, other, at(start)).await;
        assert_eq!((job.state, job.run_at, job.waiting_for), (JobState::Queued, run_at, None));
        assert_eq!(edit(&world, other, at(start)).await.state, JobState::Queued, "it is there already");
        assert_eq!(world.claim_one().await.job.id, other);
    }
    // A job that waits before its next attempt need not.
    let retry = Finish::Retry { error: bad_reply(), at: late };
    world.finish(claimed.lease, retry).await;
    assert_eq!(edit(&world, id, at(Start::Now)).await.state, JobState::Queued);
    assert_eq!(world.claim_one().await.job.attempts, 2);
}

pub async fn a_new_time_of_a_job_that_comes_after_others_counts_after_them(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = world.running().await;
    let child = NewJob { after: vec![parent.job.id], ..world.new_job() };
    let other = NewJob { id: world.new_job().id, ..child.clone() };
    let (child, other) = (world.submit(child).await, world.submit(other).await);
    let late = world.clock.now() + Duration::from_hours(1);
    for (id, start) in [(child, Start::At(late)), (other, Start::Now)] {
        let job = edit(&world, id, at(start)).await;
        assert_eq!(job.state, JobState::Scheduled);
        assert_eq!(job.waiting_for.expect("it waits").reason, WaitReason::Parents);
    }
    assert_eq!(world.store().next_due().await.expect("a read works"), None);
    world.succeed(parent.lease).await;
    assert_eq!(world.claim(9).await.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [other]);
    let wait = world.job(child).await.waiting_for.expect("it waits");
    assert_eq!((wait.reason, wait.until), (WaitReason::Schedule, Some(late)));
    assert_eq!(edit(&world, child, at(Start::Now)).await.state, JobState::Queued);
}

pub async fn paid_work_keeps_its_payload(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let id = claimed.job.id;
    world.finish(claimed.lease, Finish::Released).await;
    assert_eq!(edit(&world, id, payload("[1]")).await.payload.as_str(), "[1]", "nothing is paid yet");
    let claimed = world.claim_one().await;
    assert_eq!(claimed.job.payload.as_str(), "[1]");
    world.store().journal(entry(claimed.lease, 0, JournalKind::Call)).await.expect("current");
    world.finish(claimed.lease, Finish::Released).await;
    let error = refused(&world, id, JobEdit { priority: Some(Priority::High), ..payload("[2]") }).await;
    assert!(error.to_string().contains("cancel it and duplicate it with another"), "{error}");
    assert_eq!(edit(&world, id, urgent()).await.priority, Priority::High, "the rest changes");
}

pub async fn a_cap_is_never_less_than_what_is_spent_and_held(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let spent = world.hold_by(claimed.lease, dollars(2));
    assert!(matches!(world.ask(spent.clone()).await, HoldDecision::Granted { .. }));
    world.settle(spent.id, dollars(2)).await;
    let held = world.ask(world.hold_by(claimed.lease, dollars(3))).await;
    assert!(matches!(held, HoldDecision::Granted { .. }));
    let id = claimed.job.id;
    world.finish(claimed.lease, Finish::Released).await;
    assert_eq!((world.job(id).await.cost, world.job(id).await.held), (dollars(2), dollars(3)));
    let error = refused(&world, id, cap(4)).await;
    assert!(matches!(error, StoreError::BadChange(_)), "{error}");
    assert!(error.to_string().contains("has spent"), "{error}");
    assert_eq!(edit(&world, id, cap(5)).await.max_cost, dollars(5));
    let other = world.submit(world.new_job()).await;
    assert!(matches!(refused(&world, other, cap(0)).await, StoreError::BadChange(_)));
}

pub async fn a_changed_job_is_found_by_its_new_words_and_tags(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let tagged = |tag: &str| JobFilter { tag: Some(tag.to_owned()), limit: 9, ..JobFilter::default() };
    let new = NewJob { payload: r#"["otter"]"#.parse().expect("JSON"), ..world.new_job() };
    let id = world.submit(new).await;
    assert_eq!(found(&world, search("otter")).await, [id]);
    edit(&world, id, payload(r#"["beaver"]"#)).await;
    assert_eq!(found(&world, search("otter")).await, []);
    assert_eq!(found(&world, search("beaver")).await, [id]);
    edit(&world, id, JobEdit { tags: Some(vec!["new".into()]), ..urgent() }).await;
    assert_eq!(found(&world, tagged("a")).await, []);
    assert_eq!(found(&world, tagged("new")).await, [id]);
    let urgent = JobFilter { priority: Some(Priority::High), tag: Some("new".into()), ..search("beaver") };
    assert_eq!(found(&world, urgent).await, [id]);
    assert_eq!(found(&world, JobFilter { tag: Some("a".into()), ..search("beaver") }).await, []);
}
