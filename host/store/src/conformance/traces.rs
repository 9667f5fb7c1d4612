//! What jobs leave: events, logs, files, journals.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, entry, next, time, wide};
use crate::{Claim, Finish, JournalKind, ReadyAgent, StoreError};
use anvil_types::{AgentState, ArtifactName, EventKind, JobState, Limits, LogLevel, LogLine, WaitReason};
use std::sync::Arc;

pub async fn events_come_in_order_without_gaps(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let mut heard = world.store().subscribe();
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let (store, job, hold) = (world.store().clone(), world.new_job(), world.hold_of(dollars(1)));
        tasks.push(tokio::spawn(async move {
            store.enqueue(job).await.expect("room");
            let _ = store.hold(hold).await.expect("decided");
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    let rows = world.store().events(0, None, 1_000).await.expect("a read works");
    assert_eq!(rows.len(), 100);
    for (row, seq) in rows.iter().zip(1..) {
        assert_eq!(row.seq, seq);
        assert_eq!(*next(&mut heard).await, *row);
    }
    assert_eq!(world.store().last_event().await.expect("a read works"), 100);
    drop(heard);
    world.crash().await;
    let after = world.store().last_event().await.expect("a read works");
    world.store().record(EventKind::Limits).await.expect("recorded");
    let last = world.store().events(after, None, 9).await.expect("a read works");
    assert_eq!(last.iter().map(|event| event.seq).collect::<Vec<_>>(), [after + 1]);
}

pub async fn a_failed_command_tells_nothing(factory: &dyn Factory) {
    let world = World::with(factory, Limits { queue_max: 10, ..wide() }).await;
    let mut tasks = Vec::new();
    for _ in 0..60 {
        let (store, job) = (world.store().clone(), world.new_job());
        tasks.push(tokio::spawn(async move { store.enqueue(job).await }));
    }
    let mut accepted = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => accepted += 1,
            Err(error) => assert!(matches!(error, StoreError::QueueFull { .. }), "{error}"),
        }
    }
    assert_eq!(accepted, 10);
    let events = world.store().events(0, None, 1_000).await.expect("a read works");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
}

pub async fn what_was_missed_can_be_asked_for(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let one = world.running().await;
    let other = world.running().await;
    world.store().progress(one.lease, 0.5, "half").await.expect("current");
    world
        .store()
        .record(EventKind::Agent { name: "x".into(), state: AgentState::Ready })
        .await
        .expect("recorded");
    world.succeed(one.lease).await;
    let of_one = world.store().events(0, Some(one.job.id), 99).await.expect("a read works");
    let state = |state| EventKind::Job { state, agent: "writer".into() };
    assert_eq!(
        of_one.iter().map(|event| event.kind.clone()).collect::<Vec<_>>(),
        [
            state(JobState::Queued),
            state(JobState::Running),
            EventKind::Progress { fraction: 0.5, line: "half".into() },
            state(JobState::Succeeded),
        ]
    );
    let all = world.store().events(0, None, 99).await.expect("a read works");
    assert_eq!(all.len(), 7);
    assert_eq!(world.store().events(all[2].seq, None, 2).await.expect("a read works"), all[3..5]);
    assert!(all.iter().any(|event| event.job == Some(other.job.id)));
    let job = world.job(one.job.id).await;
    assert_eq!((job.progress, job.progress_line.as_deref()), (Some(0.5), Some("half")));
}

pub async fn log_lines_are_numbered_for_each_job(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (one, other) = (world.running().await, world.running().await);
    let line = |text: &str| LogLine {
        seq: 0,
        at: time("2026-11-23T11:00:00Z"),
        attempt: 1,
        level: LogLevel::Warn,
        source: "stdout".into(),
        line: text.into(),
    };
    let store = world.store();
    store.append_log(one.lease, vec![line("a"), line("b")]).await.expect("current");
    store.append_log(other.lease, vec![line("x")]).await.expect("current");
    store.append_log(one.lease, vec![line("c")]).await.expect("current");
    store.append_log(one.lease, Vec::new()).await.expect("current");
    let lines = store.log(one.job.id, 0, 99).await.expect("a read works");
    let expected = [("a", 1), ("b", 2), ("c", 3)].map(|(text, seq)| LogLine { seq, ..line(text) });
    assert_eq!(lines, expected);
    assert_eq!(store.log(one.job.id, 1, 1).await.expect("a read works"), expected[1..2]);
    assert_eq!(store.log(other.job.id, 0, 9).await.expect("a read works")[0].seq, 1);
    let logged: Vec<_> = store.events(0, Some(one.job.id), 99).await.expect("a read works");
    let logged: Vec<_> = logged
        .into_iter()
        .map(|event| event.kind)
        .filter(|kind| matches!(kind, EventKind::Logged { .. }))
        .collect();
    assert_eq!(logged, [EventKind::Logged { last_seq: 2 }, EventKind::Logged { last_seq: 3 }]);
}

pub async fn an_artifact_of_the_same_name_is_replaced(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (one, other) = (world.running().await, world.running().await);
    let store = world.store();
    let name: ArtifactName = "src/main.rs".parse().expect("a name");
    let put = |lease, name: &ArtifactName, bytes: &[u8]| {
        let (store, name, bytes) = (Arc::clone(store), name.clone(), bytes.to_vec());
        async move { store.put_artifact(lease, name, "text/x-rust".into(), bytes).await.expect("current") }
    };
    put(one.lease, &name, b"first").await;
    put(one.lease, &name, b"the second\0").await;
    put(one.lease, &"a.txt".parse().expect("a name"), b"").await;
    put(other.lease, &name, b"another job's").await;
    let list = store.artifacts(one.job.id).await.expect("a read works");
    let seen: Vec<_> = list.iter().map(|info| (info.name.as_str(), info.size)).collect();
    assert_eq!(seen, [("a.txt", 0), ("src/main.rs", 11)]);
    let (info, bytes) = store.artifact(one.job.id, &name).await.expect("a read works").expect("it is there");
    assert_eq!((info, bytes), (list[1].clone(), b"the second\0".to_vec()));
    let missing = store.artifact(one.job.id, &"b".parse().expect("a name")).await.expect("a read works");
    assert_eq!(missing, None);
}

pub async fn the_plugin_stays_pinned_while_there_is_a_journal(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = world.submit(world.new_job()).await;
    let claim = async |digest: &str| {
        let agents = vec![ReadyAgent { digest: digest.to_owned(), ..world.claim_of(1).agents[0].clone() }];
        let claim = Claim { agents, ..world.claim_of(1) };
        world.store().claim(claim).await.expect("a claim works").pop().expect("the job waits")
    };
    for (digest, pinned, paid) in [("one", "one", false), ("two", "two", true), ("three", "two", false)] {
        let claimed = claim(digest).await;
        assert_eq!(claimed.job.plugin_digest.as_deref(), Some(pinned), "{digest}");
        if paid {
            let entry = entry(claimed.lease, 0, JournalKind::Call);
            world.store().journal(entry).await.expect("current");
        }
        world.finish(claimed.lease, Finish::Released).await;
        assert_eq!(world.job(id).await.plugin_digest.as_deref(), Some(pinned));
        assert_eq!(world.store().pinned_plugins().await.expect("a read works"), [pinned]);
    }
    world.succeed(claim("four").await.lease).await;
    assert_eq!(
        world.store().pinned_plugins().await.expect("a read works"),
        [""; 0],
        "no unfinished job needs it"
    );
}

pub async fn a_journal_is_cut_where_the_job_went_another_way(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let store = world.store();
    for position in [0, 1, 2, 3, 1] {
        store.journal(entry(claimed.lease, position, JournalKind::Call)).await.expect("current");
    }
    store.journal_cut(claimed.lease, 2).await.expect("current");
    store.journal(entry(claimed.lease, 2, JournalKind::Allowance)).await.expect("current");
    store.journal_cut(claimed.lease, 3).await.expect("current");
    world.park(claimed.lease, WaitReason::Money).await;
    store.resume(&[WaitReason::Money], None).await.expect("resumes");
    let again = world.claim_one().await;
    let kept: Vec<_> = again.journal.iter().map(|entry| (entry.position, entry.kind)).collect();
    assert_eq!(kept, [(0, JournalKind::Call), (1, JournalKind::Call), (2, JournalKind::Allowance)]);
}

pub async fn an_agent_is_switched_off_and_on(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    world.store().set_agent_disabled("writer", true, "ann").await.expect("switched");
    world.park(claimed.lease, WaitReason::AgentDisabled).await;
    world.crash().await;
    assert_eq!(world.store().disabled_agents().await.expect("a read works"), ["writer"]);
    world.store().set_agent_disabled("other", false, "ann").await.expect("switched");
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
    world.store().set_agent_disabled("writer", false, "ann").await.expect("switched");
    assert_eq!(world.store().disabled_agents().await.expect("a read works"), [""; 0]);
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
}

pub async fn a_note_is_kept_under_its_key(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    assert_eq!(world.store().recall("pace").await.expect("a read works"), None);
    world.store().remember("pace", "one").await.expect("kept");
    world.store().remember("pace", "two").await.expect("kept");
    world.store().remember("host_id", "not the store's own").await.expect("kept");
    world.crash().await;
    assert_eq!(world.store().recall("pace").await.expect("a read works").as_deref(), Some("two"));
}
