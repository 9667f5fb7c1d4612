//! The writer when things go wrong: what fails takes nothing along that it should not, and is told.

use crate::QueueShares;
use crate::engine::{Id as _, params};
use crate::sqlite::writer::{Command, Message};
use crate::sqlite::{SqliteOptions, SqliteStore, Tx};
use crate::{
    BulkStore, Claim, Claimed, Enqueued, EventStore, Finish, JobFilter, JournalStore, NewAction, QueueStore,
    ReadingStore, ReadyAgent, StoreError, UpkeepStore,
};
use anvil_budget::Windows;
use anvil_types::{
    BootId, Clock, EventKind, HostId, InputDigest, InputInfo, JobAction, JobActionId, JobId, JobState, Json,
    Limits, Nanodollars, NewInput, NewJob, Priority, Supervisor, SystemClock, Timestamp, UpstreamKind,
    WaitReason,
};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn open(folder: &Path) -> SqliteStore {
    open_with(folder, QueueShares::default())
}

fn open_with(folder: &Path, shares: QueueShares) -> SqliteStore {
    open_on(folder, shares, Arc::new(SystemClock::new()), Supervisor::new())
}

fn open_on(folder: &Path, shares: QueueShares, clock: Arc<dyn Clock>, supervisor: Supervisor) -> SqliteStore {
    SqliteStore::open(SqliteOptions { shares, supervisor, ..options(folder, clock) })
        .expect("the store opens")
}

/// What a store of tests is opened with.
pub(crate) fn options(folder: &Path, clock: Arc<dyn Clock>) -> SqliteOptions {
    let much = Nanodollars::from_dollars(1_000);
    let limits = Limits {
        hour_usd: much,
        day_usd: much,
        month_usd: much,
        week_hours: 168,
        job_usd: much,
        requests_per_minute: 50,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3,
        agents_max: 10,
        queue_max: 200,
    };
    let boot = BootId::new(clock.now(), 1);
    SqliteOptions {
        supervisor: Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits,
        windows: Windows::new(TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: QueueShares::default(),
        new_host: HostId::new(Timestamp::from_secs(1), 1),
        boot,
    }
}

/// Waits until the search index, which writes by itself how far it has come, has said that it is there: from here
/// on nobody writes but the test.
pub(crate) async fn index_has_begun(store: &SqliteStore) {
    let host = store.host();
    let feeds = "SELECT count(*) FROM search_feeds WHERE host = ?1";
    for _ in 0..1_000 {
        let is_there = move |tx: &mut Tx<'_>| tx.first(feeds, [host.bytes()], |row| row.get::<bool>(0));
        if store.write(is_there).await.expect("a read works") == Some(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("its index does not begin")
}

/// Adds a row that can be counted, and tells of it.
fn note(tx: &mut Tx<'_>, who: &str) -> Result<(), StoreError> {
    crate::rules::audit::note(tx, who, "test", "")?;
    tx.tell(None, EventKind::Limits);
    Ok(())
}

async fn notes(store: &SqliteStore) -> Vec<String> {
    store.audit(99).await.expect("a read works").into_iter().rev().map(|entry| entry.by).collect()
}

/// Keeps the writer busy until the sender is dropped, so that what is sent meanwhile is one batch.
async fn busy(store: &Arc<SqliteStore>) -> (mpsc::Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (release, held) = mpsc::channel::<()>();
    let (begin, started) = oneshot::channel();
    let store = store.clone();
    let blocker = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = begin.send(());
                // An error says that the test goes on.
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    started.await.expect("it runs");
    (release, blocker)
}

#[tokio::test]
async fn a_command_that_fails_takes_nothing_of_its_batch_along() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(dir.path()));
    let (release, blocker) = busy(&store).await;
    let good = store.write(|tx| note(tx, "one"));
    let bad = store.write(|tx| {
        note(tx, "two")?;
        Err::<(), _>(StoreError::LeaseLost)
    });
    let fault = store.write(|tx| {
        note(tx, "three")?;
        tx.run("INSERT INTO audit (at) VALUES ('no time')", params![])
    });
    let panics = store.write(|tx| -> Result<(), StoreError> {
        note(tx, "four")?;
        panic!("a fault in a command")
    });
    let last = store.write(|tx| note(tx, "five"));
    let all = async { tokio::join!(good, bad, fault, panics, last) };
    let free = async {
        tokio::task::yield_now().await;
        drop(release);
    };
    let ((good, bad, fault, panics, last), ()) = tokio::join!(all, free);
    assert!(good.is_ok() && last.is_ok());
    assert!(matches!(bad, Err(StoreError::LeaseLost)));
    assert!(matches!(fault, Err(StoreError::Backend(_))));
    assert!(matches!(panics, Err(StoreError::Backend(_))));
    blocker.await.expect("no panic").expect("done");
    assert_eq!(notes(&store).await, ["one", "five"]);
    let events = store.events(0, None, 99).await.expect("a read works");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_every_command_of_its_batch() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(dir.path()));
    store.write(|tx| note(tx, "before")).await.expect("written");
    let (release, blocker) = busy(&store).await;
    let one = store.write(|tx| note(tx, "one"));
    let breaks = store.write(|tx| {
        // Found out at the commit alone: a row that belongs to none.
        tx.db.batch("PRAGMA defer_foreign_keys = ON")?;
        tx.run("INSERT INTO artifact_bytes (artifact, bytes) VALUES (7, x'00')", params![])
    });
    let two = store.write(|tx| note(tx, "two"));
    let free = async {
        tokio::task::yield_now().await;
        drop(release);
    };
    let (one, breaks, two, ()) = tokio::join!(one, breaks, two, free);
    for failed in [one, breaks.map(drop), two] {
        assert!(matches!(failed, Err(StoreError::Backend(_))), "{failed:?}");
    }
    blocker.await.expect("no panic").expect("it was alone");
    store.write(|tx| note(tx, "after")).await.expect("the writer goes on");
    assert_eq!(notes(&store).await, ["before", "after"]);
    let events = store.events(0, None, 99).await.expect("a read works");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2], "no number is lost");
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_writer_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    index_has_begun(&store).await;
    let room =
        |pages: &'static str| store.write(move |tx| tx.db.batch(&format!("PRAGMA max_page_count = {pages}")));
    room("1").await.expect("no page more than there are");
    let long = "x".repeat(100_000);
    let full = store.write(move |tx| crate::rules::audit::note(tx, &long, "test", "")).await;
    assert!(matches!(&full, Err(StoreError::DiskFull)), "{full:?}");
    let trouble = store.disk_trouble().expect("it is shown");
    assert!(trouble.contains("is full") && trouble.contains("Free some space"), "{trouble}");
    store.audit(9).await.expect("what reads goes on");
    assert!(store.disk_trouble().is_some(), "what reads does not say that there is room");
    room("1000000").await.expect("room");
    store.write(|tx| note(tx, "after")).await.expect("the writer goes on");
    assert_eq!(notes(&store).await, ["after"]);
    assert_eq!(store.disk_trouble(), None);
}

pub(crate) fn job(number: u128, agent: &str) -> NewJob {
    NewJob {
        id: JobId::new(Timestamp::from_secs(1_800_000_000), number),
        agent: agent.to_owned(),
        action: "run".to_owned(),
        payload: Json::null(),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: Nanodollars::from_dollars(1),
        tags: Vec::new(),
        after: Vec::new(),
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
    }
}

pub(crate) fn claim(most: u32) -> Claim {
    Claim {
        agents: vec![ReadyAgent {
            name: "agent".to_owned(),
            digest: "digest".to_owned(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_mins(1),
    }
}

fn ids(claimed: &[Claimed]) -> Vec<JobId> {
    claimed.iter().map(|claimed| claimed.job.id).collect()
}

#[tokio::test]
async fn one_job_that_cannot_be_read_touches_no_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let jobs: Vec<NewJob> = (1..=6).map(|number| job(number, "agent")).collect();
    for job in &jobs[..4] {
        store.enqueue(job.clone()).await.expect("room");
    }
    store
        .write(|tx| {
            tx.run(
                "INSERT INTO journal (job, position, kind, request_hash, answer, at)
                 VALUES (1, 0, 'of another version', zeroblob(32), '{}', 0)",
                params![],
            )?;
            tx.run("UPDATE job_bodies SET payload = '[[[' WHERE seq = 2", params![])?;
            tx.run("UPDATE jobs SET tags = 'no list' WHERE seq = 3", params![])
        })
        .await
        .expect("written");
    let first = store.claim(claim(2)).await.expect("a claim works");
    assert_eq!(ids(&first), [jobs[1].id], "the first in line is set aside, and the next is taken");
    let set_aside = store.job(jobs[0].id).await.expect("a read works").expect("it is there");
    let waits = set_aside.waiting_for.expect("it says why");
    assert_eq!((set_aside.state, waits.reason), (JobState::Parked, WaitReason::Trouble));
    assert!(waits.detail.contains("cannot be read") && waits.until.is_some(), "{}", waits.detail);
    // An end is written and a submission taken in, whatever is next in line.
    store.write(|tx| tx.run("UPDATE jobs SET due_at = 1 WHERE seq = 1", params![])).await.expect("written");
    let done = Finish::Succeeded { result: Json::null() };
    let next = store.finish_and_claim(first[0].lease, done, claim(1)).await.expect("the end is written");
    assert_eq!(store.job(jobs[1].id).await.expect("read").expect("there").state, JobState::Succeeded);
    assert!(ids(&next).is_empty() || next[0].job.id == jobs[2].id);
    store.enqueue_and_claim(jobs[4].clone(), claim(1)).await.expect("it is taken in");
    let list = store.jobs(JobFilter { limit: 9, ..JobFilter::default() }).await.expect("a list");
    assert_eq!(list.items.len(), 5, "all of them are shown");
    let broken = list.items.iter().find(|job| job.id == jobs[1].id).expect("it is listed");
    assert!(broken.payload.as_str().contains("unreadable"), "{}", broken.payload);
}

#[tokio::test]
async fn what_writes_much_fails_by_itself_where_the_disk_is_nearly_full() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Arc::new(open(dir.path()));
    store.enqueue(job(1, "agent")).await.expect("room");
    let lease = store.claim(claim(1)).await.expect("a claim works").remove(0).lease;
    let room = |pages: i64| store.write(move |tx| tx.db.batch(&format!("PRAGMA max_page_count = {pages}")));
    let pages = store
        .write(|tx| tx.db.one("PRAGMA page_count", params![], |row| row.get::<i64>(0)))
        .await
        .expect("a count");
    room(pages + 50).await.expect("a little room");
    let (release, blocker) = busy(&store).await;
    let one = store.write(|tx| note(tx, "one"));
    let name = "large".parse().expect("a name");
    let large = store.put_artifact(lease, name, "text/plain".to_owned(), vec![7; 1 << 20]);
    let bytes = vec![7; 1 << 20];
    let info = InputInfo {
        name: "large".parse().expect("a name"),
        media_type: "text/plain".to_owned(),
        size: bytes.len() as u64,
        digest: InputDigest(*blake3::hash(&bytes).as_bytes()),
    };
    let with_file = |number| {
        let file = NewInput { info: info.clone(), bytes: Some(Arc::new(bytes.clone())) };
        NewJob { inputs: vec![file], ..job(number, "agent") }
    };
    let submitted = store.enqueue(with_file(2));
    let begun = store.enqueue_and_claim(with_file(3), claim(1));
    let two = store.write(|tx| note(tx, "two"));
    let free = async {
        tokio::task::yield_now().await;
        drop(release);
    };
    let (one, large, submitted, begun, two, ()) = tokio::join!(one, large, submitted, begun, two, free);
    assert!(matches!(large, Err(StoreError::DiskFull)), "{large:?}");
    assert!(matches!(submitted, Err(StoreError::DiskFull)), "{submitted:?}");
    assert!(matches!(begun, Err(StoreError::DiskFull)), "{begun:?}");
    let list = store.jobs(JobFilter { limit: 9, ..JobFilter::default() }).await.expect("a list");
    assert_eq!(list.items.len(), 1, "a job without its files is none");
    assert!(one.is_ok() && two.is_ok(), "who came together with it has what it asked for");
    blocker.await.expect("no panic").expect("done");
    assert_eq!(notes(&store).await, ["one", "two"]);
}

#[tokio::test]
async fn an_agent_and_a_schedule_fill_no_more_than_their_share() {
    let dir = tempfile::tempdir().expect("a folder");
    let own = [("greedy".to_owned(), 2)].into();
    let store = open_with(dir.path(), QueueShares { agent: Some(1), agents: own, schedule: Some(1) });
    let refused = |taken: Result<_, StoreError>| matches!(taken, Err(StoreError::ShareFull { unfinished, limit, .. }) if unfinished == limit);
    for number in 1..=2 {
        store.enqueue(job(number, "agent")).await.expect("1 % of 200 places");
        store.enqueue(job(10 + number, "other")).await.expect("each has its own");
    }
    assert!(refused(store.enqueue(job(3, "agent")).await));
    for number in 20..24 {
        store.enqueue(job(number, "greedy")).await.expect("2 %");
    }
    assert!(refused(store.enqueue(job(24, "greedy")).await));
    let of_schedule = |number| NewJob { schedule: Some("nightly".to_owned()), ..job(number, "third") };
    store.cancel(job(1, "agent").id, "ann").await.expect("it waits");
    store.enqueue(job(4, "agent")).await.expect("one place is free again");
    // What has ended takes a place anew, whoever runs it again and how many at once.
    assert!(refused(store.retry(job(1, "agent").id, "ann").await.map(Enqueued::New)));
    let id = JobActionId::new(Timestamp::from_secs(1), 9);
    let (action, filter) = (JobAction::Retry, JobFilter::default());
    store.begin_action(NewAction { id, action, filter, by: "ann".to_owned() }).await.expect("it begins");
    let step = store.step_action(id).await.expect("a step works");
    assert!(step.run.waits.as_ref().is_some_and(|why| why.contains("`agent` has 2")), "{step:?}");
    assert_eq!(step.run.touched, 0);
    store.cancel(job(4, "agent").id, "ann").await.expect("it waits");
    store.retry(job(1, "agent").id, "ann").await.expect("there is a place for it again");
    store.stop_action(id, "ann").await.expect("it waits");
    for number in 30..32 {
        let agent = format!("agent-{number}");
        store.enqueue(NewJob { agent, ..of_schedule(number) }).await.expect("room");
    }
    assert!(refused(store.enqueue(NewJob { agent: "fresh".to_owned(), ..of_schedule(32) }).await));
}

/// A clock that panics for whoever reads it in the writer's thread, once for each time that it is told to.
#[derive(Debug, Default)]
struct Trap {
    clock: SystemClock,
    set: std::sync::atomic::AtomicU32,
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        use std::sync::atomic::Ordering::SeqCst;
        if std::thread::current().name() == Some("anvil-store") {
            let springs = self.set.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
            assert!(!springs, "planted");
        }
        self.clock.now()
    }

    fn sleep_until(&self, time: Timestamp) -> anvil_types::clock::Sleep<'_> {
        self.clock.sleep_until(time)
    }
}

#[tokio::test]
async fn a_fault_outside_of_the_commands_fails_their_commit_and_the_next_one_works() {
    let dir = tempfile::tempdir().expect("a folder");
    let (trap, supervisor) = (Arc::new(Trap::default()), Supervisor::new());
    let store = open_on(dir.path(), QueueShares::default(), trap.clone(), supervisor.clone());
    trap.set.store(1, std::sync::atomic::Ordering::SeqCst);
    let failed = store.write(|tx| note(tx, "one")).await;
    assert!(matches!(failed, Err(StoreError::Backend(_))), "{failed:?}");
    store.write(|tx| note(tx, "two")).await.expect("the writer lives");
    assert_eq!(notes(&store).await, ["two"]);
    assert_eq!(supervisor.falls(), 1);
}

/// A command whose answer panics: nothing is known any more of what was taken with it.
struct Deadly;

impl Command for Deadly {
    fn is_early(&self) -> bool {
        false
    }

    fn is_alone(&self) -> bool {
        false
    }

    fn run(&mut self, _: &mut Tx<'_>) -> bool {
        true
    }

    fn disk(&self) -> Option<StoreError> {
        None
    }

    fn fail(&mut self, _: StoreError) {}

    fn answer(self: Box<Self>) {
        panic!("planted");
    }
}

#[tokio::test]
async fn a_writer_that_is_lost_is_told_by_name_and_nobody_waits_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let supervisor = Supervisor::new();
    let clock = Arc::new(SystemClock::new());
    let store = open_on(dir.path(), QueueShares::default(), clock, supervisor.clone());
    let inbox = store.inbox.as_ref().expect("it is open");
    inbox.send(Message::Run(Box::new(Deadly))).await.expect("it is taken");
    let waiting = store.write(|tx| note(tx, "one"));
    let told = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("nobody waits");
    assert!(matches!(told, Err(StoreError::Closed)), "{told:?}");
    assert_eq!(supervisor.until_lost().await.name, "the writer of the store");
    drop(store);
    // The folder is free. What came in one commit with the deadly command is there: nobody was told that it is not.
    assert!(notes(&open(dir.path())).await.len() <= 1);
}
