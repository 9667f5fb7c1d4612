//! Jobs that a job has other agents do.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, bad_reply, dollars, entry, wide};
use crate::{
    ActionState, Claim, Claimed, Finish, HoldDecision, JobEdit, JobFilter, JournalEntry, JournalKind,
    JournalWrite, NewAction, ReadyAgent, Retention, StoreError, TeamAsk, TeamStep,
};
use anvil_budget::{Denial, LimitName};
use anvil_types::{
    Branch, Clock, JobAction, JobActionId, JobId, JobState, Json, Lease, Limits, Nanodollars, NewJob,
    Priority, TeamAnswer, TeamTask, WaitReason,
};
use std::time::Duration;

/// The agents that are led; who leads is the agent of every test.
pub(super) const LED: [&str; 4] = ["coder", "tester", "painter", "singer"];

pub(super) fn ask(world: &World<'_>, position: u32, agent: &str, wish: Option<Nanodollars>) -> TeamAsk {
    TeamAsk {
        position,
        request_hash: [u8::try_from(position).unwrap_or(u8::MAX); 32],
        occurrence: 0,
        task: TeamTask {
            agent: agent.to_owned(),
            action: "run".to_owned(),
            payload: "{}".parse().expect("JSON"),
            max_cost: wish,
        },
        id: JobId::new(world.clock.now(), world.number()),
        refused: None,
    }
}

/// Takes up to so many jobs of this agent.
pub(super) async fn claim_of(world: &World<'_>, agent: &str, most: u32) -> Vec<Claimed> {
    let agents = vec![ReadyAgent {
        name: agent.to_owned(),
        digest: format!("of {agent}"),
        settings: anvil_types::AgentValues::default(),
        warm: false,
    }];
    world.store().claim(Claim { agents, ..world.claim_of(most) }).await.expect("a claim works")
}

pub(super) async fn one_of(world: &World<'_>, agent: &str) -> Claimed {
    claim_of(world, agent, 1).await.pop().expect("a job of it waits")
}

async fn hand_over(world: &World<'_>, lease: Lease, asks: &[TeamAsk]) -> TeamStep {
    world.store().hand_over(lease, asks.to_vec()).await.expect("the lease is current")
}

/// Hands tasks over, which the job is parked for; and their jobs.
async fn parked(world: &World<'_>, lease: Lease, asks: &[TeamAsk]) -> Vec<JobId> {
    assert_eq!(hand_over(world, lease, asks).await, TeamStep::Parked);
    let lead = world.job(lease.job).await;
    assert_eq!(
        (lead.state, lead.waiting_for.map(|wait| wait.reason)),
        (JobState::Parked, Some(WaitReason::Team))
    );
    asks.iter().map(|ask| ask.id).collect()
}

/// Asks again for what was asked before; what it is answered.
async fn answered(world: &World<'_>, lease: Lease, asks: &[TeamAsk]) -> Vec<TeamAnswer> {
    match hand_over(world, lease, asks).await {
        TeamStep::Answered { answers, .. } => answers,
        TeamStep::Parked => panic!("nothing is under way"),
    }
}

fn kinds(answers: &[TeamAnswer]) -> Vec<&str> {
    answers
        .iter()
        .map(|answer| answer.as_ref().map_or_else(|failed| failed.kind.as_str(), |_| "done"))
        .collect()
}

async fn tree(world: &World<'_>, job: JobId) -> Vec<Branch> {
    world.store().tree(job).await.expect("a read works")
}

async fn fail(world: &World<'_>, lease: Lease) {
    world.finish(lease, Finish::Failed { error: bad_reply() }).await;
}

/// Spends so much by an attempt.
async fn spend(world: &World<'_>, lease: Lease, amount: Nanodollars) {
    let request = world.hold_by(lease, amount);
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }), "there is room");
    world.settle(call, amount).await;
}

pub async fn a_task_is_begun_in_the_step_that_parks_who_asks_and_wakes_it_at_its_end(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let asks = [ask(&world, 0, "coder", None), ask(&world, 1, "tester", None)];
    let jobs = parked(&world, lead.lease, &asks).await;
    let waits = world.job(lead.job.id).await.waiting_for.expect("it waits").detail;
    assert!(waits.contains("2 jobs that are done for it") && waits.contains(&jobs[0].to_string()), "{waits}");
    assert!(matches!(world.store().finish(lead.lease, Finish::Released).await, Err(StoreError::LeaseLost)));
    let (coder, tester) = (one_of(&world, "coder").await, one_of(&world, "tester").await);
    assert_eq!(
        (coder.job.id, coder.job.lead, coder.job.root),
        (jobs[0], Some(lead.job.id), Some(lead.job.id))
    );
    let name = "out/a.txt".parse().expect("a name");
    world
        .store()
        .put_artifact(coder.lease, name, "text/plain".into(), b"abc".to_vec())
        .await
        .expect("current");
    spend(&world, coder.lease, dollars(3)).await;
    let result = r#"{"code":"fn main() {}"}"#.parse().expect("JSON");
    world.finish(coder.lease, Finish::Succeeded { result }).await;
    assert_eq!(world.state(lead.job.id).await, JobState::Parked, "the other is under way");
    fail(&world, tester.lease).await;
    assert_eq!(world.state(lead.job.id).await, JobState::Queued);
    let lead = world.claim_one().await;
    assert_eq!((lead.job.attempts, lead.journal.len()), (1, 0), "a wait uses no attempt");
    let answers = answered(&world, lead.lease, &asks).await;
    let done = answers[0].as_ref().expect("it was done");
    assert_eq!((done.job, done.agent.as_str(), done.cost), (jobs[0], "coder", dollars(3)));
    assert_eq!((done.result.as_str(), done.artifacts.len()), (r#"{"code":"fn main() {}"}"#, 1));
    let failed = answers[1].as_ref().expect_err("it failed");
    assert_eq!((failed.kind.as_str(), failed.job), ("failed", Some(jobs[1])));
    assert!(failed.message.contains("bad-reply") && failed.extras[0].1 == "\"bad-reply\"", "{failed:?}");
    let journal = world.store().journal_of(lead.job.id).await.expect("a read works");
    assert_eq!(journal.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [JournalKind::Team; 2]);
    let log = world.store().log(lead.job.id, 0, 99).await.expect("a read works");
    for job in &jobs {
        let lines: Vec<_> = log.iter().filter(|line| line.line.contains(&job.to_string())).collect();
        assert_eq!(lines.len(), 2, "that it was made and that it ended: {lines:?}");
    }
    world.succeed(lead.lease).await;
    world.check_sums().await;
}

pub async fn a_task_is_found_again_after_a_crash_a_cut_and_a_retry(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let lead = world.running().await;
    let first = ask(&world, 0, "coder", None);
    let again =
        |world: &World<'_>| TeamAsk { id: JobId::new(world.clock.now(), world.number()), ..first.clone() };
    let job = parked(&world, lead.lease, std::slice::from_ref(&first)).await[0];
    world.crash().await;
    let coder = one_of(&world, "coder").await;
    assert_eq!(coder.job.id, job);
    // A person lets it go on before its time: it asks again, and waits for the same job.
    world.store().resume_job(lead.job.id, "ann").await.expect("it is parked");
    let lead = world.claim_one().await;
    world.crash().await;
    let lead = Claimed { lease: world.claim_one().await.lease, ..lead };
    parked(&world, lead.lease, &[again(&world)]).await;
    let coder = Claimed { lease: one_of(&world, "coder").await.lease, ..coder };
    world.succeed(coder.lease).await;
    let lease = world.claim_one().await.lease;
    assert_eq!(kinds(&answered(&world, lease, &[again(&world)]).await), ["done"]);
    // The job goes another way, and comes to the same task in another place.
    world.store().journal_cut(lease, 0).await.expect("current");
    let elsewhere = TeamAsk { position: 5, ..again(&world) };
    let answers = answered(&world, lease, &[elsewhere]).await;
    assert_eq!(answers[0].as_ref().map(|done| done.job), Ok(job));
    // The second of two equal ones is another.
    let second = TeamAsk { position: 6, occurrence: 1, ..again(&world) };
    let other = parked(&world, lease, &[second]).await[0];
    assert_ne!(other, job);
    assert_eq!(tree(&world, job).await.len(), 3);
    world.succeed(one_of(&world, "coder").await.lease).await;
    let lease = world.claim_one().await.lease;
    world.finish(lease, Finish::Failed { error: bad_reply() }).await;
    world.store().retry(lead.job.id, "ann").await.expect("it failed");
    let lease = world.claim_one().await.lease;
    assert_eq!(kinds(&answered(&world, lease, &[again(&world)]).await), ["done"]);
    assert_eq!(tree(&world, job).await.len(), 3, "nothing was made again");
}

pub async fn a_retry_runs_tasks_that_failed_and_no_others(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let mut call = entry(lead.lease, 0, JournalKind::Call);
    world.store().journal(call.clone()).await.expect("current");
    let asks: Vec<_> = (1..=3).map(|at| ask(&world, at, LED[at as usize], None)).collect();
    let jobs = parked(&world, lead.lease, &asks).await;
    world.succeed(one_of(&world, LED[1]).await.lease).await;
    fail(&world, one_of(&world, LED[2]).await.lease).await;
    world.store().cancel(jobs[2], "ann").await.expect("it waits");
    let lease = world.claim_one().await.lease;
    assert_eq!(kinds(&answered(&world, lease, &asks).await), ["done", "failed", "cancelled"]);
    // It copes with that, and asks on.
    call = JournalWrite { lease, entry: JournalEntry { position: 4, ..call.entry } };
    world.store().journal(call).await.expect("current");
    fail(&world, lease).await;
    let by_itself = world.store().retry(jobs[1], "ann").await;
    assert!(matches!(by_itself, Err(StoreError::Led { lead: of, .. }) if of == lead.job.id), "{by_itself:?}");
    world.store().retry(lead.job.id, "ann").await.expect("it failed");
    let claimed = world.claim_one().await;
    let left: Vec<_> = claimed.journal.iter().map(|entry| entry.position).collect();
    assert_eq!(left, [0, 1], "what failed is asked for anew, and so is the reply that it failed on");
    assert_eq!(world.state(jobs[1]).await, JobState::Failed, "it is run again where it is asked for");
    assert_eq!(hand_over(&world, claimed.lease, &asks[1..]).await, TeamStep::Parked);
    assert_eq!(
        (world.state(jobs[1]).await, world.state(jobs[2]).await),
        (JobState::Queued, JobState::Queued)
    );
    world.succeed(one_of(&world, LED[2]).await.lease).await;
    let second = one_of(&world, LED[3]).await;
    assert_eq!(second.job.max_attempts, second.job.attempts + 2, "as many attempts as a new one has");
    fail(&world, second.lease).await;
    let lease = world.claim_one().await.lease;
    assert_eq!(kinds(&answered(&world, lease, &asks[1..]).await), ["done", "failed"]);
    // An attempt that fails by the guest's own doing, after it heard that: what it heard is asked for anew.
    world.finish(lease, Finish::Retry { error: bad_reply(), at: world.clock.now() }).await;
    let claimed = world.claim_one().await;
    let left: Vec<_> = claimed.journal.iter().map(|entry| entry.position).collect();
    assert_eq!(left, [0, 1, 2]);
    assert_eq!(hand_over(&world, claimed.lease, &asks[2..]).await, TeamStep::Parked);
    assert_eq!(world.state(jobs[2]).await, JobState::Queued);
}

pub async fn what_a_job_leads_counts_against_its_cap_until_it_has_ended(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(NewJob { max_cost: dollars(100), ..world.new_job() }).await;
    let lead = world.claim_one().await;
    spend(&world, lead.lease, dollars(20)).await;
    // 40 wished, and half of the other 40 shared by two.
    let asks = [
        ask(&world, 0, "coder", None),
        ask(&world, 1, "tester", Some(dollars(40))),
        ask(&world, 2, "painter", None),
        ask(&world, 3, "singer", Some(dollars(41))),
    ];
    assert_eq!(hand_over(&world, lead.lease, &asks).await, TeamStep::Parked);
    let caps: Vec<_> = tree(&world, id).await.iter().map(|branch| branch.max_cost).collect();
    assert_eq!(caps, [100, 10, 40, 10].map(dollars));
    let journal = world.store().journal_of(id).await.expect("a read works");
    assert_eq!(journal.len(), 1, "what is refused is answered at once");
    assert!(journal[0].answer.as_str().contains("over-budget"), "{journal:?}");
    assert_eq!(world.job(id).await.team, dollars(60));
    let tester = one_of(&world, "tester").await;
    spend(&world, tester.lease, dollars(30)).await;
    let above = world.ask(world.hold_by(tester.lease, dollars(11))).await;
    assert!(matches!(above, HoldDecision::Refused(Denial::Never { limit: LimitName::Job, .. })), "{above:?}");
    // A call of it is drained when it is stopped: it counts until it is settled.
    let request = world.hold_by(tester.lease, dollars(5));
    let draining = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.store().cancel(tester.job.id, "ann").await.expect("it runs");
    assert_eq!(world.job(id).await.team, dollars(55), "30 spent, 5 held, and the caps of two");
    world.settle(draining, dollars(2)).await;
    assert_eq!(world.job(id).await.team, dollars(52));
    fail(&world, one_of(&world, "coder").await.lease).await;
    world.succeed(one_of(&world, "painter").await.lease).await;
    assert_eq!(world.job(id).await.team, dollars(32), "what was not spent is free again");
    let lease = world.claim_one().await.lease;
    spend(&world, lease, dollars(48)).await;
    let more = world.ask(world.hold_by(lease, Nanodollars::new(1))).await;
    assert!(matches!(more, HoldDecision::Refused(Denial::Never { .. })), "{more:?}");
    // What was dearer than told counts, and what was cheaper gives room.
    let correction =
        crate::Correction { call: draining, cost: dollars(1), by: "ann".into(), reason: "the bill".into() };
    world.store().correct(correction).await.expect("it has ended");
    spend(&world, lease, dollars(1)).await;
    let root = &tree(&world, id).await[0];
    assert_eq!((root.cost, root.below, root.max_cost), (dollars(69), dollars(31), dollars(100)));
    world.check_sums().await;
}

pub async fn a_cap_is_edited_within_the_tree(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(NewJob { max_cost: dollars(100), ..world.new_job() }).await;
    let lead = world.claim_one().await;
    let job = parked(&world, lead.lease, &[ask(&world, 0, "coder", Some(dollars(60)))]).await[0];
    let edit = async |job: JobId, most: i64| {
        let edit = JobEdit { max_cost: Some(dollars(most)), ..JobEdit::default() };
        world.store().edit_job(job, edit, "ann").await.map(|job| job.max_cost)
    };
    let refused = edit(id, 59).await.expect_err("60 of it are taken").to_string();
    assert!(refused.contains("the jobs that it leads take $60.00"), "{refused}");
    let refused = edit(job, 101).await.expect_err("its lead has 100").to_string();
    assert!(refused.contains("has $40.00 left"), "{refused}");
    assert_eq!(edit(job, 100).await.expect("there is as much"), dollars(100));
    assert_eq!(edit(id, 150).await.expect("a cap may rise"), dollars(150));
    let payload = JobEdit { payload: Some(Json::null()), ..JobEdit::default() };
    assert!(matches!(world.store().edit_job(job, payload, "ann").await, Err(StoreError::NotEditable { .. })));
}

pub async fn a_tree_has_its_roots_place_in_the_queue(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 3, ..wide() }).await;
    let lead = world.running().await;
    let asks: Vec<_> = (0..10).map(|at| ask(&world, at, LED[at as usize % 4], None)).collect();
    parked(&world, lead.lease, &asks).await;
    let others = [world.submit(world.new_job()).await, world.submit(world.new_job()).await];
    assert!(matches!(
        world.store().enqueue(world.new_job()).await,
        Err(StoreError::QueueFull { unfinished: 3, limit: 3, .. })
    ));
    for agent in LED {
        for claimed in claim_of(&world, agent, 9).await {
            world.succeed(claimed.lease).await;
        }
    }
    // The tree has come first, so it goes on before those that came after it.
    let lead = world.claim_one().await;
    assert_eq!(kinds(&answered(&world, lead.lease, &asks).await), ["done"; 10]);
    world.succeed(lead.lease).await;
    world.submit(world.new_job()).await;
    assert!(world.store().enqueue(world.new_job()).await.is_err(), "one place came free, not eleven");
    for id in others {
        world.store().cancel(id, "ann").await.expect("it waits");
    }
    let lead = world.claim_one().await;
    parked(
        &world,
        lead.lease,
        &asks[..2].iter().map(|one| ask(&world, one.position, "coder", None)).collect::<Vec<_>>(),
    )
    .await;
    world.store().cancel(lead.job.id, "ann").await.expect("it waits");
    for _ in 0..3 {
        world.submit(world.new_job()).await;
    }
    assert!(world.store().enqueue(world.new_job()).await.is_err());
}

pub async fn a_tree_is_bounded_in_depth_number_and_agents(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let root = world.running().await;
    assert_eq!(kinds(&answered(&world, root.lease, &[ask(&world, 0, AGENT, None)]).await), ["cycle"]);
    let mut lease = root.lease;
    let mut position = 1;
    for agent in ["coder", "tester", "painter"] {
        parked(&world, lease, &[ask(&world, position, agent, None)]).await;
        lease = one_of(&world, agent).await.lease;
        position += 1;
        let cycles = [ask(&world, position, AGENT, None), ask(&world, position + 1, agent, None)];
        let answers = answered(&world, lease, &cycles).await;
        assert_eq!(kinds(&answers), ["cycle", "cycle"]);
        position += 2;
    }
    assert_eq!(kinds(&answered(&world, lease, &[ask(&world, position, "singer", None)]).await), ["too-deep"]);
    assert_eq!(tree(&world, lease.job).await.iter().map(|job| job.depth).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let wide = world.running().await;
    let asks: Vec<_> = (0..65).map(|at| ask(&world, at, "coder", None)).collect();
    assert_eq!(hand_over(&world, wide.lease, &asks).await, TeamStep::Parked);
    assert_eq!(tree(&world, wide.job.id).await.len(), 64);
    let journal = world.store().journal_of(wide.job.id).await.expect("a read works");
    let refused: Vec<_> = journal.iter().map(|entry| entry.position).collect();
    assert_eq!(refused, [63, 64], "those have no place");
    assert!(journal.iter().all(|entry| entry.answer.as_str().contains("too-many")), "{journal:?}");
}

pub async fn a_cancel_goes_down_the_tree_and_none_goes_on_after_it(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let root = world.running().await;
    let [coder, tester] = [ask(&world, 0, "coder", None), ask(&world, 1, "tester", None)];
    let [coder, tester] = parked(&world, root.lease, &[coder, tester]).await[..] else { panic!("two") };
    let running = one_of(&world, "coder").await;
    let below = parked(&world, running.lease, &[ask(&world, 0, "painter", None)]).await[0];
    let painter = one_of(&world, "painter").await;
    let cancelled = world.store().cancel(root.job.id, "ann").await.expect("it waits");
    assert_eq!(cancelled.state, JobState::Cancelled);
    for job in [coder, tester, below] {
        assert_eq!(world.state(job).await, JobState::Cancelled);
    }
    assert!(matches!(
        world.store().journal(entry(painter.lease, 0, JournalKind::Call)).await,
        Err(StoreError::LeaseLost)
    ));
    let lost = world.store().heartbeat(vec![painter.lease], Duration::from_secs(9)).await.expect("it works");
    assert_eq!(lost.cancelled, [below]);
    for agent in LED {
        assert_eq!(claim_of(&world, agent, 9).await, []);
    }
    // Whoever runs it again has its tasks run again.
    world.store().retry(root.job.id, "ann").await.expect("it was cancelled");
    let lease = world.claim_one().await.lease;
    let asks = [TeamAsk { request_hash: [0; 32], ..ask(&world, 0, "coder", None) }];
    assert_eq!(hand_over(&world, lease, &asks).await, TeamStep::Parked);
    assert_eq!((world.state(coder).await, world.state(below).await), (JobState::Queued, JobState::Cancelled));
    assert_eq!(tree(&world, root.job.id).await.len(), 4, "it was found again");
}

pub async fn what_nobody_claims_ends_with_its_lead(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut left = Vec::new();
    for (end, agent) in LED.iter().take(3).enumerate() {
        let lead = world.running().await;
        let job = parked(&world, lead.lease, &[ask(&world, 0, agent, None)]).await[0];
        // It goes another way, and does not ask for it again.
        world.store().resume_job(lead.job.id, "ann").await.expect("it is parked");
        let lease = world.claim_one().await.lease;
        match end {
            0 => drop(world.succeed(lease).await),
            1 => fail(&world, lease).await,
            _ => drop(world.store().cancel(lead.job.id, "ann").await.expect("it runs")),
        }
        left.push(job);
    }
    for job in left {
        assert_eq!(world.state(job).await, JobState::Cancelled);
    }
}

pub async fn a_led_job_that_is_stopped_alone_is_a_failure_of_its_task(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let asks = [ask(&world, 0, "coder", None)];
    let job = parked(&world, lead.lease, &asks).await[0];
    let coder = one_of(&world, "coder").await;
    spend(&world, coder.lease, dollars(2)).await;
    world.store().cancel(job, "ann").await.expect("it runs");
    let lease = world.claim_one().await.lease;
    let answers = answered(&world, lease, &asks).await;
    let failed = answers[0].as_ref().expect_err("it was cancelled");
    assert_eq!((failed.kind.as_str(), failed.job), ("cancelled", Some(job)));
    assert_eq!(failed.extras, [("cost_nanodollars".to_owned(), dollars(2).get().to_string())]);
    assert_eq!(world.succeed(lease).await.state, JobState::Succeeded);
}

pub async fn a_led_job_has_what_its_root_has(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let tags = vec!["web".to_owned(), "shop".to_owned()];
    let new = NewJob { tags: tags.clone(), priority: Priority::High, ..world.new_job() };
    let id = world.submit(new).await;
    let lead = world.claim_one().await;
    let job = parked(&world, lead.lease, &[ask(&world, 0, "coder", None)]).await[0];
    let coder = one_of(&world, "coder").await;
    parked(&world, coder.lease, &[ask(&world, 0, "tester", None)]).await;
    world
        .store()
        .edit_job(id, JobEdit { priority: Some(Priority::Low), ..JobEdit::default() }, "ann")
        .await
        .expect("ok");
    let tester = one_of(&world, "tester").await.job;
    assert_eq!((tester.priority, &tester.tags), (Priority::Low, &tags));
    assert_eq!((tester.lead, tester.root), (Some(job), Some(id)));
    assert_eq!(world.job(job).await.priority, Priority::Low);
    let tags = Some(vec!["other".to_owned()]);
    world
        .store()
        .edit_job(id, JobEdit { tags: tags.clone(), ..JobEdit::default() }, "ann")
        .await
        .expect("it waits");
    assert_eq!(Some(world.job(tester.id).await.tags), tags);
}

pub async fn a_tree_is_taken_out_as_a_whole(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let day = Duration::from_hours(24);
    let keep = Retention { finished_for: day, finished_jobs: 1_000_000, alerts_for: day };
    let lead = world.running().await;
    let asks = [ask(&world, 0, "coder", None), ask(&world, 1, "tester", None)];
    let jobs = parked(&world, lead.lease, &asks).await;
    spend(&world, one_of(&world, "coder").await.lease, dollars(2)).await;
    world.store().cancel(jobs[0], "ann").await.expect("it runs");
    world.wait(day * 3);
    assert_eq!(world.store().prune(keep).await.expect("it works").jobs, 0, "its lead may still ask for it");
    world.succeed(one_of(&world, "tester").await.lease).await;
    let lease = world.claim_one().await.lease;
    assert_eq!(kinds(&answered(&world, lease, &asks).await), ["cancelled", "done"]);
    world.succeed(lease).await;
    world.wait(day * 3);
    assert_eq!(world.store().prune(keep).await.expect("it works").jobs, 3);
    for job in jobs.iter().chain([&lead.job.id]) {
        assert_eq!(world.store().job(*job).await.expect("a read works"), None);
        assert_eq!(world.store().events(0, Some(*job), 9).await.expect("a read works"), []);
    }
    world.check_sums().await;
}

pub async fn what_many_are_told_beforehand_of_jobs_that_are_led_is_what_is_done(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let asks = [ask(&world, 0, "coder", None), ask(&world, 1, "tester", None)];
    let jobs = parked(&world, lead.lease, &asks).await;
    world.store().cancel(jobs[0], "ann").await.expect("it waits");
    world.succeed(one_of(&world, "tester").await.lease).await;
    let lease = world.claim_one().await.lease;
    answered(&world, lease, &asks).await;
    fail(&world, lease).await;
    let of = |agent: &str| JobFilter { agent: Some(agent.to_owned()), ..JobFilter::default() };
    for (action, filter, touched, left) in [
        (JobAction::Retry, of("coder"), 0, "it is done for another job, with which it runs again"),
        (JobAction::Delete, of("tester"), 0, "it is done for another job, with which it goes"),
        (JobAction::Delete, JobFilter::default(), 1, "it is done for another job, with which it goes"),
    ] {
        let plan = world.store().plan_action(action, filter.clone()).await.expect("it counts");
        let id = JobActionId::new(world.clock.now(), world.number());
        let new = NewAction { id, action, filter, by: "ann".to_owned() };
        let begun = world.store().begin_action(new).await.expect("it begins");
        let run = loop {
            let run = world.store().step_action(id).await.expect("a step works").run;
            if run.state != ActionState::Running {
                break run;
            }
        };
        assert_eq!((plan.touched, begun.planned, run.touched), (touched, touched, touched), "{action:?}");
        assert_eq!(plan.left, run.left, "{action:?}");
        assert_eq!(run.left.keys().collect::<Vec<_>>(), [left]);
    }
    assert_eq!(world.store().job(jobs[0]).await.expect("a read works"), None, "it went with its lead");
}

pub async fn results_of_tasks_have_a_bound(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let asks: Vec<_> = (0..3).map(|at| ask(&world, at, "coder", None)).collect();
    parked(&world, lead.lease, &asks).await;
    let result: Json = format!("\"{}\"", "x".repeat(7 << 20)).parse().expect("JSON");
    for claimed in claim_of(&world, "coder", 3).await {
        world.finish(claimed.lease, Finish::Succeeded { result: result.clone() }).await;
    }
    let lease = world.claim_one().await.lease;
    let answers = answered(&world, lease, &asks).await;
    assert_eq!(kinds(&answers), ["done", "done", "too-large"]);
    assert!(answers[2].as_ref().is_err_and(|failed| failed.job == Some(asks[2].id)));
}

pub async fn a_task_that_is_refused_begins_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lead = world.running().await;
    let refused = anvil_types::TeamFailure {
        kind: "not-allowed".into(),
        message: "no".into(),
        job: None,
        extras: Vec::new(),
    };
    let no = TeamAsk { refused: Some(refused.clone()), ..ask(&world, 0, "coder", None) };
    assert_eq!(answered(&world, lead.lease, std::slice::from_ref(&no)).await, [Err(refused)]);
    assert_eq!(tree(&world, lead.job.id).await, []);
    let yes = TeamAsk { refused: None, ..no.clone() };
    parked(&world, lead.lease, std::slice::from_ref(&yes)).await;
    world.succeed(one_of(&world, "coder").await.lease).await;
    let lease = world.claim_one().await.lease;
    assert_eq!(
        kinds(&answered(&world, lease, &[no]).await),
        ["done"],
        "what was begun is not looked at again"
    );
    let stale = world.store().hand_over(lead.lease, vec![yes]).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost)), "{stale:?}");
}

pub async fn hosts_at_once_lead_one_tree(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let lead = one.running().await;
    let asks = [ask(&one, 0, "coder", None), ask(&one, 1, "tester", None)];
    parked(&one, lead.lease, &asks).await;
    let (coder, tester) = (one_of(&other, "coder").await, one_of(&one, "tester").await);
    one.succeed(tester.lease).await;
    other.succeed(coder.lease).await;
    let lead = other.claim_one().await;
    assert_eq!(kinds(&answered(&other, lead.lease, &asks).await), ["done", "done"]);
    // The host that runs a led job is gone when its lead is stopped, and comes back.
    let more = [ask(&other, 2, "painter", None)];
    let job = parked(&other, lead.lease, &more).await[0];
    one_of(&one, "painter").await;
    other.store().cancel(lead.job.id, "ann").await.expect("it waits");
    let mut one = one;
    one.crash().await;
    assert_eq!(one.state(job).await, JobState::Cancelled);
    one.check_sums().await;
    other.check_sums().await;
}
