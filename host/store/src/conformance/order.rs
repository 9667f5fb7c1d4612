//! Who goes first.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World};
use crate::{Claim, ReadyAgent};
use anvil_budget::urgency::WARM_FIRST;
use anvil_types::{JobId, NewJob, Priority, UpstreamKind, WaitReason};
use std::collections::HashSet;
use std::time::Duration;

async fn taken(world: &World<'_>, most: u32) -> Vec<JobId> {
    world.claim(most).await.into_iter().map(|claimed| claimed.job.id).collect()
}

pub async fn urgent_jobs_go_first_and_equals_in_turn(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut ids = Vec::new();
    for priority in [Priority::Low, Priority::Normal, Priority::High, Priority::Critical] {
        for _ in 0..3 {
            ids.push(world.submit_with(priority).await);
        }
    }
    let mut expected = Vec::new();
    for of_one in ids.chunks(3).rev() {
        expected.extend_from_slice(of_one);
    }
    let mut order = taken(&world, 2).await;
    order.extend(taken(&world, 5).await);
    order.extend(taken(&world, 100).await);
    assert_eq!(order, expected);
}

pub async fn age_lets_a_low_job_overtake_but_never_a_critical_one(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let low = world.submit_with(Priority::Low).await;
    world.wait(Duration::from_mins(11));
    let normal = world.submit_with(Priority::Normal).await;
    let first = world.claim_one().await;
    assert_eq!(first.job.id, low, "its age is worth more than a step of priority");
    world.succeed(first.lease).await;
    world.wait(Duration::from_hours(100));
    let critical = world.submit_with(Priority::Critical).await;
    let high = world.submit_with(Priority::High).await;
    assert_eq!(taken(&world, 9).await, [critical, normal, high]);
}

pub async fn a_flood_of_critical_jobs_starves_nobody(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let low = world.submit_with(Priority::Low).await;
    let mut place = 0;
    for turn in 1..50 {
        world.submit_with(Priority::Critical).await;
        if taken(&world, 1).await == [low] {
            place = turn;
            break;
        }
    }
    assert_eq!(place, 10, "after nine that overtook it");
}

pub async fn the_kept_slot_takes_critical_jobs_alone(factory: &dyn Factory) {
    let world = World::new(factory).await;
    world.submit_with(Priority::High).await;
    let critical = world.submit_with(Priority::Critical).await;
    let claim = Claim { critical_only: true, ..world.claim_of(5) };
    let claimed = world.store().claim(claim).await.expect("a claim works");
    assert_eq!(claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [critical]);
}

pub async fn only_ready_agents_of_this_upstream_are_taken(factory: &dyn Factory) {
    let world = World::new(factory).await;
    world.submit(NewJob { agent: "gone".into(), ..world.new_job() }).await;
    world.submit(NewJob { upstream: UpstreamKind::Live, ..world.new_job() }).await;
    assert_eq!(taken(&world, 9).await, []);
    let mine = world.submit(world.new_job()).await;
    assert_eq!(taken(&world, 9).await, [mine]);
    assert_eq!(
        world.store().claim(Claim { agents: Vec::new(), ..world.claim_of(9) }).await.expect("works"),
        []
    );
}

pub async fn a_paused_queue_gives_out_no_job(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let running = world.running().await;
    let waiting = world.submit_with(Priority::Critical).await;
    let store = world.store();
    assert_eq!(store.queue_pause().await.expect("a read works"), None);
    let pause = store.set_queue_pause(Some("a deployment"), "ann").await.expect("paused").expect("a pause");
    assert_eq!((pause.reason.as_str(), pause.by.as_str()), ("a deployment", "ann"));
    assert_eq!(taken(&world, 9).await, [], "not even a critical one");
    world.succeed(running.lease).await;
    world.crash().await;
    assert_eq!(world.store().queue_pause().await.expect("a read works"), Some(pause), "it outlives the host");
    assert_eq!(taken(&world, 9).await, []);
    world.store().set_queue_pause(None, "bob").await.expect("resumed");
    world.store().set_queue_pause(None, "bob").await.expect("nothing to resume");
    assert_eq!(taken(&world, 9).await, [waiting]);
    let audit = world.store().audit_of("queue", 9).await.expect("a read works");
    let told: Vec<_> = audit.iter().map(|entry| (entry.by.as_str(), entry.action.as_str())).collect();
    assert_eq!(told, [("bob", "queue.resume"), ("ann", "queue.pause")]);
}

pub async fn claims_at_once_never_take_the_same_job(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for _ in 0..60 {
        world.submit(world.new_job()).await;
    }
    let mut claims = Vec::new();
    for _ in 0..30 {
        let (store, claim) = (world.store().clone(), world.claim_of(3));
        claims.push(tokio::spawn(async move { store.claim(claim).await.expect("a claim works") }));
    }
    let (mut seen, mut count) = (HashSet::new(), 0);
    for claim in claims {
        for claimed in claim.await.expect("no panic") {
            seen.insert(claimed.job.id);
            count += 1;
        }
    }
    assert_eq!((seen.len(), count), (60, 60));
}

pub async fn a_job_keeps_its_place_over_a_park(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let first = world.running().await;
    world.wait(Duration::from_secs(1));
    let second = world.submit(world.new_job()).await;
    world.park(first.lease, WaitReason::Money).await;
    world.wait(Duration::from_secs(1));
    world.store().resume(&[WaitReason::Money], None).await.expect("resumes");
    assert_eq!(taken(&world, 2).await, [first.job.id, second]);
}

pub async fn jobs_of_a_warm_agent_go_first_for_half_a_minute_and_never_before_a_higher_priority(
    factory: &dyn Factory,
) {
    let world = World::new(factory).await;
    let submit = async |agent: &str, priority| {
        world.wait(Duration::from_secs(1));
        world.submit(NewJob { agent: agent.into(), priority, ..world.new_job() }).await
    };
    let claim = |most| {
        let cold = world.claim_of(most).agents.remove(0);
        let warm = ReadyAgent { name: "warm".into(), warm: true, ..cold.clone() };
        Claim { agents: vec![cold, warm], ..world.claim_of(most) }
    };
    let take = async |most| {
        let claimed = world.store().claim(claim(most)).await.expect("a claim works");
        let mut ids = Vec::new();
        for claimed in claimed {
            ids.push(claimed.job.id);
            world.succeed(claimed.lease).await;
        }
        ids
    };
    let cold = [submit(AGENT, Priority::Normal).await, submit(AGENT, Priority::Normal).await];
    let warm = [submit("warm", Priority::Normal).await, submit("warm", Priority::Normal).await];
    let high = submit(AGENT, Priority::High).await;
    let low = submit("warm", Priority::Low).await;
    assert_eq!(take(1).await, [high]);
    assert_eq!(take(2).await, [warm[0], warm[1]]);
    let late = submit("warm", Priority::Normal).await;
    world.wait(WARM_FIRST);
    assert_eq!(take(4).await, [cold[0], cold[1], late, low]);
}
