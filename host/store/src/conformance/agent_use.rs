//! What attempts use.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, bad_reply};
use crate::{AttemptNote, Claimed, Finish};
use anvil_types::{AgentUse, AttemptUse, Clock as _, WaitReason};
use std::time::Duration;

fn used(cpu_us: u64, waited_us: u64, memory_bytes: u64) -> AttemptUse {
    AttemptUse { cpu_us, wall_us: 2 * cpu_us, waited_us, memory_bytes, ..AttemptUse::default() }
}

async fn note(world: &World<'_>, run: &Claimed, digest: &str, used: AttemptUse) {
    let (lease, attempt, agent) = (run.lease, run.job.attempts, run.job.agent.clone());
    let note = AttemptNote { lease, attempt, agent, digest: digest.to_owned(), used, trap: None };
    world.store().note_run(note).await.expect("it is noted");
}

async fn of_agent(world: &World<'_>) -> AgentUse {
    world.store().agent_uses().await.expect("a read works").pop().expect("it ran")
}

pub async fn what_an_attempt_uses_is_summed_over_its_runs(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let first = world.claim_one().await;
    world.park(first.lease, WaitReason::Money).await;
    note(&world, &first, "d1", used(10, 500, 7_000)).await;
    world.crash().await;
    world.store().resume(&[WaitReason::Money], None).await.expect("it waits");
    let second = world.claim_one().await;
    note(&world, &second, "d1", used(5, 0, 3_000)).await;
    let at = world.clock.now() + Duration::from_secs(1);
    world.finish(second.lease, Finish::Retry { error: bad_reply(), at }).await;
    world.wait(Duration::from_secs(2));
    let third = world.claim_one().await;
    world.succeed(third.lease).await;
    note(&world, &third, "d1", used(1, 0, 100)).await;
    let attempts = world.store().attempts(id).await.expect("a read works");
    let told: Vec<_> = attempts.iter().map(|attempt| attempt.used).collect();
    assert_eq!(told, [used(15, 500, 7_000), used(1, 0, 100)]);
    let agent = of_agent(&world).await;
    assert_eq!((agent.agent.as_str(), agent.runs, agent.cpu_us, agent.waited_us), (AGENT, 3, 16, 500));
    assert_eq!(agent.most, used(15, 500, 7_000), "by attempts, and not by runs");
}

pub async fn a_run_that_is_over_is_never_added_to_another(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let first = world.claim_one().await;
    world.store().cancel(id, "ann").await.expect("it runs");
    note(&world, &first, "d1", used(10, 0, 1)).await;
    let attempts = world.store().attempts(id).await.expect("a read works");
    assert_eq!(attempts[0].used, used(10, 0, 1), "a cancelled run counts");
    world.store().retry(id, "ann").await.expect("it was cancelled");
    let second = world.claim_one().await;
    note(&world, &first, "d1", used(1_000, 0, 1)).await;
    note(&world, &second, "d2", used(3, 0, 1)).await;
    let attempts = world.store().attempts(id).await.expect("a read works");
    assert_eq!(attempts.last().expect("two").used, used(3, 0, 1));
    let agent = of_agent(&world).await;
    assert_eq!((agent.runs, agent.cpu_us), (3, 1_013), "the agent's sum has all of them");
    assert_eq!(agent.most, used(3, 0, 1), "of the version that ran last");
}
