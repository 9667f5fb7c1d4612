//! Schedules.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, wide};
use crate::{Fired, Firing};
use anvil_types::{
    Clock, JobTemplate, Limits, MissedRuns, NewJob, Overlap, Priority, Schedule, ScheduleId, Timestamp,
    UpstreamKind,
};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

pub(super) fn nightly(world: &World<'_>, next_at: Option<Timestamp>) -> Schedule {
    Schedule {
        id: ScheduleId::new(world.clock.now(), world.number()),
        name: "nightly".to_owned(),
        cron: "0 * * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        missed: MissedRuns::RunAll,
        overlap: Overlap::Allow,
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
        owed_to: None,
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

pub(super) fn firing(world: &World<'_>, schedule: &Schedule, times: &[Timestamp], next: Timestamp) -> Firing {
    Firing {
        name: schedule.name.clone(),
        id: schedule.id,
        due: schedule.next_at.expect("a time"),
        jobs: times.iter().map(|time| run(world, schedule, *time)).collect(),
        next_at: Some(next),
        newest: times.last().copied(),
        looked_at: world.clock.now(),
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
    let moved = Schedule { cron: "0 0-23 * * *".to_owned(), ..made.clone() };
    world.store().put_schedule(moved, "ann").await.expect("it is there");
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

pub async fn a_schedule_that_is_saved_with_its_times_unchanged_keeps_them(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 1, ..wide() }).await;
    let first = world.clock.now();
    let made = nightly(&world, Some(first));
    world.store().put_schedule(made.clone(), "ann").await.expect("room");
    let other = world.running().await;
    let refused = world.store().fire_schedule(firing(&world, &made, &[first], first + HOUR)).await;
    assert!(refused.expect("decided").blocked.is_some());
    // Whoever saves works out the next time anew.
    let saved = Schedule { next_at: Some(first + HOUR), missed: MissedRuns::Skip, ..made.clone() };
    let kept = world.store().put_schedule(saved, "ann").await.expect("it is there");
    assert_eq!((kept.next_at, kept.blocked.is_some(), kept.missed), (Some(first), true, MissedRuns::Skip));
    assert_eq!(kept.owed_to, Some(first));
    let moved = Schedule { next_at: Some(first + HOUR), cron: "5 * * * *".to_owned(), ..made.clone() };
    let moved = world.store().put_schedule(moved, "ann").await.expect("it is there");
    assert_eq!((moved.next_at, moved.blocked, moved.owed_to), (Some(first + HOUR), None, None));
    world.succeed(other.lease).await;
}

pub async fn what_is_owed_follows_the_looks_at_a_full_queue(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 1, ..wide() }).await;
    let first = world.clock.now();
    let made = nightly(&world, Some(first));
    world.store().put_schedule(made.clone(), "ann").await.expect("room");
    world.running().await;
    for hours in 0..3_u32 {
        let times: Vec<_> = (0..=hours).map(|hour| first + HOUR * hour).collect();
        let looked = firing(&world, &made, &times, first + HOUR * (hours + 1));
        assert!(world.store().fire_schedule(looked).await.expect("decided").blocked.is_some());
        let seen = schedule(&world).await;
        assert_eq!((seen.next_at, seen.owed_to), (Some(first), Some(first + HOUR * hours)));
        world.wait(HOUR);
    }
}

pub async fn jobs_of_a_schedule_overlap_as_it_says(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for overlap in Overlap::ALL {
        let first = world.clock.now();
        let made = Schedule { overlap, ..nightly(&world, Some(first)) };
        world.store().put_schedule(made.clone(), "ann").await.expect("room");
        let fire = async |from: u32, to: u32| {
            let now = schedule(&world).await;
            let times: Vec<_> = (from..to).map(|hour| first + HOUR * hour).collect();
            let fired = world.store().fire_schedule(firing(&world, &now, &times, first + HOUR * to)).await;
            fired.expect("decided")
        };
        assert_eq!(fire(0, 1).await.taken.len(), 1, "{overlap}");
        let running = world.claim_one().await;
        world.wait(3 * HOUR);
        let beside = fire(1, 3).await;
        let now = schedule(&world).await;
        match overlap {
            Overlap::Allow => assert_eq!((beside.taken.len(), beside.blocked), (2, None)),
            Overlap::Skip => {
                assert_eq!((beside.taken.len(), beside.blocked), (0, None));
                assert_eq!(now.next_at, Some(first + HOUR * 3), "its times go by");
            }
            Overlap::OneAtATime => {
                let why = beside.blocked.expect("it waits");
                assert!(why.contains(&running.job.id.to_string()), "{why}");
                assert_eq!(now.next_at, Some(first + HOUR * 2), "the last of them is what waits");
            }
        }
        world.succeed(running.lease).await;
        if overlap == Overlap::OneAtATime {
            assert_eq!(fire(2, 3).await.taken.len(), 1);
            assert_eq!(schedule(&world).await.blocked, None);
        }
        for job in world.store().schedule_jobs("nightly", 9).await.expect("a read works") {
            if !job.state.is_final() {
                world.store().cancel(job.id, "ann").await.expect("it waits");
            }
        }
        world.store().delete_schedule("nightly", "ann").await.expect("it is there");
    }
}
