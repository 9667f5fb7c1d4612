//! Schedules.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, wide};
use crate::{Fired, Firing};
use anvil_types::{
    Clock, JobTemplate, Limits, MissedRuns, NewJob, Priority, Schedule, ScheduleId, Timestamp, UpstreamKind,
};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn nightly(world: &World<'_>, next_at: Option<Timestamp>) -> Schedule {
    Schedule {
        id: ScheduleId::new(world.clock.now(), world.number()),
        name: "nightly".to_owned(),
        cron: "0 * * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        missed: MissedRuns::RunAll,
        job: JobTemplate {
            agent: super::world::AGENT.to_owned(),
            action: "write".to_owned(),
            payload: r#"{"big":12345678901234567890123}"#.parse().expect("JSON"),
            priority: Priority::Low,
            tags: vec!["night".to_owned()],
            max_cost: None,
        },
        enabled: true,
        next_at,
        blocked: None,
        upstream: UpstreamKind::Simulated,
        created_at: world.clock.now(),
        last_job: None,
    }
}

fn run(world: &World<'_>, schedule: &Schedule, time: Timestamp) -> (Timestamp, NewJob) {
    let key = Some(format!("schedule:{}:{time}", schedule.id));
    let new = NewJob { idempotency_key: key, schedule: Some(schedule.name.clone()), ..world.new_job() };
    (time, new)
}

fn firing(world: &World<'_>, schedule: &Schedule, times: &[Timestamp], next: Timestamp) -> Firing {
    Firing {
        name: schedule.name.clone(),
        id: schedule.id,
        due: schedule.next_at.expect("a time"),
        jobs: times.iter().map(|time| run(world, schedule, *time)).collect(),
        next_at: Some(next),
    }
}

async fn schedule(world: &World<'_>) -> Schedule {
    world.store().schedule("nightly").await.expect("a read works").expect("it is there")
}

pub async fn a_schedule_comes_back_as_it_was_made(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let next = world.clock.now() + HOUR;
    let made = nightly(&world, Some(next));
    assert_eq!(world.store().put_schedule(made.clone(), "ann").await.expect("room"), made);
    world.crash().await;
    assert_eq!(world.store().schedules().await.expect("a read works"), std::slice::from_ref(&made));
    assert_eq!(world.store().next_schedule(UpstreamKind::Simulated).await.expect("a read works"), Some(next));
    let other = world.store().next_schedule(UpstreamKind::Live).await.expect("a read works");
    assert_eq!(other, None, "it rests while the host asks another upstream");
    let paused = Schedule { enabled: false, next_at: None, id: nightly(&world, None).id, ..made.clone() };
    let changed = world.store().put_schedule(paused, "bob").await.expect("it is there");
    assert_eq!((changed.id, changed.enabled), (made.id, false), "it keeps its id");
    assert_eq!(world.store().next_schedule(UpstreamKind::Simulated).await.expect("a read works"), None);
    assert!(world.store().delete_schedule("nightly", "ann").await.expect("deleted"));
    assert!(!world.store().delete_schedule("nightly", "ann").await.expect("gone"));
    let audit = world.store().audit_of("schedule", 9).await.expect("a read works");
    let actions: Vec<_> = audit.iter().map(|entry| (entry.by.as_str(), entry.action.as_str())).collect();
    assert_eq!(actions, [("ann", "schedule.delete"), ("bob", "schedule.pause"), ("ann", "schedule.make")]);
}

pub async fn a_time_makes_its_job_exactly_once(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let time = world.clock.now() + HOUR;
    let made = nightly(&world, Some(time));
    world.store().put_schedule(made.clone(), "ann").await.expect("room");
    let due = async |world: &World<'_>| {
        world.store().due_schedules(UpstreamKind::Simulated).await.expect("a read works").len()
    };
    assert_eq!(due(&world).await, 0);
    world.wait(HOUR);
    assert_eq!(due(&world).await, 1);
    // Several lookers at once, and one that comes late after a restart.
    let mut firings = Vec::new();
    for _ in 0..5 {
        let (store, firing) = (world.store().clone(), firing(&world, &made, &[time], time + HOUR));
        firings.push(tokio::spawn(async move { store.fire_schedule(firing).await.expect("decided") }));
    }
    let mut taken = 0;
    for firing in firings {
        taken += firing.await.expect("no panic").taken.len();
    }
    assert_eq!((taken, due(&world).await), (1, 0));
    let late = firing(&world, &made, &[time], time + HOUR);
    world.crash().await;
    assert_eq!(world.store().fire_schedule(late.clone()).await.expect("decided"), Fired::default());
    // Not even where the schedule stands at that time again.
    world.store().put_schedule(made.clone(), "ann").await.expect("it is there");
    let again = world.store().fire_schedule(late).await.expect("decided");
    assert_eq!((again.taken.len(), again.blocked), (0, None));
    assert_eq!(schedule(&world).await.next_at, Some(time + HOUR));
    let jobs = world.store().schedule_jobs("nightly", 9).await.expect("a read works");
    assert_eq!((jobs.len(), jobs[0].schedule.as_deref()), (1, Some("nightly")));
    assert_eq!(schedule(&world).await.last_job, Some(jobs[0].id));
}

pub async fn a_full_queue_loses_no_time_of_a_schedule(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 3, ..wide() }).await;
    let first = world.clock.now();
    let made = nightly(&world, Some(first));
    world.store().put_schedule(made.clone(), "ann").await.expect("room");
    let other = world.running().await;
    world.wait(4 * HOUR);
    let times: Vec<_> = (0..4_u32).map(|hour| first + HOUR * hour).collect();
    let fired = world.store().fire_schedule(firing(&world, &made, &times, first + HOUR * 5)).await;
    let fired = fired.expect("decided");
    assert_eq!(fired.taken.len(), 2);
    assert!(fired.blocked.expect("no place").contains("queue is full"));
    let blocked = schedule(&world).await;
    assert_eq!(blocked.next_at, Some(times[2]), "the first that got no place");
    assert!(blocked.blocked.clone().expect("it says so").contains("queue is full"));
    world.succeed(other.lease).await;
    let claimed = world.claim_one().await;
    world.succeed(claimed.lease).await;
    let rest = firing(&world, &blocked, &times[2..], first + HOUR * 5);
    let fired = world.store().fire_schedule(rest).await.expect("decided");
    assert_eq!((fired.taken.len(), fired.blocked), (2, None));
    let done = schedule(&world).await;
    assert_eq!((done.next_at, done.blocked), (Some(first + HOUR * 5), None));
    assert_eq!(world.store().schedule_jobs("nightly", 9).await.expect("a read works").len(), 4);
}
