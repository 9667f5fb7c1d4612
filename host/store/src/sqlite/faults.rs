//! The writer when things go wrong: what fails takes nothing along that it should not, and is told.

use super::{SqliteOptions, SqliteStore, Tx};
use crate::{Store, StoreError};
use anvil_budget::Windows;
use anvil_types::{
    BootId, Clock, EventKind, HostId, Limits, Nanodollars, SystemClock, Timestamp, UpstreamKind,
};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn open(folder: &Path) -> SqliteStore {
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
    let clock = Arc::new(SystemClock::new());
    let boot = BootId::new(clock.now(), 1);
    SqliteStore::open(SqliteOptions {
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits,
        windows: Windows::new(TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        new_host: HostId::new(Timestamp::from_secs(1), 1),
        boot,
    })
    .expect("the store opens")
}

/// Adds a row that can be counted, and tells of it.
fn note(tx: &mut Tx<'_>, who: &str) -> Result<(), StoreError> {
    super::audit::note(tx, who, "test", "")?;
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
        tx.run("INSERT INTO audit (at) VALUES ('no time')", [])
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
        tx.conn.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        tx.run("INSERT INTO artifact_bytes (artifact, bytes) VALUES (7, x'00')", [])
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
    let room = |pages: &'static str| {
        store.write(move |tx| Ok(tx.conn.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?))
    };
    room("1").await.expect("no page more than there are");
    let long = "x".repeat(100_000);
    let full = store.write(move |tx| super::audit::note(tx, &long, "test", "")).await;
    assert!(
        matches!(&full, Err(StoreError::Backend(error)) if error.to_string().contains("full")),
        "{full:?}"
    );
    room("1000000").await.expect("room");
    store.write(|tx| note(tx, "after")).await.expect("the writer goes on");
    assert_eq!(notes(&store).await, ["after"]);
}
