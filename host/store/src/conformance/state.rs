//! What agents keep beyond their jobs.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, bad_reply, wide};
use crate::{Claimed, Finish, JournalKind, StateStep, StoreError};
use anvil_types::{
    JobState, Lease, NewJob, StateAnswer, StateAsk, StateItem, StateKey, StatePage, StateSize, StateValue,
    UpstreamKind, WaitReason,
};

const WIDE: StateSize = StateSize { keys: 1_000, bytes: 1_000_000 };

fn key(text: &str) -> StateKey {
    text.parse().expect("a key")
}

pub(super) fn set(name: &str, value: &[u8]) -> StateAsk {
    StateAsk::Set { key: key(name), value: value.to_vec() }
}

fn get(name: &str) -> StateAsk {
    StateAsk::Get { key: key(name) }
}

fn compare(name: &str, expected: Option<u64>, value: &[u8]) -> StateAsk {
    StateAsk::CompareAndSet { key: key(name), expected, value: value.to_vec() }
}

pub(super) fn state_step(lease: Lease, position: u32, ask: StateAsk) -> StateStep {
    let request_hash = [u8::try_from(position % 251).expect("a byte"); 32];
    StateStep { lease, position, request_hash, ask, quota: WIDE, at: anvil_types::Timestamp::from_secs(9) }
}

async fn ask(world: &World<'_>, lease: Lease, position: u32, ask: StateAsk) -> StateAnswer {
    world.store().state_step(state_step(lease, position, ask)).await.expect("it answers")
}

async fn within(
    world: &World<'_>,
    lease: Lease,
    position: u32,
    ask: StateAsk,
    quota: StateSize,
) -> StateAnswer {
    let step = StateStep { quota, ..state_step(lease, position, ask) };
    world.store().state_step(step).await.expect("it answers")
}

/// The kind of a refusal.
fn refused(answer: &StateAnswer) -> &str {
    match answer {
        StateAnswer::Refused(fault) => &fault.kind,
        other => panic!("it was done: {other:?}"),
    }
}

fn version(answer: &StateAnswer) -> u64 {
    match answer {
        StateAnswer::Set(version) => *version,
        other => panic!("it was not set: {other:?}"),
    }
}

async fn value(world: &World<'_>, name: &str) -> Option<StateValue> {
    world.store().state_value(AGENT, &key(name)).await.expect("a read works")
}

async fn size(world: &World<'_>) -> Option<StateSize> {
    world.store().state_size(AGENT).await.expect("a read works")
}

pub async fn what_an_agent_keeps_outlives_its_jobs_and_is_its_own(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    assert_eq!(size(&world).await, None);
    let claimed = world.running().await;
    assert_eq!(ask(&world, claimed.lease, 0, get("seen")).await, StateAnswer::Value(None));
    let first = version(&ask(&world, claimed.lease, 1, set("seen", b"hello")).await);
    world.finish(claimed.lease, Finish::Failed { error: bad_reply() }).await;
    world.crash().await;
    let kept = Some(StateValue { value: b"hello".to_vec(), version: first });
    assert_eq!(value(&world, "seen").await, kept, "what a failed job wrote stays");
    assert_eq!(size(&world).await, Some(StateSize { keys: 1, bytes: 9 }));
    let next = world.running().await;
    assert_eq!(ask(&world, next.lease, 0, get("seen")).await, StateAnswer::Value(kept));
    world.succeed(next.lease).await;

    world.submit(NewJob { agent: "painter".into(), ..world.new_job() }).await;
    let mut claim = world.claim_of(1);
    "painter".clone_into(&mut claim.agents[0].name);
    let other = world.store().claim(claim).await.expect("a claim works").pop().expect("a job waits");
    assert_eq!(ask(&world, other.lease, 0, get("seen")).await, StateAnswer::Value(None), "another agent's");
    version(&ask(&world, other.lease, 1, set("mine", b"")).await);
    let sizes = world.store().state_sizes().await.expect("a read works");
    let expected = [("painter", StateSize { keys: 1, bytes: 4 }), (AGENT, StateSize { keys: 1, bytes: 9 })];
    assert_eq!(sizes, expected.map(|(name, size)| (name.to_owned(), size)));
}

pub async fn a_write_and_its_entry_in_the_journal_are_one_step(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    let set = ask(&world, claimed.lease, 0, set("a", b"1")).await;
    let full = StateSize { keys: 1, bytes: 100 };
    let refused = within(&world, claimed.lease, 1, compare("b", None, b"2"), full).await;
    world.crash().await;
    let again = world.claim_one().await;
    let answers: Vec<_> = again
        .journal
        .iter()
        .map(|entry| {
            (entry.position, entry.kind, serde_json::from_str(entry.answer.as_str()).expect("an answer"))
        })
        .collect();
    assert_eq!(answers, [(0, JournalKind::State, set), (1, JournalKind::State, refused)]);
    assert_eq!(value(&world, "a").await.expect("it is set").value, b"1");
    assert_eq!(value(&world, "b").await, None);
    let stale = world.store().state_step(state_step(claimed.lease, 2, self::set("a", b"late"))).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost)), "{stale:?}");
    assert_eq!(value(&world, "a").await.expect("it is set").value, b"1");
    assert_eq!(world.job(again.job.id).await.state, JobState::Running);
}

pub async fn the_same_question_at_the_same_place_is_answered_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let first = ask(&world, claimed.lease, 0, set("a", b"1")).await;
    assert_eq!(ask(&world, claimed.lease, 0, set("a", b"1")).await, first, "nothing is written twice");
    assert_eq!(value(&world, "a").await.map(|value| value.version), Some(version(&first)));
    let read = ask(&world, claimed.lease, 1, get("a")).await;
    ask(&world, claimed.lease, 2, set("a", b"2")).await;
    assert_eq!(ask(&world, claimed.lease, 1, get("a")).await, read, "what it was told then");
    world.store().journal_cut(claimed.lease, 1).await.expect("cut");
    let anew = ask(&world, claimed.lease, 1, get("a")).await;
    assert!(matches!(anew, StateAnswer::Value(Some(value)) if value.value == b"2"), "it went another way");
}

pub async fn a_version_never_comes_again(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let lease = world.running().await.lease;
    let first = version(&ask(&world, lease, 0, compare("a", None, b"1")).await);
    assert_eq!(ask(&world, lease, 1, StateAsk::Delete { key: key("a") }).await, StateAnswer::Deleted(true));
    assert_eq!(ask(&world, lease, 2, StateAsk::Delete { key: key("a") }).await, StateAnswer::Deleted(false));
    let second = version(&ask(&world, lease, 3, compare("a", None, b"1")).await);
    assert!(second > first);
    let cleared = world.store().clear_state(AGENT, None, "ann").await.expect("cleared");
    assert_eq!(cleared, StateSize { keys: 1, bytes: 2 });
    world.crash().await;
    let lease = world.claim_one().await.lease;
    let gone = ask(&world, lease, 4, compare("a", Some(second), b"2")).await;
    assert!(
        matches!(&gone, StateAnswer::Refused(fault) if fault.kind == "conflict" && fault.current.is_none())
    );
    let third = version(&ask(&world, lease, 5, set("b", b"")).await);
    assert!(third > second, "versions go on from where they were");
}

pub async fn of_two_jobs_that_compare_one_sets(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (one, other) = (world.running().await.lease, world.running().await.lease);
    let first = version(&ask(&world, one, 0, set("a", b"0")).await);
    let (a, b) = tokio::join!(
        ask(&world, one, 1, compare("a", Some(first), b"1")),
        ask(&world, other, 0, compare("a", Some(first), b"2")),
    );
    let (won, lost) = if matches!(a, StateAnswer::Set(_)) { (a, b) } else { (b, a) };
    assert_eq!(refused(&lost), "conflict");
    let StateAnswer::Refused(fault) = lost else { unreachable!("it is one") };
    assert_eq!(fault.current, Some(version(&won)), "the loser is told what stands there");
}

pub async fn hosts_at_once_count_every_increment(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let (first, second) = (one.running().await.lease, other.running().await.lease);
    let count = async |world: &World<'_>, lease| {
        let (mut position, mut done) = (0, 0);
        while done < 10 {
            let stands = match ask(world, lease, position, get("n")).await {
                StateAnswer::Value(stands) => stands,
                other => panic!("{other:?}"),
            };
            let number = stands.as_ref().map_or(0, |stands| stands.value[0]);
            let expected = stands.map(|stands| stands.version);
            let set = ask(world, lease, position + 1, compare("n", expected, &[number + 1])).await;
            done += u32::from(matches!(set, StateAnswer::Set(_)));
            position += 2;
            assert!(position < 1_000, "somebody always comes through");
        }
    };
    tokio::join!(count(&one, first), count(&other, second));
    assert_eq!(value(&one, "n").await.expect("it is set").value, [20]);
    assert_eq!(value(&other, "n").await, value(&one, "n").await);
}

pub async fn a_quota_counts_keys_and_bytes(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let quota = StateSize { keys: 2, bytes: 20 };
    let mut position = 0;
    let mut ask = async |ask: StateAsk, quota: StateSize| {
        position += 1;
        within(&world, lease, position, ask, quota).await
    };
    version(&ask(set("a", &[0; 9]), quota).await);
    assert_eq!(refused(&ask(set("b", &[0; 10]), quota).await), "quota", "21 bytes, the keys counted");
    version(&ask(set("b", &[0; 9]), quota).await);
    assert_eq!(refused(&ask(set("c", b""), quota).await), "quota", "a third key");
    assert_eq!(refused(&ask(compare("c", None, b""), quota).await), "quota");
    assert_eq!(refused(&ask(set("b", &[0; 10]), quota).await), "quota", "one byte more");
    version(&ask(set("b", &[1; 9]), quota).await);
    assert_eq!(size(&world).await, Some(StateSize { keys: 2, bytes: 20 }));
    let lowered = StateSize { keys: 1, bytes: 5 };
    version(&ask(set("b", &[1; 8]), lowered).await);
    assert_eq!(refused(&ask(set("b", &[1; 9]), lowered).await), "quota");
    assert_eq!(ask(StateAsk::Delete { key: key("a") }, lowered).await, StateAnswer::Deleted(true));
    assert_eq!(size(&world).await, Some(StateSize { keys: 1, bytes: 9 }));
    version(&ask(set("c", &[0; 10]), quota).await);
    assert_eq!(size(&world).await, Some(StateSize { keys: 2, bytes: 20 }));
}

pub async fn pages_of_keys_come_in_order_and_complete(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    // In the order of their bytes: `Z` is before `a`, and what UTF-8 writes with more bytes is last.
    let keys = ["Z", "a", "a/1", "a/2", "a/\u{10ffff}", "a0", "b%", "b_", "ü"];
    for (position, name) in (0..).zip(keys.iter().rev()) {
        version(&ask(&world, lease, position, set(name, name.as_bytes())).await);
    }
    let names = |page: &StatePage| -> Vec<String> {
        page.items.iter().map(|item: &StateItem| item.key.to_string()).collect()
    };
    for (prefix, expected) in [
        ("", &keys[..]),
        ("a", &keys[1..6]),
        ("a/", &keys[2..5]),
        ("b_", &keys[7..8]),
        ("x", &[]),
        ("ü", &keys[8..]),
    ] {
        for limit in 1..=10 {
            let (mut found, mut after) = (Vec::new(), None::<String>);
            for _ in 0..10 {
                let page =
                    world.store().state_page(AGENT, prefix, after.as_deref(), limit).await.expect("a page");
                assert!(page.items.len() <= limit as usize);
                found.extend(names(&page));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{prefix:?} by {limit}");
        }
    }
    let list = StateAsk::List { prefix: "a".into(), after: Some("a/1".into()), limit: 2 };
    let StateAnswer::Page(page) = ask(&world, lease, 100, list).await else { panic!("no page") };
    assert_eq!(
        (names(&page), page.next.as_deref()),
        (vec!["a/2".into(), "a/\u{10ffff}".into()], Some("a/\u{10ffff}"))
    );
    assert_eq!((page.items[0].size, page.items[0].job), (3, lease.job));
    let early = world.store().state_page(AGENT, "b", Some("Z"), 9).await.expect("a page");
    assert_eq!(names(&early), ["b%", "b_"], "a place before the first begins with the first");
}

pub async fn what_is_cleared_is_audited_and_nothing_else_goes(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    for (position, name) in (0..).zip(["a", "b", "c"]) {
        version(&ask(&world, lease, position, set(name, b"1")).await);
    }
    let store = world.store();
    let one = store.clear_state(AGENT, Some(&key("b")), "ann").await.expect("cleared");
    assert_eq!(one, StateSize { keys: 1, bytes: 2 });
    let none = store.clear_state(AGENT, Some(&key("b")), "ann").await.expect("nothing to clear");
    assert_eq!(none, StateSize::default());
    assert_eq!(size(&world).await, Some(StateSize { keys: 2, bytes: 4 }));
    assert_eq!(store.clear_state("nobody", None, "ann").await.expect("nothing there"), StateSize::default());
    assert_eq!(
        store.clear_state(AGENT, None, "ben").await.expect("cleared"),
        StateSize { keys: 2, bytes: 4 }
    );
    assert_eq!(size(&world).await, Some(StateSize::default()));
    assert_eq!(store.state_page(AGENT, "", None, 9).await.expect("a page").items, []);
    let audit = store.audit(9).await.expect("a read works");
    let told: Vec<_> = audit
        .iter()
        .filter(|entry| entry.action == "state.clear")
        .map(|entry| (entry.by.as_str(), entry.detail.as_str()))
        .collect();
    let all = format!("{AGENT}: 2 keys, 4 bytes");
    let key = format!("{AGENT}: the key `b`, 2 bytes");
    assert_eq!(told, [("ben", &*all), ("ann", "nobody: 0 keys, 0 bytes"), ("ann", &*key)]);
}

pub async fn a_simulated_state_never_meets_a_live_one(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let Claimed { lease, .. } = world.running().await;
    version(&ask(&world, lease, 0, set("a", b"played")).await);
    world.park(lease, WaitReason::Money).await;
    world.upstream = UpstreamKind::Live;
    world.crash().await;
    assert_eq!((value(&world, "a").await, size(&world).await), (None, None));
    world.submit(NewJob { upstream: UpstreamKind::Live, ..world.new_job() }).await;
    let claim = crate::Claim { upstream: UpstreamKind::Live, ..world.claim_of(1) };
    let live = world.store().claim(claim).await.expect("a claim works").pop().expect("a job waits");
    assert_eq!(ask(&world, live.lease, 0, get("a")).await, StateAnswer::Value(None));
    version(&ask(&world, live.lease, 1, set("a", b"real")).await);
    world.store().wipe_simulated("ann").await.expect("wiped");
    assert_eq!(value(&world, "a").await.expect("it stays").value, b"real");
    world.upstream = UpstreamKind::Simulated;
    world.crash().await;
    assert_eq!((value(&world, "a").await, size(&world).await), (None, None), "what was played with is gone");
}
