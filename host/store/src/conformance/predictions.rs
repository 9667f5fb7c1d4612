//! Predictions that are kept, and the days that they are compared with.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, bad_reply, dollars, time};
use crate::{Finish, HoldDecision, KeptPrediction, PredictedPart, Retention};
use anvil_budget::WindowSpan;
use anvil_types::{Clock, DayJobs, DaySeen, EndedJob, JobState, NewJob, Timestamp, WaitReason};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const KEEP: Retention = Retention { finished_for: DAY, finished_jobs: 1_000_000, alerts_for: DAY };

fn prediction(world: &World<'_>, body: &str) -> KeptPrediction {
    let day = world.day();
    KeptPrediction {
        start: day.start,
        end: day.start + DAY * 7,
        body: body.to_owned(),
        day: None,
        whole: None,
    }
}

async fn kept(world: &World<'_>) -> Vec<KeptPrediction> {
    let within = WindowSpan { start: Timestamp::default(), end: world.clock.now() + DAY };
    world.store().predictions(within, 9).await.expect("a read works")
}

pub async fn a_prediction_is_kept_once_and_so_is_what_became_of_it(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (first, second) = (prediction(&world, "one"), prediction(&world, "two"));
    assert!(world.store().keep_prediction(first.clone()).await.expect("kept"));
    assert!(!world.store().keep_prediction(second).await.expect("one of that day is there"));
    for (part, says) in [
        (PredictedPart::FirstDay, "a day"),
        (PredictedPart::Whole, "a week"),
        (PredictedPart::Whole, "another week"),
    ] {
        world.store().judge_prediction(first.start, part, says.to_owned()).await.expect("it is written");
    }
    let judged =
        KeptPrediction { day: Some("a day".to_owned()), whole: Some("a week".to_owned()), ..first.clone() };
    assert_eq!(kept(&world).await, std::slice::from_ref(&judged));
    world.wait(DAY);
    let next = prediction(&world, "next");
    assert!(world.store().keep_prediction(next.clone()).await.expect("kept"));
    assert_eq!(kept(&world).await, [next, judged], "the newest first");
    let ahead = KeptPrediction { start: world.clock.now() + DAY * 30, ..prediction(&world, "ahead") };
    assert!(world.store().keep_prediction(ahead).await.expect("kept"));
    assert_eq!(kept(&world).await.len(), 2, "what begins far ahead takes nobody's place");
}

pub async fn for_how_long_a_host_was_up_is_counted_once_and_waits_are_added(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (now, day) = (world.clock.now(), world.day());
    let seen = || {
        let mut seen = DaySeen { limits: vec![world.limits.clone()], ..DaySeen::default() };
        seen.waited("agent slots", Duration::from_secs(3));
        seen
    };
    let see = async |from: u64, to: u64| {
        let at = |second| now + Duration::from_secs(second);
        world.store().see_day(at(from), at(to), seen()).await.expect("it is written");
    };
    see(0, 60).await;
    // Another host looks at nearly the same time.
    see(30, 70).await;
    see(10, 20).await;
    // Nobody was there for a while.
    see(100, 110).await;
    let days = world.store().plan_days(day.start, day.end).await.expect("a read works");
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].start, days[0].end), (day.start, day.end));
    assert_eq!(days[0].seen.up(), Duration::from_secs(80));
    assert_eq!(days[0].seen.waits_us, [("agent slots".to_owned(), 12_000_000)].into());
    assert_eq!(days[0].seen.limits, std::slice::from_ref(&world.limits));
    assert_eq!((&days[0].facts, &days[0].arrivals), (&None, &None));
    let end = async |facts: &str| {
        let arrivals = "{}".to_owned();
        world.store().end_day(day, facts.to_owned(), arrivals).await.expect("it is written");
    };
    end("first").await;
    end("second").await;
    // A day that nobody saw.
    let next = WindowSpan { start: day.end, end: day.end + DAY };
    world.store().end_day(next, "unseen".to_owned(), "{}".to_owned()).await.expect("it is written");
    let days = world.store().plan_days(day.start, day.end + DAY).await.expect("a read works");
    let facts: Vec<_> = days.iter().map(|day| day.facts.as_deref()).collect();
    assert_eq!(facts, [Some("first"), Some("unseen")]);
    assert_eq!(days[1].seen.up(), Duration::ZERO);
}

pub async fn the_jobs_of_a_day_are_those_that_asked_something_or_may_yet(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let asks = async |finish: Finish| {
        let claimed = world.running().await;
        let request = world.hold_by(claimed.lease, dollars(3));
        let call = request.id;
        assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
        world.settle(call, dollars(1)).await;
        world.wait(Duration::from_secs(20));
        world.finish(claimed.lease, finish).await;
        claimed.job
    };
    let asked = asks(Finish::Succeeded { result: anvil_types::Json::null() }).await;
    let failed = asks(Finish::Failed { error: bad_reply() }).await;
    // One asks nothing, one waits.
    let silent = world.running().await;
    world.succeed(silent.lease).await;
    let run_at = Some(world.clock.now() + Duration::from_hours(2));
    world.submit(NewJob { run_at, ..world.new_job() }).await;
    let day = world.day();
    let jobs = async || world.store().day_jobs(day.start, day.end).await.expect("a read works");
    let seen = jobs().await;
    let agents: Vec<_> = seen.came.iter().map(|(agent, _)| agent.as_str()).collect();
    assert_eq!(agents, [AGENT; 3]);
    let ended = |job: &anvil_types::Job, state| EndedJob {
        agent: AGENT.to_owned(),
        version: job.plugin_digest.clone(),
        since: job.created_at,
        ended_at: job.created_at + Duration::from_secs(20),
        state,
    };
    assert_eq!(seen.ended, [ended(&asked, JobState::Succeeded), ended(&failed, JobState::Failed)]);
    assert_eq!(seen.gone, 0);
    let later = world.store().day_jobs(day.end, day.end + DAY).await.expect("a read works");
    assert_eq!(later, DayJobs::default());
    world.wait(DAY * 2);
    assert_eq!(world.store().prune(KEEP).await.expect("it prunes").jobs, 3);
    let seen = jobs().await;
    assert_eq!((seen.came.len(), seen.ended.len(), seen.gone), (1, 0, 2));
}

pub async fn parked_jobs_are_counted_by_why(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for reason in [WaitReason::Money, WaitReason::Money, WaitReason::Pace] {
        let claimed = world.running().await;
        world.park(claimed.lease, reason).await;
    }
    let reasons = vec![WaitReason::Money, WaitReason::Brake];
    let parked = world.store().parked_for(reasons).await.expect("a read works");
    assert_eq!(parked, [(WaitReason::Money, 2), (WaitReason::Brake, 0)]);
}

pub async fn predictions_and_their_days_go_after_a_year_and_times_of_jobs_before(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let start: Timestamp = world.day().start;
    world.store().keep_prediction(prediction(&world, "old")).await.expect("kept");
    world.store().end_day(world.day(), "facts".to_owned(), "{}".to_owned()).await.expect("it is written");
    let day = async || {
        let days = world.store().plan_days(start, start + DAY).await.expect("a read works");
        days.first().map(|day| (day.facts.is_some(), day.arrivals.is_some()))
    };
    world.wait(DAY * 8);
    world.store().prune(KEEP).await.expect("it prunes");
    assert_eq!(day().await, Some((true, true)));
    world.wait(DAY * 2);
    world.store().prune(KEEP).await.expect("it prunes");
    assert_eq!((day().await, kept(&world).await.len()), (Some((true, false)), 1));
    world.wait(DAY * 400);
    assert!(world.clock.now() > time("2027-12-30T00:00:00Z"));
    world.store().prune(KEEP).await.expect("it prunes");
    assert_eq!((day().await, kept(&world).await.len()), (None, 0));
}
