//! Actions on all jobs that match a filter.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply, dollars, wide};
use crate::{ActionPlan, ActionRun, ActionState, Finish, HoldDecision, JobFilter, NewAction, StoreError};
use anvil_types::{Clock, JobAction, JobActionId, JobId, JobState, Limits, NewJob, Priority};
use std::collections::BTreeMap;
use std::time::Duration;

async fn begin(world: &World<'_>, action: JobAction, filter: JobFilter) -> ActionRun {
    let id = JobActionId::new(world.clock.now(), world.number());
    let new = NewAction { id, action, filter, by: "ann".to_owned() };
    world.store().begin_action(new).await.expect("it begins")
}

/// Does batches until it is over or waits for something that does not come by itself.
async fn to_the_end(world: &World<'_>, id: JobActionId) -> ActionRun {
    for _ in 0..3_000 {
        let step = world.store().step_action(id).await.expect("a step works");
        let catching_up = step.run.waits.as_deref() == Some("the search is catching up");
        if step.run.state != ActionState::Running || step.run.waits.is_some() && !catching_up {
            return step.run;
        }
        if catching_up {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    panic!("the action does not end");
}

fn states(states: &[JobState]) -> JobFilter {
    JobFilter { states: states.to_vec(), ..JobFilter::default() }
}

/// One job in each state but scheduled: running, parked, succeeded, failed, cancelled, queued.
async fn one_of_each(world: &World<'_>) -> Vec<JobId> {
    let running = world.running().await;
    let parked = world.running().await;
    world.park(parked.lease, anvil_types::WaitReason::Money).await;
    let succeeded = world.running().await;
    world.succeed(succeeded.lease).await;
    let failed = world.running().await;
    world.store().finish(failed.lease, Finish::Failed { error: bad_reply() }).await.expect("current");
    let cancelled = world.submit(world.new_job()).await;
    world.store().cancel(cancelled, "ann").await.expect("it waits");
    let queued = world.submit(world.new_job()).await;
    vec![running.job.id, parked.job.id, succeeded.job.id, failed.job.id, cancelled, queued]
}

pub async fn an_action_does_what_was_counted_beforehand(factory: &dyn Factory) {
    for (action, filter, touched, left) in [
        (JobAction::Cancel, JobFilter::default(), vec![0, 1, 5], 3),
        (JobAction::Cancel, states(&[JobState::Parked]), vec![1], 0),
        (JobAction::Cancel, states(&[JobState::Failed]), vec![], 1),
        (JobAction::Retry, JobFilter::default(), vec![3, 4], 4),
        (JobAction::Resume, JobFilter::default(), vec![1], 5),
        (JobAction::Prioritise(Priority::High), JobFilter::default(), vec![0, 1, 5], 3),
        (JobAction::Prioritise(Priority::Normal), JobFilter::default(), vec![], 6),
        (JobAction::Delete, JobFilter::default(), vec![2, 3, 4], 3),
        (JobAction::Delete, JobFilter { tag: Some("b".to_owned()), ..JobFilter::default() }, vec![], 0),
        (
            JobAction::Delete,
            JobFilter { agent: Some("writer".to_owned()), ..states(&[JobState::Failed]) },
            vec![3],
            0,
        ),
        (
            JobAction::Delete,
            JobFilter { tag: Some("a".to_owned()), ..JobFilter::default() },
            vec![2, 3, 4],
            3,
        ),
    ] {
        let fresh = factory.fresh();
        let world = World::new(fresh.as_ref()).await;
        let ids = one_of_each(&world).await;
        let mut before = Vec::new();
        for id in &ids {
            before.push(world.job(*id).await);
        }
        let plan = world.store().plan_action(action, filter.clone()).await.expect("it counts");
        let counted = (plan.touched, plan.left.values().sum::<u64>(), plan.at_least);
        assert_eq!(counted, (touched.len() as u64, left, false), "{action:?} {filter:?}");
        let begun = begin(&world, action, filter.clone()).await;
        assert_eq!((begun.planned, begun.touched), (touched.len() as u64, 0));
        let run = to_the_end(&world, begun.id).await;
        assert_eq!(
            (run.state, run.touched),
            (ActionState::Done, touched.len() as u64),
            "{action:?} {filter:?}"
        );
        for (place, before) in before.into_iter().enumerate() {
            let after = world.store().job(before.id).await.expect("a read works");
            if !touched.contains(&place) {
                assert_eq!(after.as_ref(), Some(&before), "{action:?} {filter:?}");
                continue;
            }
            match (action, after) {
                (JobAction::Delete, after) => assert_eq!(after, None),
                (JobAction::Cancel, Some(job)) => assert_eq!(job.state, JobState::Cancelled),
                (JobAction::Retry | JobAction::Resume, Some(job)) => assert_eq!(job.state, JobState::Queued),
                (JobAction::Prioritise(priority), Some(job)) => assert_eq!(job.priority, priority),
                (_, None) => panic!("{action:?} lost a job"),
            }
        }
        world.check_sums().await;
    }
}

pub async fn what_comes_after_an_actions_start_is_left_alone(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let old = world.submit(world.new_job()).await;
    let begun = begin(&world, JobAction::Cancel, JobFilter::default()).await;
    let new = world.submit(world.new_job()).await;
    to_the_end(&world, begun.id).await;
    assert_eq!((world.state(old).await, world.state(new).await), (JobState::Cancelled, JobState::Queued));
}

pub async fn an_action_goes_on_after_a_restart(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    for _ in 0..450 {
        world.submit(world.new_job()).await;
    }
    let id = begin(&world, JobAction::Cancel, JobFilter::default()).await.id;
    let first = world.store().step_action(id).await.expect("a step works");
    assert!((1..450).contains(&first.run.touched), "{first:?}");
    world.crash().await;
    assert_eq!(world.store().running_actions().await.expect("a read works"), [id]);
    let run = to_the_end(&world, id).await;
    assert_eq!((run.touched, run.left), (450, BTreeMap::new()));
    assert_eq!(world.store().queue_counts().await.expect("a read works").cancelled, 450);
    assert_eq!(world.store().running_actions().await.expect("a read works"), []);
    let history = world.store().actions(None, 9).await.expect("a read works");
    assert_eq!(history.iter().map(|run| (run.id, run.by.as_str())).collect::<Vec<_>>(), [(id, "ann")]);
    assert_eq!(world.store().actions(Some(id), 9).await.expect("a read works"), []);
}

pub async fn a_running_job_that_many_cancel_is_named_to_be_stopped(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let running = world.running().await;
    world.submit(world.new_job()).await;
    let id = begin(&world, JobAction::Cancel, JobFilter::default()).await.id;
    // On a machine that is busy a step may come to one job only.
    let mut stopped = Vec::new();
    for _ in 0..10 {
        let step = world.store().step_action(id).await.expect("a step works");
        stopped.extend(step.stopped);
        if step.run.state != ActionState::Running {
            break;
        }
    }
    assert_eq!(stopped, [running.job.id]);
    let late = world.store().finish(running.lease, Finish::Released).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

pub async fn many_that_run_again_wait_for_room(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 3, ..wide() }).await;
    for _ in 0..5 {
        let id = world.submit(world.new_job()).await;
        world.store().cancel(id, "ann").await.expect("it waits");
    }
    let id = begin(&world, JobAction::Retry, JobFilter::default()).await.id;
    let run = to_the_end(&world, id).await;
    assert_eq!((run.state, run.touched), (ActionState::Running, 3));
    assert!(run.waits.as_ref().is_some_and(|why| why.contains("queue is full")), "{run:?}");
    for claimed in world.claim(3).await {
        world.succeed(claimed.lease).await;
    }
    let run = to_the_end(&world, id).await;
    assert_eq!((run.state, run.touched, run.waits), (ActionState::Done, 5, None));
}

pub async fn an_action_by_words_touches_what_has_them(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut with = Vec::new();
    for turn in 0..20 {
        let payload = [r#"["otter"]"#, r#"["beaver"]"#][turn % 2].parse().expect("JSON");
        let id = world.submit(NewJob { payload, ..world.new_job() }).await;
        with.extend((turn % 2 == 0).then_some(id));
    }
    let filter = JobFilter { search: Some("otter".to_owned()), ..JobFilter::default() };
    let id = begin(&world, JobAction::Cancel, filter.clone()).await.id;
    let run = to_the_end(&world, id).await;
    let kept = JobFilter { upstream: Some(world.upstream), ..filter.clone() };
    assert_eq!((run.state, run.touched, run.filter), (ActionState::Done, 10, kept));
    for id in with {
        assert_eq!(world.state(id).await, JobState::Cancelled);
    }
    assert_eq!(world.store().queue_counts().await.expect("a read works").queued, 10);
    let plan = world.store().plan_action(JobAction::Delete, filter).await.expect("it counts");
    assert_eq!(plan.touched, 10);
}

pub async fn a_stopped_action_touches_no_more(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for _ in 0..450 {
        world.submit(world.new_job()).await;
    }
    let id = begin(&world, JobAction::Cancel, JobFilter::default()).await.id;
    let done = world.store().step_action(id).await.expect("a step works").run.touched;
    let run = world.store().stop_action(id, "bob").await.expect("it runs");
    assert_eq!((run.state, run.touched), (ActionState::Stopped, done));
    assert_eq!(to_the_end(&world, id).await.touched, done);
    let again = world.store().stop_action(id, "bob").await;
    assert!(matches!(again, Err(StoreError::ActionOver(_))), "{again:?}");
    let none = JobActionId::new(world.clock.now(), 7);
    assert!(matches!(world.store().action(none).await, Err(StoreError::NoSuchAction(_))));
    let audit = world.store().audit(2).await.expect("a read works");
    let said: Vec<_> = audit.iter().map(|entry| (entry.by.as_str(), entry.action.as_str())).collect();
    assert_eq!(said, [("bob", "jobs.stop"), ("ann", "jobs.cancel")]);
}

pub async fn a_deleted_job_leaves_the_ledger_as_it_was(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let payload = r#"["otter"]"#.parse().expect("JSON");
    world.submit(NewJob { payload, ..world.new_job() }).await;
    let claimed = world.claim_one().await;
    let request = world.hold_by(claimed.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.store().cancel(claimed.job.id, "ann").await.expect("it runs");
    let left = BTreeMap::from([("a call of it is still under way".to_owned(), 1)]);
    for search in [None, Some("otter".to_owned())] {
        let filter = JobFilter { search, ..JobFilter::default() };
        // An index of words may be behind.
        let mut plan = ActionPlan::default();
        for _ in 0..1_000 {
            plan = world.store().plan_action(JobAction::Delete, filter.clone()).await.expect("a count");
            if !plan.left.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!((plan.touched, &plan.left), (0, &left), "{filter:?}");
    }
    let id = begin(&world, JobAction::Delete, JobFilter::default()).await.id;
    let run = to_the_end(&world, id).await;
    assert_eq!((run.touched, run.left), (0, left));
    world.settle(call, dollars(2)).await;
    let before = world.snapshot().await;
    let id = begin(&world, JobAction::Delete, JobFilter::default()).await.id;
    assert_eq!(to_the_end(&world, id).await.touched, 1);
    assert_eq!(world.snapshot().await, before);
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!(calls.iter().map(|call| call.cost).collect::<Vec<_>>(), [dollars(2)]);
    world.check_sums().await;
}

/// What is counted before jobs are taken out is what becomes of them: with others that come after them and are not finished, and
/// with calls that are under way.
pub async fn a_count_before_a_deletion_is_what_becomes_of_it(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    world.succeed(first.lease).await;
    let after = world.submit(NewJob { after: vec![first.job.id], ..world.new_job() }).await;
    let second = world.claim_one().await;
    assert_eq!(second.job.id, after);
    let request = world.hold_by(second.lease, dollars(3));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    let plan = async || {
        let plan = world.store().plan_action(JobAction::Delete, JobFilter::default()).await.expect("a count");
        let id = begin(&world, JobAction::Delete, JobFilter::default()).await.id;
        let run = to_the_end(&world, id).await;
        assert_eq!((plan.touched, run.planned), (run.touched, run.touched));
        // Of those that are not finished it comes to none.
        let unfinished = JobAction::Delete.leaves(JobState::Running).expect("it leaves them");
        let mut left = plan.left.clone();
        left.remove(unfinished);
        assert_eq!(left, run.left);
        (plan.touched, plan.left.into_keys().collect::<Vec<_>>())
    };
    let [call_is_out, comes_after] =
        ["a call of it is still under way", "a job that comes after it is not finished"].map(str::to_owned);
    assert_eq!(plan().await, (0, vec![comes_after, "not finished: cancel it first".to_owned()]));
    world.store().cancel(after, "ann").await.expect("it runs");
    assert_eq!(plan().await, (1, vec![call_is_out]));
    world.settle(call, dollars(2)).await;
    assert_eq!(plan().await, (1, Vec::new()));
}
