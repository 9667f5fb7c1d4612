//! Jobs that come from another host's export.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply, dollars, time};
use crate::{FinishedJob, Imported, ImportedFile, ImportedJob, JobFilter, Retention, StoreError};
use anvil_types::{Attempt, AttemptUse, Clock, Job, JobId, JobState, Nanodollars, NewJob, WaitReason};
use std::time::Duration;

/// A job that failed on another host, where it cost something.
fn failed(world: &World<'_>) -> FinishedJob {
    let new = world.new_job();
    let began = time("2026-11-20T08:00:00Z");
    let ended = time("2026-11-20T08:00:09Z");
    let job = Job {
        id: new.id,
        agent: new.agent,
        action: new.action,
        payload: new.payload,
        state: JobState::Failed,
        priority: new.priority,
        attempts: 2,
        max_attempts: 3,
        cost: dollars(3),
        unknown: dollars(1),
        held: Nanodollars::ZERO,
        team: Nanodollars::ZERO,
        max_cost: new.max_cost,
        calls: 4,
        waiting_for: None,
        result: None,
        error: Some(bad_reply()),
        progress: Some(0.5),
        progress_line: Some("half".to_owned()),
        tags: vec!["a".to_owned(), "old".to_owned()],
        after: Vec::new(),
        lead: None,
        root: None,
        schedule: Some("nightly".to_owned()),
        inputs: Vec::new(),
        economy: None,
        upstream: new.upstream,
        plugin_digest: Some("d9".to_owned()),
        created_at: began,
        run_at: None,
        started_at: Some(began),
        finished_at: Some(ended),
        lease: 0,
    };
    let attempt = |number, error| Attempt {
        number,
        started_at: began,
        ended_at: Some(ended),
        error,
        used: AttemptUse { cpu_us: 7, ..AttemptUse::default() },
    };
    FinishedJob {
        job,
        attempts: vec![attempt(1, None), attempt(2, Some(bad_reply()))],
        inputs: Vec::new(),
        files: vec![ImportedFile {
            name: "out/a.txt".parse().expect("a name"),
            media_type: "text/plain".to_owned(),
            created_at: ended,
            bytes: b"abc".to_vec(),
        }],
    }
}

fn finished(job: &FinishedJob) -> ImportedJob {
    ImportedJob::Finished(Box::new(job.clone()))
}

async fn import(world: &World<'_>, jobs: Vec<ImportedJob>) -> Vec<Result<Imported, StoreError>> {
    world.store().import_jobs(jobs, None).await.expect("all are decided")
}

async fn import_one(world: &World<'_>, job: ImportedJob) -> Result<Imported, StoreError> {
    import(world, vec![job]).await.pop().expect("an answer")
}

async fn came(world: &World<'_>, job: &FinishedJob) -> JobId {
    let answer = import_one(world, finished(job)).await;
    assert!(matches!(answer, Ok(Imported::New { id, state }) if id == job.job.id && state == job.job.state));
    job.job.id
}

pub async fn a_finished_job_comes_in_as_history_that_cost_nothing_here(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    world.spend(dollars(5)).await;
    let before = world.snapshot().await.total;
    let old = failed(&world);
    let answers =
        world.store().import_jobs(vec![finished(&old)], Some(("ann", "an export"))).await.expect("it runs");
    assert!(matches!(answers[..], [Ok(Imported::New { .. })]), "{answers:?}");
    world.crash().await;
    let id = old.job.id;
    let expected = Job {
        cost: Nanodollars::ZERO,
        unknown: Nanodollars::ZERO,
        calls: 0,
        plugin_digest: None,
        ..old.job.clone()
    };
    assert_eq!(world.job(id).await, expected);
    assert_eq!(world.store().attempts(id).await.expect("a read works"), old.attempts);
    let (info, bytes) =
        world.store().artifact(id, &old.files[0].name).await.expect("a read works").expect("the file");
    assert_eq!((info.size, info.created_at, bytes), (3, old.files[0].created_at, b"abc".to_vec()));
    let log = world.store().log(id, 0, 9).await.expect("a read works");
    assert!(
        log.len() == 1 && log[0].line.contains("it cost $3") && log[0].line.contains("4 calls"),
        "{log:?}"
    );
    assert_eq!(world.store().calls(id).await.expect("a read works"), []);
    assert_eq!(world.snapshot().await.total, before);
    world.check_sums().await;
    let audit = world.store().audit(1).await.expect("a read works");
    assert_eq!((audit[0].by.as_str(), audit[0].action.as_str()), ("ann", "job.import"));
}

pub async fn an_import_comes_in_once_and_never_over_another_job(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let old = failed(&world);
    came(&world, &old).await;
    let again = import_one(&world, finished(&old)).await;
    assert!(matches!(again, Ok(Imported::Existing { id, .. }) if id == old.job.id), "{again:?}");
    let with = |change: &dyn Fn(&mut Job)| {
        let mut other = old.clone();
        change(&mut other.job);
        finished(&other)
    };
    let others = vec![
        with(&|job| job.agent.push('x')),
        with(&|job| job.action.push('x')),
        with(&|job| job.payload = "1".parse().expect("JSON")),
        with(&|job| job.state = JobState::Cancelled),
    ];
    for answer in import(&world, others).await {
        assert!(matches!(answer, Err(StoreError::OtherJob(id)) if id == old.job.id), "{answer:?}");
    }
    assert_eq!(world.store().queue_counts().await.expect("a read works").failed, 1);
    assert_eq!(world.store().log(old.job.id, 0, 9).await.expect("a read works").len(), 1);
}

pub async fn what_is_no_finished_job_is_refused_by_itself(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let with = |change: &dyn Fn(&mut FinishedJob)| {
        let mut job = failed(&world);
        change(&mut job);
        finished(&job)
    };
    let later = world.clock.now() + Duration::from_hours(25);
    let wrong = vec![
        with(&|job| job.job.state = JobState::Queued),
        with(&|job| job.job.finished_at = None),
        with(&|job| job.job.finished_at = Some(later)),
        with(&|job| job.job.max_cost = Nanodollars::ZERO),
        with(&|job| job.job.attempts = u32::MAX),
        with(&|job| job.attempts[1].number = 1),
        with(&|job| job.files.push(job.files[0].clone())),
        with(&|job| job.job.after = vec![job.job.id, job.job.id]),
        with(&|_| {}),
    ];
    let mut answers = import(&world, wrong).await;
    assert!(answers.pop().is_some_and(|last| last.is_ok()), "the right one comes in");
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::BadChange(_))), "{answer:?}");
    }
    assert_eq!(
        world
            .store()
            .jobs(JobFilter { limit: 50, ..JobFilter::default() })
            .await
            .expect("a read works")
            .items
            .len(),
        1
    );
}

pub async fn an_unfinished_job_is_submitted_under_its_own_id(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = FinishedJob {
        job: Job { state: JobState::Succeeded, error: None, ..failed(&world).job },
        ..failed(&world)
    };
    let job = NewJob { after: vec![parent.job.id], ..world.new_job() };
    let unfinished = ImportedJob::Unfinished(Box::new(job.clone()));
    let answers = import(&world, vec![finished(&parent), unfinished.clone()]).await;
    let queued = Imported::New { id: job.id, state: JobState::Queued };
    assert!(matches!(answers[..], [Ok(_), Ok(new)] if new == queued), "{answers:?}");
    let claimed = world.claim_one().await;
    assert_eq!((claimed.job.id, claimed.journal), (job.id, Vec::new()));
    world.succeed(claimed.lease).await;
    let again = import_one(&world, unfinished).await;
    let done = Imported::Existing { id: job.id, state: JobState::Succeeded };
    assert!(matches!(again, Ok(existing) if existing == done), "what ran here does not run again: {again:?}");
    let other = NewJob { action: "other".to_owned(), ..job };
    let refused = import_one(&world, ImportedJob::Unfinished(Box::new(other))).await;
    assert!(matches!(refused, Err(StoreError::OtherJob(_))), "{refused:?}");
}

pub async fn imported_history_is_counted_found_and_pruned_as_any_other(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = came(&world, &failed(&world)).await;
    assert_eq!(world.store().queue_counts().await.expect("a read works").failed, 1);
    for filter in [
        JobFilter { states: vec![JobState::Failed], ..JobFilter::default() },
        JobFilter { tag: Some("old".to_owned()), ..JobFilter::default() },
        JobFilter { search: Some("12345678901234567890123".to_owned()), ..JobFilter::default() },
    ] {
        let mut found = Vec::new();
        // The index follows by itself.
        for _ in 0..400 {
            let page = world.store().jobs(filter.clone()).await.expect("a read works");
            found = page.items.iter().map(|job| job.id).collect();
            if !found.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(found, [id], "{filter:?}");
    }
    let day = Duration::from_hours(24);
    let keep = Retention { finished_for: day * 7, finished_jobs: 1_000, alerts_for: day };
    assert_eq!(world.store().prune(keep).await.expect("it prunes").jobs, 0);
    world.wait(day * 5);
    assert_eq!(world.store().prune(keep).await.expect("it prunes").jobs, 1);
    assert_eq!(world.store().queue_counts().await.expect("a read works").failed, 0);
    world.check_sums().await;
}

pub async fn imported_history_follows_its_parents_retry(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parent = failed(&world);
    let mut child = failed(&world);
    child.job.after = vec![parent.job.id];
    came(&world, &parent).await;
    came(&world, &child).await;
    let refused = world.store().retry(child.job.id, "ann").await;
    assert!(matches!(refused, Err(StoreError::BadParent { .. })), "{refused:?}");
    world.store().retry(parent.job.id, "ann").await.expect("it runs again");
    let waits = world.job(child.job.id).await;
    assert_eq!(waits.waiting_for.map(|wait| wait.reason), Some(WaitReason::Parents));
    let claimed = world.claim_one().await;
    assert_eq!((claimed.job.id, claimed.job.attempts), (parent.job.id, 3));
    world.succeed(claimed.lease).await;
    assert_eq!(world.claim_one().await.job.id, child.job.id);
}
