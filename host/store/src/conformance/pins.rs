//! What a job's agent reads as its settings.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply};
use crate::{Claimed, Finish};
use anvil_types::{AgentValues, Clock as _, JobId, WaitReason};
use std::time::Duration;

fn tone(tone: &str) -> AgentValues {
    AgentValues::from([("tone", tone)])
}

/// Takes one job, with these settings in force.
async fn claim(world: &World<'_>, in_force: AgentValues) -> Claimed {
    let mut claim = world.claim_of(1);
    claim.agents[0].settings = in_force;
    world.store().claim(claim).await.expect("a claim works").pop().expect("a job waits")
}

async fn pinned(world: &World<'_>, job: JobId) -> Option<AgentValues> {
    world.store().job_settings(job).await.expect("a read works")
}

pub async fn what_a_job_reads_is_what_its_first_run_read(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    assert_eq!(pinned(&world, id).await, None);
    let first = claim(&world, tone("dry")).await;
    assert_eq!((first.settings, pinned(&world, id).await), (tone("dry"), Some(tone("dry"))));
    // It has no answer yet: it is pinned all the same.
    world.park(first.lease, WaitReason::Money).await;
    world.wait(Duration::from_hours(24 * 31));
    world.crash().await;
    world.store().resume(&[WaitReason::Money], None).await.expect("it waits");
    let resumed = claim(&world, tone("warm")).await;
    assert_eq!(resumed.settings, tone("dry"), "after a month and a restart");
    world.crash().await;
    let again = claim(&world, AgentValues::default()).await;
    assert_eq!(again.settings, tone("dry"), "after a crash");
    let later = world.clock.now() + Duration::from_secs(1);
    world.finish(again.lease, Finish::Retry { error: bad_reply(), at: later }).await;
    world.wait(Duration::from_secs(2));
    let attempt = claim(&world, tone("warm")).await;
    assert_eq!((attempt.job.attempts, attempt.settings), (2, tone("dry")), "in its next attempt");
}

pub async fn a_job_that_began_without_settings_reads_none(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let first = claim(&world, AgentValues::default()).await;
    world.park(first.lease, WaitReason::Money).await;
    world.crash().await;
    world.store().resume(&[WaitReason::Money], None).await.expect("it waits");
    assert_eq!(claim(&world, tone("warm")).await.settings, AgentValues::default());
    assert_eq!(pinned(&world, id).await, Some(AgentValues::default()));
}

pub async fn a_persons_retry_reads_the_settings_in_force(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let first = claim(&world, tone("dry")).await;
    let failed = crate::Finish::Failed { error: bad_reply() };
    world.finish(first.lease, failed).await;
    assert_eq!(pinned(&world, id).await, Some(tone("dry")), "a look at it reads what it read");
    world.store().retry(id, "ann").await.expect("it failed");
    let again = claim(&world, tone("warm")).await;
    assert_eq!((again.settings, pinned(&world, id).await), (tone("warm"), Some(tone("warm"))));
}
