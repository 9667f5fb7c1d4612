//! Whose turn it is and what has come already: known to every host, and after every start.

#![expect(missing_docs, reason = "the names are sentences")]

use super::world::{wait, wide};
use super::{Factory, World};
use anvil_types::{Clock as _, JobState, LimitsPatch, Priority, Timestamp, Wait, WaitReason};
use std::time::Duration;

fn refused(reason: WaitReason, at: Timestamp) -> Wait {
    Wait { refused_at: Some(at), ..wait(reason, None) }
}

pub async fn the_longest_waiting_has_its_turn_whichever_host_takes_jobs_and_however_often_it_starts(
    factory: &dyn Factory,
) {
    let one = World::first_host(factory, wide()).await;
    let mut other = one.beside(2).await;
    let low = one.submit_with(Priority::Low).await;
    let mut place = 0;
    for turn in 1..50 {
        one.submit_with(Priority::Critical).await;
        if turn == 5 {
            other.crash().await;
        }
        let taker = if turn % 2 == 0 { &one } else { &other };
        let taken = taker.claim(1).await;
        if taken[0].job.id == low {
            place = turn;
            break;
        }
    }
    assert_eq!(place, 10, "after nine that overtook it");
}

pub async fn who_had_its_turn_when_the_host_crashed_has_it_again(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let low = world.submit_with(Priority::Low).await;
    let mut taken = Vec::new();
    for _ in 0..40 {
        world.submit_with(Priority::Critical).await;
    }
    while !taken.contains(&low) && taken.len() < 40 {
        taken.push(world.claim(1).await[0].job.id);
    }
    assert_eq!(taken.len(), 10, "after nine that overtook it");
    for crash in 1..=2 {
        world.crash().await;
        assert_eq!(world.claim(1).await[0].job.id, low, "after crash {crash}");
    }
}

pub async fn nobody_waits_for_room_that_another_host_has_made(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let claimed = one.running().await;
    let at = one.clock.now();
    one.wait(Duration::from_secs(1));
    let more = LimitsPatch { queue_max: Some(2_000), ..LimitsPatch::default() };
    other.store().set_limits(more, &[], "ann").await.expect("changed");
    one.store().park(claimed.lease, refused(WaitReason::Money, at)).await.expect("current");
    assert_eq!(one.state(claimed.job.id).await, JobState::Queued, "it is judged by what is in force now");
}

pub async fn nobody_waits_for_an_agent_that_has_come_to_another_host(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let claimed = one.running().await;
    let at = one.clock.now();
    one.wait(Duration::from_secs(1));
    other.store().resume(&[WaitReason::AgentMissing], None).await.expect("resumes");
    one.store().park(claimed.lease, refused(WaitReason::AgentMissing, at)).await.expect("current");
    assert_eq!(one.state(claimed.job.id).await, JobState::Queued);
}
