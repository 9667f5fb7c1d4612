//! Files that jobs are submitted with.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, bad_reply, wide};
use crate::{Enqueued, Finish, JobFilter, Retention, StoreError};
use anvil_types::{ArtifactName, InputDigest, InputInfo, JobId, Limits, NewInput, NewJob, UpstreamKind};
use std::sync::Arc;
use std::time::Duration;

fn name(text: &str) -> ArtifactName {
    text.parse().expect("a file's name")
}

fn info(file: &str, bytes: &[u8]) -> InputInfo {
    InputInfo {
        name: name(file),
        media_type: "text/plain".to_owned(),
        size: bytes.len() as u64,
        digest: InputDigest(*blake3::hash(bytes).as_bytes()),
    }
}

/// A file that comes with its bytes.
pub(super) fn input(file: &str, bytes: &[u8]) -> NewInput {
    NewInput { info: info(file, bytes), bytes: Some(Arc::new(bytes.to_vec())) }
}

/// One of which the store has the bytes already, or so whoever sends it believes.
fn kept(file: &str, bytes: &[u8]) -> NewInput {
    NewInput { info: info(file, bytes), bytes: None }
}

fn with(world: &World<'_>, inputs: Vec<NewInput>) -> NewJob {
    NewJob { inputs, ..world.new_job() }
}

async fn read(world: &World<'_>, job: JobId, file: &str) -> Option<Vec<u8>> {
    let found = world.store().input(job, &name(file)).await.expect("a read works");
    found.map(|(_, bytes)| bytes)
}

/// Whether the store has bytes still, by a job that would come with them.
async fn has(world: &World<'_>, bytes: &[u8]) -> bool {
    match world.store().enqueue(with(world, vec![kept("again", bytes)])).await {
        Ok(_) => true,
        Err(StoreError::InputGone { name }) => {
            assert_eq!(name.as_str(), "again");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

async fn forget_finished(world: &World<'_>) {
    world.wait(Duration::from_hours(2));
    let hour = Duration::from_hours(1);
    let retention = Retention { finished_for: hour, finished_jobs: 1_000_000, alerts_for: hour };
    for _ in 0..100 {
        if !world.store().prune(retention).await.expect("it prunes").more {
            return;
        }
    }
    panic!("pruning does not end");
}

async fn finish(world: &World<'_>) -> JobId {
    let claimed = world.claim_one().await;
    world.succeed(claimed.lease).await;
    claimed.job.id
}

pub async fn a_jobs_files_come_back_as_they_were_sent(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let long: Vec<u8> = (0..700_001_u32).map(|n| n.to_le_bytes()[1]).collect();
    let new = with(&world, vec![input("src/main.rs", &long), input("empty", b""), input("a/ü", b"\xff\0")]);
    let told = world.store().enqueue(new.clone()).await.expect("there is room");
    let Enqueued::New(told) = told else { panic!("{told:?}") };
    assert_eq!(told.inputs, [info("a/ü", b"\xff\0"), info("empty", b""), info("src/main.rs", &long)]);
    world.crash().await;
    assert_eq!(world.job(new.id).await, told);
    let page =
        world.store().jobs(JobFilter { limit: 9, ..JobFilter::default() }).await.expect("a read works");
    assert_eq!(page.items[0].inputs, told.inputs, "lists tell of them too");
    assert_eq!(read(&world, new.id, "src/main.rs").await.as_deref(), Some(&*long));
    assert_eq!(read(&world, new.id, "empty").await.as_deref(), Some(&b""[..]));
    assert_eq!(read(&world, new.id, "a/ü").await.as_deref(), Some(&b"\xff\0"[..]));
    assert_eq!(read(&world, new.id, "main.rs").await, None);
    let other = world.submit(world.new_job()).await;
    assert_eq!((world.job(other).await.inputs, read(&world, other, "empty").await), (Vec::new(), None));
    let claimed = world.claim_one().await;
    assert_eq!((claimed.job.id, &claimed.job.inputs), (new.id, &told.inputs));
    let failed = Finish::Failed { error: bad_reply() };
    world.finish(claimed.lease, failed).await;
    world.store().retry(new.id, "ann").await.expect("it runs again");
    assert_eq!(world.claim_one().await.job.inputs, told.inputs);
}

pub async fn a_key_stands_for_the_files_too(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let keyed = |inputs| NewJob { idempotency_key: Some("k".into()), ..with(&world, inputs) };
    let first = keyed(vec![input("a", b"1"), input("b", b"2")]);
    world.submit(first.clone()).await;
    assert_eq!(world.submit(keyed(vec![input("b", b"2"), input("a", b"1")])).await, first.id);
    let other_type = NewInput {
        info: InputInfo { media_type: "text/html".to_owned(), ..info("b", b"2") },
        ..input("b", b"2")
    };
    for (what, other) in [
        ("another file", vec![input("a", b"1"), input("b", b"3")]),
        ("another name", vec![input("a", b"1"), input("c", b"2")]),
        ("another type", vec![input("a", b"1"), other_type]),
        ("names the other way", vec![input("a", b"2"), input("b", b"1")]),
        ("one less", vec![input("a", b"1")]),
        ("one more", vec![input("a", b"1"), input("b", b"2"), input("c", b"2")]),
        ("none", Vec::new()),
    ] {
        let refused = world.store().enqueue(keyed(other)).await;
        let conflict = matches!(refused, Err(StoreError::IdempotencyConflict { job }) if job == first.id);
        assert!(conflict, "{what}: {refused:?}");
    }
    assert!(!has(&world, b"3").await, "what is refused leaves nothing");
}

pub async fn files_are_kept_for_as_long_as_a_job_has_them(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let first = world.submit(with(&world, vec![input("a", b"shared"), input("b", b"own")])).await;
    assert_eq!(finish(&world).await, first);
    world.wait(Duration::from_mins(90));
    let second = world.submit(with(&world, vec![kept("else", b"shared")])).await;
    assert_eq!(finish(&world).await, second);
    world.wait(Duration::from_mins(20));
    world.crash().await;
    let retention = Retention {
        finished_for: Duration::from_hours(1),
        finished_jobs: 1_000_000,
        alerts_for: Duration::from_hours(1),
    };
    assert_eq!(world.store().prune(retention).await.expect("it prunes").jobs, 1);
    assert!(world.store().job(first).await.expect("a read works").is_none());
    assert_eq!(read(&world, first, "a").await, None);
    assert_eq!(read(&world, second, "else").await.as_deref(), Some(&b"shared"[..]), "another has it still");
    assert!(!has(&world, b"own").await, "nobody has it any more");
    forget_finished(&world).await;
    assert!(!has(&world, b"shared").await, "it went with the last");
    let anew = world.submit(with(&world, vec![input("a", b"shared")])).await;
    assert_eq!(read(&world, anew, "a").await.as_deref(), Some(&b"shared"[..]));
}

pub async fn what_is_refused_leaves_no_file(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 1, ..wide() }).await;
    let running = world.running().await;
    let full = world.store().enqueue(with(&world, vec![input("a", b"too late")])).await;
    assert!(matches!(full, Err(StoreError::QueueFull { .. })), "{full:?}");
    world.succeed(running.lease).await;
    assert!(!has(&world, b"too late").await);
    // Bytes that are not those of the digest: what was read the second time is not what came.
    let torn = NewInput { info: info("a", b"whole"), ..input("a", b"torn!") };
    let refused = world.store().enqueue(with(&world, vec![torn])).await;
    assert!(
        matches!(&refused, Err(StoreError::Backend(why)) if why.to_string().contains("`a`")),
        "{refused:?}"
    );
    assert!(!has(&world, b"whole").await && !has(&world, b"torn!").await);
    assert_eq!(world.store().queue_counts().await.expect("a read works").queued, 0);
}

pub async fn a_wipe_takes_the_files_of_what_is_simulated_alone(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let played = world.submit(with(&world, vec![input("a", b"shared"), input("b", b"own")])).await;
    world.upstream = UpstreamKind::Live;
    world.crash().await;
    let live = NewJob { upstream: UpstreamKind::Live, ..with(&world, vec![kept("else", b"shared")]) };
    let live = world.submit(live).await;
    let wiped = world.store().wipe_simulated("ann").await.expect("wiped");
    assert_eq!(wiped.jobs, 1);
    assert_eq!(read(&world, played, "a").await, None);
    assert_eq!(read(&world, live, "else").await.as_deref(), Some(&b"shared"[..]));
    assert!(!has(&world, b"own").await);
}
