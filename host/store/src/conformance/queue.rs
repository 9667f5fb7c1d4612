//! The queue: jobs in, through their states, and out.

#![expect(missing_docs, reason = "the names are sentences")]

use super::world::{World, bad_reply, dollars, entry, time, wait, wide};
use super::{Factory, world::AGENT};
use crate::{AlertFilter, Enqueued, Finish, JournalKind, StoreError};
use anvil_types::{
    AlertKind, AlertState, Clock, JobId, JobState, Json, Limits, NewJob, Priority, Wait, WaitReason,
};
use std::time::Duration;

pub async fn a_job_comes_back_as_it_was_submitted(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let new = NewJob { priority: Priority::High, tags: vec!["x".into(), "y\"".into()], ..world.new_job() };
    let Enqueued::New(job) = world.store().enqueue(new.clone()).await.expect("room") else {
        panic!("a new job");
    };
    assert_eq!(job, world.job(new.id).await);
    assert_eq!((job.id, &job.agent, &job.action), (new.id, &new.agent, &new.action));
    assert_eq!(job.payload, new.payload, "numbers of any size stay exact");
    assert_eq!((job.priority, job.tags, job.upstream), (new.priority, new.tags, new.upstream));
    assert_eq!((job.state, job.attempts, job.max_attempts, job.calls), (JobState::Queued, 0, 3, 0));
    assert_eq!((job.max_cost, job.created_at), (dollars(1_000), world.clock.now()));
    assert_eq!((job.waiting_for, job.started_at, job.finished_at), (None, None, None));
    let nobody = JobId::new(world.clock.now(), 0);
    assert_eq!(world.store().job(nobody).await.expect("a read works"), None);
    // What a submission is told is what is kept, also of a job that waits.
    let later = Some(world.clock.now() + Duration::from_hours(1));
    let of_schedule = Some("nightly".to_owned());
    for new in [
        NewJob { run_at: later, ..world.new_job() },
        NewJob { after: vec![new.id], ..world.new_job() },
        NewJob { after: vec![new.id], run_at: later, schedule: of_schedule, ..world.new_job() },
        NewJob { run_at: Some(world.clock.now()), idempotency_key: Some("k".into()), ..world.new_job() },
    ] {
        let id = new.id;
        let Enqueued::New(job) = world.store().enqueue(new).await.expect("room") else {
            panic!("a new job");
        };
        assert_eq!(job, world.job(id).await);
    }
}

pub async fn the_job_after_the_last_place_is_refused(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 3, ..wide() }).await;
    let running = world.running().await;
    let keyed = NewJob { idempotency_key: Some("k".into()), ..world.new_job() };
    world.submit(keyed.clone()).await;
    let later = NewJob { run_at: Some(world.clock.now() + Duration::from_hours(1)), ..world.new_job() };
    world.submit(later).await;
    let refused = world.store().enqueue(world.new_job()).await;
    assert!(
        matches!(refused, Err(StoreError::QueueFull { unfinished: 3, limit: 3, kept: 0 })),
        "{refused:?}"
    );
    let again = world.store().enqueue(NewJob { id: world.new_job().id, ..keyed }).await;
    assert!(matches!(again, Ok(Enqueued::Existing(_))), "what was accepted is not refused: {again:?}");
    world.succeed(running.lease).await;
    world.submit(world.new_job()).await;
}

pub async fn the_last_place_of_many_is_for_a_critical_job(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 200, ..wide() }).await;
    for _ in 0..199 {
        world.submit(world.new_job()).await;
    }
    let refused = world.store().enqueue(world.new_job()).await.expect_err("the last place is kept");
    assert!(matches!(refused, StoreError::QueueFull { unfinished: 199, limit: 200, kept: 1 }), "{refused}");
    assert!(refused.to_string().contains("the last place is kept for critical jobs"), "{refused}");
    let critical = || NewJob { priority: Priority::Critical, ..world.new_job() };
    world.submit(critical()).await;
    let refused = world.store().enqueue(critical()).await.expect_err("it is full");
    assert!(matches!(refused, StoreError::QueueFull { unfinished: 200, limit: 200, kept: 0 }), "{refused}");
}

pub async fn a_key_makes_one_job_of_two_submissions(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = NewJob { idempotency_key: Some("k".into()), ..world.new_job() };
    world.submit(first.clone()).await;
    let again = NewJob { id: world.new_job().id, ..first.clone() };
    let Ok(Enqueued::Existing(job)) = world.store().enqueue(again.clone()).await else {
        panic!("the first job");
    };
    assert_eq!(job.id, first.id);
    let other = NewJob { payload: "1".parse().expect("JSON"), ..again };
    let refused = world.store().enqueue(other).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyConflict { job }) if job == first.id));
}

pub async fn equal_content_in_another_spelling_is_the_same_submission(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let keyed = |payload: &str| NewJob {
        idempotency_key: Some("k".into()),
        payload: payload.parse().expect("JSON"),
        ..world.new_job()
    };
    let first = world.submit(keyed(r#"{"do":[],"a":12345678901234567890123}"#)).await;
    for same in
        ["{ \"a\": 12345678901234567890123,\n \"do\": [] }", r#"{"d\u006f":[],"a":12345678901234567890123}"#]
    {
        assert_eq!(world.submit(keyed(same)).await, first, "{same}");
    }
    let other = world.store().enqueue(keyed(r#"{"do":[],"a":12345678901234567890124}"#)).await;
    assert!(matches!(other, Err(StoreError::IdempotencyConflict { .. })), "{other:?}");
}

pub async fn an_id_is_one_job_however_often_it_is_sent(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let job = world.new_job();
    world.submit(job.clone()).await;
    assert!(matches!(world.store().enqueue(job).await, Ok(Enqueued::Existing(_))));
    assert_eq!(world.store().queue_counts().await.expect("counts").queued, 1);
}

pub async fn many_jobs_come_in_one_step_with_an_answer_for_each(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 5, ..wide() }).await;
    let before = NewJob { idempotency_key: Some("k".into()), ..world.new_job() };
    world.submit(before.clone()).await;
    let again = NewJob { id: world.new_job().id, ..before.clone() };
    let payload = "1".parse().expect("JSON");
    let other = NewJob { id: world.new_job().id, payload, ..before.clone() };
    let first = world.new_job();
    // After one that was there before and one that comes with it, each by the id that it was sent with.
    let child = NewJob { after: vec![again.id, first.id, before.id], ..world.new_job() };
    let orphan = NewJob { after: vec![other.id], ..world.new_job() };
    let nobody = NewJob { after: vec![JobId::new(world.clock.now(), 0)], ..world.new_job() };
    let mut jobs = vec![again, first.clone(), other, child.clone(), nobody, orphan];
    jobs.extend((0..4).map(|_| world.new_job()));
    let answers = world.store().enqueue_many(jobs).await.expect("all are decided");
    assert_eq!(answers.len(), 10);
    let taken = |place: usize| answers[place].as_ref().map(|taken| (taken.id, taken.state, taken.new)).ok();
    assert_eq!(taken(0), Some((before.id, JobState::Queued, false)));
    assert_eq!(taken(1), Some((first.id, JobState::Queued, true)));
    assert!(matches!(answers[2], Err(StoreError::IdempotencyConflict { .. })));
    assert_eq!(taken(3), Some((child.id, JobState::Scheduled, true)));
    assert_eq!(world.job(child.id).await.after, [before.id, first.id], "each once");
    assert!(matches!(answers[4], Err(StoreError::BadParent { .. })));
    assert!(matches!(answers[5], Err(StoreError::BadParent { .. })), "its parent was refused");
    assert!(answers[6].is_ok() && answers[7].is_ok());
    assert!(matches!(answers[8], Err(StoreError::QueueFull { unfinished: 5, limit: 5, kept: 0 })));
    assert!(answers[8..].iter().all(|answer| matches!(answer, Err(StoreError::QueueFull { .. }))));
    assert_eq!(world.store().queue_counts().await.expect("counts").queued, 4);
}

pub async fn a_job_for_later_waits_for_its_time(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let run_at = world.clock.now() + Duration::from_hours(1);
    let id = world.submit(NewJob { run_at: Some(run_at), ..world.new_job() }).await;
    let job = world.job(id).await;
    let waits = job.waiting_for.expect("it waits");
    assert_eq!(
        (job.state, waits.reason, waits.until),
        (JobState::Scheduled, WaitReason::Schedule, Some(run_at))
    );
    assert!(waits.detail.contains("2026-11-23 13:00 CET"), "{}", waits.detail);
    assert_eq!(world.claim(1).await, []);
    world.wait(Duration::from_hours(1));
    assert_eq!(world.claim_one().await.job.id, id);
    assert_eq!(world.job(id).await.waiting_for, None);
}

pub async fn a_retry_waits_out_its_back_off(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    let at = world.clock.now() + Duration::from_secs(90);
    let retry = Finish::Retry { error: bad_reply(), at };
    let job = world.finish(first.lease, retry).await;
    let waits = job.waiting_for.clone().expect("it waits");
    assert_eq!((job.state, waits.reason, waits.until), (JobState::Scheduled, WaitReason::Backoff, Some(at)));
    assert_eq!((job.error, job.attempts), (Some(bad_reply()), 1));
    world.wait(Duration::from_secs(89));
    assert_eq!(world.claim(1).await, []);
    world.wait(Duration::from_secs(1));
    let second = world.claim_one().await;
    assert_eq!((second.job.attempts, second.lease.number), (2, first.lease.number + 1));
    let done = world.succeed(second.lease).await;
    assert_eq!((done.state, done.error), (JobState::Succeeded, None));
    let attempts = world.store().attempts(first.job.id).await.expect("a read works");
    assert_eq!(attempts.len(), 2);
    assert_eq!((attempts[0].error.clone(), attempts[1].error.clone()), (Some(bad_reply()), None));
    assert!(attempts.iter().all(|attempt| attempt.ended_at.is_some()));
}

pub async fn a_retry_asks_the_last_reply_anew(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    for (position, kind) in [
        (0, JournalKind::Call),
        (1, JournalKind::Allowance),
        (2, JournalKind::Call),
        (3, JournalKind::Allowance),
    ] {
        world.store().journal(entry(first.lease, position, kind)).await.expect("the lease is current");
    }
    let retry = Finish::Retry { error: bad_reply(), at: world.clock.now() };
    world.store().finish(first.lease, retry).await.expect("the lease is current");
    let again = world.claim_one().await;
    let kept: Vec<_> = again.journal.iter().map(|entry| entry.position).collect();
    assert_eq!(kept, [0, 1], "the last reply goes, and what came after it");
    world.succeed(again.lease).await;
    let read = world.store().journal_of(again.job.id).await.expect("a read works");
    assert_eq!(read, again.journal, "a finished job's journal can be read");
    let nobody = JobId::new(world.clock.now(), 0);
    assert_eq!(world.store().journal_of(nobody).await.expect("a read works"), []);
}

pub async fn the_last_attempt_that_fails_fails_the_job(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    for attempt in 1..=3 {
        let claimed = world.claim_one().await;
        assert_eq!(claimed.job.attempts, attempt);
        let retry = Finish::Retry { error: bad_reply(), at: world.clock.now() };
        world.store().finish(claimed.lease, retry).await.expect("the lease is current");
    }
    let job = world.job(id).await;
    assert_eq!((job.state, job.attempts, job.error), (JobState::Failed, 3, Some(bad_reply())));
    assert_eq!(job.finished_at, Some(world.clock.now()));
    assert_eq!(world.claim(1).await, []);
}

pub async fn a_park_uses_up_no_attempt(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut claimed = world.running().await;
    for _ in 0..5 {
        world.store().journal(entry(claimed.lease, 0, JournalKind::Call)).await.expect("current");
        world.park(claimed.lease, WaitReason::Money).await;
        let job = world.job(claimed.job.id).await;
        assert_eq!(
            (job.state, job.waiting_for.map(|wait| wait.reason)),
            (JobState::Parked, Some(WaitReason::Money))
        );
        assert_eq!(world.store().resume(&[WaitReason::Money], None).await.expect("resumes"), 1);
        claimed = world.claim_one().await;
        assert_eq!((claimed.job.attempts, claimed.journal.len()), (1, 1), "paid work is kept");
    }
    assert_eq!(world.store().attempts(claimed.job.id).await.expect("a read works").len(), 1);
}

pub async fn a_park_ends_when_its_time_has_come(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let until = world.clock.now() + Duration::from_mins(20);
    world.store().park(claimed.lease, wait(WaitReason::Money, Some(until))).await.expect("current");
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(until));
    assert_eq!(world.claim(1).await, []);
    world.wait(Duration::from_mins(20));
    assert_eq!(world.claim_one().await.job.attempts, 1);
}

pub async fn a_reason_that_is_gone_parks_nobody(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    world.park(claimed.lease, WaitReason::Holds).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "nothing is held");
    let call = world.hold(dollars(1)).await;
    let claimed = world.claim_one().await;
    world.park(claimed.lease, WaitReason::Holds).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
    world.settle(call, dollars(1)).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "nothing is held any more");
    let claimed = world.claim_one().await;
    world.park(claimed.lease, WaitReason::Brake).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "the brake is off");
}

pub async fn an_agent_that_comes_while_a_job_is_on_its_way_parks_nobody(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let missed = |at| Wait { refused_at: Some(at), ..wait(WaitReason::AgentMissing, None) };
    for agent in [Some(AGENT), None] {
        // It was looked for, then it came, and only now the job is parked.
        let claimed = world.running().await;
        let looked = world.clock.now();
        world.wait(Duration::from_secs(1));
        let waits = [WaitReason::AgentMissing, WaitReason::AgentDisabled];
        assert_eq!(world.store().resume(&waits, agent).await.expect("resumes"), 0);
        world.store().park(claimed.lease, missed(looked)).await.expect("current");
        assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "{agent:?}");
        // Looked for once more, and not found: that it came before is nothing to it.
        let claimed = world.claim_one().await;
        world.wait(Duration::from_secs(1));
        world.store().park(claimed.lease, missed(world.clock.now())).await.expect("current");
        assert_eq!(world.state(claimed.job.id).await, JobState::Parked, "{agent:?}");
        assert_eq!(world.store().resume(&waits, Some("other")).await.expect("resumes"), 0);
        assert_eq!(world.store().resume(&waits, agent).await.expect("resumes"), 1);
        let claimed = world.claim_one().await;
        world.succeed(claimed.lease).await;
    }
}

pub async fn a_released_job_goes_on_with_its_attempt(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let job = world.finish(claimed.lease, Finish::Released).await;
    assert_eq!((job.state, job.attempts), (JobState::Queued, 1));
    assert_eq!(world.claim_one().await.job.attempts, 1);
}

pub async fn parked_jobs_resume_by_reason_and_agent(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let money = world.running().await;
    world.park(money.lease, WaitReason::Money).await;
    let pace = world.running().await;
    world.park(pace.lease, WaitReason::Pace).await;
    let store = world.store();
    assert_eq!(store.resume(&[WaitReason::AgentMissing], None).await.expect("resumes"), 0);
    assert_eq!(store.resume(&[WaitReason::Money], Some("other")).await.expect("resumes"), 0);
    assert_eq!(store.resume(&[WaitReason::Money], Some(AGENT)).await.expect("resumes"), 1);
    assert_eq!(world.state(money.job.id).await, JobState::Queued);
    assert_eq!(world.state(pace.job.id).await, JobState::Parked);
    assert_eq!(store.resume(&[WaitReason::Money, WaitReason::Pace], None).await.expect("resumes"), 1);
}

pub async fn a_person_stops_a_job_in_any_state(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parked = world.running().await;
    world.park(parked.lease, WaitReason::Money).await;
    let running = world.running().await;
    let queued = world.submit(world.new_job()).await;
    let run_at = Some(world.clock.now() + Duration::from_hours(1));
    let scheduled = world.submit(NewJob { run_at, ..world.new_job() }).await;
    for id in [parked.job.id, running.job.id, queued, scheduled] {
        let job = world.store().cancel(id, "ann").await.expect("it is not finished");
        assert_eq!((job.state, job.waiting_for), (JobState::Cancelled, None));
        assert!(job.finished_at.is_some());
        assert!(matches!(world.store().cancel(id, "ann").await, Err(StoreError::Refused(_))));
    }
    assert_eq!(world.claim(9).await, []);
    assert_eq!(world.store().next_due().await.expect("a read works"), None);
    let nobody = JobId::new(time("2026-11-23T11:00:00Z"), 0);
    assert!(matches!(world.store().cancel(nobody, "ann").await, Err(StoreError::NoSuchJob(_))));
}

pub async fn a_person_runs_a_failed_job_again(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    for position in 0..2 {
        world.store().journal(entry(first.lease, position, JournalKind::Call)).await.expect("current");
    }
    let failed = Finish::Failed { error: bad_reply() };
    world.store().finish(first.lease, failed).await.expect("current");
    let job = world.store().retry(first.job.id, "ann").await.expect("it failed");
    assert_eq!((job.state, job.error, job.finished_at), (JobState::Queued, None, None));
    let again = world.claim_one().await;
    assert_eq!(again.job.attempts, 2, "attempts count on, so that the ledger tells them apart");
    assert_eq!(again.job.max_attempts, 4, "as many more as a new job has");
    assert_eq!(again.journal.len(), 1, "the reply that it failed on is asked for anew");
    world.store().cancel(again.job.id, "ann").await.expect("it runs");
    let job = world.store().retry(again.job.id, "ann").await.expect("it was cancelled");
    assert_eq!(job.state, JobState::Queued);
    let third = world.claim_one().await;
    assert_eq!((third.job.attempts, third.journal.len()), (3, 1));
    assert!(matches!(world.store().retry(third.job.id, "ann").await, Err(StoreError::Refused(_))));
}

pub async fn one_step_ends_a_job_and_takes_the_next(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    let second = world.submit(world.new_job()).await;
    let done = || Finish::Succeeded { result: Json::null() };
    let taken =
        world.store().finish_and_claim(first.lease, done(), world.claim_of(1)).await.expect("current");
    assert_eq!(taken.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [second]);
    assert_eq!(world.state(first.job.id).await, JobState::Succeeded);
    // Who has lost the lease ends nothing and takes nothing.
    let third = world.submit(world.new_job()).await;
    let late = world.store().finish_and_claim(first.lease, done(), world.claim_of(1)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    assert_eq!(world.state(third).await, JobState::Queued);
}

pub async fn one_step_takes_a_job_in_and_the_most_urgent_out(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let job = world.new_job();
    let (enqueued, taken) =
        world.store().enqueue_and_claim(job.clone(), world.claim_of(1)).await.expect("there is room");
    let Enqueued::New(shown) = enqueued else { panic!("{enqueued:?}") };
    assert_eq!((shown.id, shown.state), (job.id, JobState::Queued));
    assert_eq!(taken.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [job.id]);
    assert_eq!(world.state(job.id).await, JobState::Running);
    // Who waited longer comes first.
    let waiting = world.submit(world.new_job()).await;
    let last = world.new_job();
    let (_, taken) =
        world.store().enqueue_and_claim(last.clone(), world.claim_of(1)).await.expect("there is room");
    assert_eq!(taken.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [waiting]);
    assert_eq!(world.state(last.id).await, JobState::Queued);
    // One that is known already is not taken in again; whoever waits is taken out all the same.
    let (again, taken) = world.store().enqueue_and_claim(job, world.claim_of(1)).await.expect("known");
    assert!(matches!(again, Enqueued::Existing(_)), "{again:?}");
    assert_eq!(taken.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [last.id]);
    // One that is refused takes nobody out.
    let waiting = world.submit(world.new_job()).await;
    let orphan = NewJob { after: vec![JobId::new(world.clock.now(), 7)], ..world.new_job() };
    let refused = world.store().enqueue_and_claim(orphan, world.claim_of(1)).await;
    assert!(matches!(refused, Err(StoreError::BadParent { .. })), "{refused:?}");
    assert_eq!(world.state(waiting).await, JobState::Queued);
}

pub async fn a_finished_job_is_finished_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let done = Finish::Succeeded { result: r#"{"files":2}"#.parse().expect("JSON") };
    let job = world.finish(claimed.lease, done.clone()).await;
    assert_eq!((job.state, job.finished_at), (JobState::Succeeded, Some(world.clock.now())));
    assert_eq!(job.result.map(|result| result.to_string()).as_deref(), Some(r#"{"files":2}"#));
    assert!(matches!(world.store().finish(claimed.lease, done).await, Err(StoreError::LeaseLost)));
}

pub async fn a_job_in_trouble_waits_longer_each_time_and_uses_no_attempt(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut claimed = world.running().await;
    let id = claimed.job.id;
    let trouble = || Finish::Trouble { why: "the disk is full".to_owned() };
    for seconds in [1, 2, 4, 8] {
        let job = world.finish(claimed.lease, trouble()).await;
        let waits = job.waiting_for.expect("it waits");
        assert_eq!((job.state, waits.reason), (JobState::Parked, WaitReason::Trouble));
        assert!(waits.detail.contains("the disk is full"), "{}", waits.detail);
        assert_eq!(waits.until, Some(world.clock.now() + Duration::from_secs(seconds)));
        world.wait(Duration::from_secs(seconds).saturating_sub(Duration::from_millis(1)));
        assert_eq!(world.claim(1).await, []);
        world.wait(Duration::from_millis(1));
        claimed = world.claim_one().await;
        assert_eq!((claimed.job.id, claimed.job.attempts), (id, 1));
    }
    let firing = AlertFilter { states: vec![AlertState::Firing], limit: 9, ..AlertFilter::default() };
    let alerts = world.store().alerts(firing.clone()).await.expect("a read works").items;
    assert_eq!(alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::JobTrouble]);
    assert!(alerts[0].detail.contains(&id.to_string()), "{}", alerts[0].detail);
    // It gets on: the next trouble is a first one again, and nobody needs to know.
    world.store().journal(entry(claimed.lease, 0, JournalKind::Call)).await.expect("current");
    world.wait(Duration::from_mins(1));
    world.store().look().await.expect("a look");
    assert_eq!(world.store().alerts(firing).await.expect("a read works").items, []);
    let job = world.finish(claimed.lease, trouble()).await;
    let until = job.waiting_for.and_then(|waits| waits.until);
    assert_eq!(until, Some(world.clock.now() + Duration::from_secs(1)));
}

pub async fn what_was_asked_at_once_is_asked_anew_at_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut claimed = world.running().await;
    let retry = || Finish::Retry { error: bad_reply(), at: world.clock.now() };
    // One by itself, three at once, one more by itself.
    for position in 0..5 {
        if position == 1 {
            world.store().journal_batch(claimed.lease, 1, 3).await.expect("current");
        }
        world.store().journal(entry(claimed.lease, position, JournalKind::Call)).await.expect("current");
    }
    for left in [4, 1, 0] {
        world.finish(claimed.lease, retry()).await;
        if left == 0 {
            break;
        }
        claimed = world.claim_one().await;
        assert_eq!(claimed.journal.len(), left, "which of them the guest could not use nobody knows");
    }
}

pub async fn a_persons_retry_runs_the_version_in_force(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    let old = first.job.plugin_digest.clone().expect("it ran");
    for position in 0..2 {
        world.store().journal(entry(first.lease, position, JournalKind::Call)).await.expect("current");
    }
    world.finish(first.lease, Finish::Failed { error: bad_reply() }).await;
    let waiting = world.store().retry(first.job.id, "ann").await.expect("it failed");
    assert_eq!(waiting.plugin_digest.as_ref(), Some(&old), "until it begins, it is known by what it ran on");
    let mut claim = world.claim_of(1);
    claim.agents.iter_mut().for_each(|agent| "mended".clone_into(&mut agent.digest));
    let again = world.store().claim(claim.clone()).await.expect("a claim works").remove(0);
    assert_eq!(again.job.plugin_digest.as_deref(), Some("mended"));
    assert_eq!((again.ran_on.as_ref(), again.journal.len()), (Some(&old), 1), "its answers go along");
    // A resume stays on the version that it began on.
    world.finish(again.lease, Finish::Released).await;
    let resumed = world.claim_one().await;
    assert_eq!((resumed.job.plugin_digest.as_deref(), resumed.ran_on), (Some("mended"), None));
}

pub async fn files_and_what_was_written_come_along_to_the_next_run(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    assert_eq!((first.files.len(), first.written), (0, 0));
    let put = async |lease, name: &str, bytes: &[u8]| {
        let name = name.parse().expect("a name");
        world
            .store()
            .put_artifact(lease, name, "text/plain".to_owned(), bytes.to_vec())
            .await
            .expect("current");
    };
    put(first.lease, "a.txt", b"one").await;
    put(first.lease, "a.txt", b"three").await;
    world.finish(first.lease, Finish::Released).await;
    let resumed = world.claim_one().await;
    let sizes: Vec<_> = resumed.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!((sizes, resumed.written), (vec![("a.txt", 5)], 8), "what was replaced was written too");
    let retry = Finish::Retry { error: bad_reply(), at: world.clock.now() };
    world.finish(resumed.lease, retry).await;
    let second = world.claim_one().await;
    assert_eq!((second.files.len(), second.written), (1, 0), "an attempt writes by itself");
}

pub async fn who_is_first_in_line_is_told(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let parked = world.running().await;
    world.park(parked.lease, WaitReason::Money).await;
    let running = world.running().await;
    let later = Some(world.clock.now() + Duration::from_hours(2));
    let far = world.submit(NewJob { run_at: later, ..world.new_job() }).await;
    let soon = Some(world.clock.now() + Duration::from_hours(1));
    let near = world.submit(NewJob { run_at: soon, ..world.new_job() }).await;
    let low = world.submit_with(Priority::Low).await;
    let high = world.submit_with(Priority::High).await;
    let front = world.store().front(1).await.expect("a read works");
    let ids: Vec<_> = front.iter().map(|job| job.id).collect();
    assert_eq!(ids, [running.job.id, high, parked.job.id, near]);
    let front = world.store().front(9).await.expect("a read works");
    assert_eq!(front.len(), 6);
    assert_eq!((front[2].id, front[5].id), (low, far));
}
