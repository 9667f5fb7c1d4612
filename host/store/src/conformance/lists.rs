//! Lists and counts for people.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply};
use crate::{Finish, JobFilter, QueueCounts};
use anvil_types::{Clock, JobId, JobState, Json, NewJob, Priority, WaitReason};
use std::time::Duration;

async fn all(world: &World<'_>, filter: JobFilter) -> Vec<JobId> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = world.store().jobs(JobFilter { after, ..filter.clone() }).await.expect("a read works");
        assert!(page.items.len() <= filter.limit as usize);
        ids.extend(page.items.iter().map(|job| job.id));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

pub async fn pages_come_newest_first_and_complete(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut ids = Vec::new();
    for turn in 0..23_u64 {
        ids.push(world.submit(world.new_job()).await);
        // Several in one moment, then a while later.
        world.wait(Duration::from_secs(turn / 7));
    }
    ids.reverse();
    for limit in [1, 7, 22, 23, 24, 500] {
        assert_eq!(all(&world, JobFilter { limit, ..JobFilter::default() }).await, ids, "{limit}");
    }
}

pub async fn every_filter_finds_its_jobs(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut jobs = Vec::new();
    for turn in 0..48_usize {
        let agent = ["writer", "tester"][turn % 2];
        let tag = ["red", "green", "blue"][turn % 3];
        let priority = Priority::ALL[turn % 4];
        let new = NewJob { agent: agent.into(), tags: vec![tag.into()], priority, ..world.new_job() };
        jobs.push((world.submit(new).await, agent, tag, priority));
    }
    for claimed in world.claim(9).await {
        match claimed.lease.job.number() % 3 {
            0 => drop(world.succeed(claimed.lease).await),
            1 => world.park(claimed.lease, WaitReason::Money).await,
            _ => {}
        }
    }
    let mut states = Vec::new();
    for (id, ..) in &jobs {
        states.push(world.state(*id).await);
    }
    let wanted_states =
        [vec![], vec![JobState::Queued], vec![JobState::Running, JobState::Parked, JobState::Succeeded]];
    for limit in [3, 100] {
        for states_wanted in &wanted_states {
            for agent in [None, Some("writer"), Some("nobody")] {
                for tag in [None, Some("red")] {
                    for priority in [None, Some(Priority::Critical), Some(Priority::Low)] {
                        let mut expected: Vec<_> = jobs
                            .iter()
                            .zip(&states)
                            .filter(|((_, a, t, p), state)| {
                                agent.is_none_or(|agent| agent == *a)
                                    && tag.is_none_or(|tag| tag == *t)
                                    && priority.is_none_or(|priority| priority == *p)
                                    && (states_wanted.is_empty() || states_wanted.contains(state))
                            })
                            .map(|((id, ..), _)| *id)
                            .collect();
                        expected.reverse();
                        let filter = JobFilter {
                            states: states_wanted.clone(),
                            agent: agent.map(str::to_owned),
                            tag: tag.map(str::to_owned),
                            upstream: None,
                            priority,
                            search: None,
                            roots: false,
                            after: None,
                            limit,
                        };
                        assert_eq!(all(&world, filter.clone()).await, expected, "{filter:?}");
                    }
                }
            }
        }
    }
}

pub async fn a_page_goes_on_where_a_job_is_gone(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.submit(world.new_job()).await);
        world.wait(Duration::from_secs(1));
    }
    // A job that was never there, between the second and the third.
    let between = JobId::new(world.clock.now() - Duration::from_secs(4), u128::MAX);
    let filter = JobFilter { after: Some(between), limit: 9, ..JobFilter::default() };
    let page = world.store().jobs(filter).await.expect("a read works");
    assert_eq!(page.items.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
}

pub async fn long_payloads_stay_out_of_lists(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let long: Json = format!("\"{}\"", "x".repeat(5_000)).parse().expect("JSON");
    let id = world.submit(NewJob { payload: long.clone(), ..world.new_job() }).await;
    let claimed = world.claim_one().await;
    assert_eq!(claimed.job.payload, long);
    let done = Finish::Succeeded { result: long.clone() };
    world.store().finish(claimed.lease, done).await.expect("current");
    let page = world.store().jobs(JobFilter { limit: 9, ..JobFilter::default() }).await.expect("a read");
    assert_eq!((&page.items[0].payload, &page.items[0].result), (&Json::null(), &None));
    let whole = world.job(id).await;
    assert_eq!((whole.payload, whole.result), (long.clone(), Some(long)));
}

pub async fn the_queue_is_counted_by_state(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let succeeded = world.running().await;
    world.succeed(succeeded.lease).await;
    let failed = world.running().await;
    world.store().finish(failed.lease, Finish::Failed { error: bad_reply() }).await.expect("current");
    let parked = world.running().await;
    world.park(parked.lease, WaitReason::Money).await;
    let cancelled = world.running().await;
    world.store().cancel(cancelled.job.id, "ann").await.expect("it runs");
    world.running().await;
    let run_at = Some(world.clock.now() + Duration::from_hours(1));
    world.submit(NewJob { run_at, ..world.new_job() }).await;
    let oldest = world.clock.now();
    world.submit(world.new_job()).await;
    world.wait(Duration::from_secs(5));
    world.submit(world.new_job()).await;
    let counts = QueueCounts {
        scheduled: 1,
        queued: 2,
        running: 1,
        parked: 1,
        succeeded: 1,
        failed: 1,
        cancelled: 1,
        oldest_queued: Some(oldest),
    };
    assert_eq!(world.store().queue_counts().await.expect("a read works"), counts);
    world.crash().await;
    let after = world.store().queue_counts().await.expect("a read works");
    assert_eq!((after.queued, after.running), (3, 0));
}

pub async fn the_next_due_job_is_known(factory: &dyn Factory) {
    let world = World::new(factory).await;
    assert_eq!(world.store().next_due().await.expect("a read works"), None);
    let times: Vec<_> = [7, 3, 5].map(|hours| world.clock.now() + Duration::from_hours(hours)).into();
    for run_at in &times {
        world.submit(NewJob { run_at: Some(*run_at), ..world.new_job() }).await;
    }
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(times[1]));
    world.wait(Duration::from_hours(5));
    assert_eq!(world.claim(9).await.len(), 2);
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(times[0]));
}
