//! Settlements that are answered before they are synced: what a power cut leaves of them, and what a sync that fails.

use crate::engine::wal_file;
use crate::sqlite::faults::{index_has_begun, options};
use crate::sqlite::{SqliteStore, Tx, lock};
use crate::testing::hold_request;
use crate::{HoldDecision, LedgerStore, Settlement, SettlementOutcome, StoreError, UpkeepStore};
use anvil_types::{Asker, CacheEffect, CallId, Nanodollars, SystemClock, Timestamp, UpstreamKind, Usage};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const HELD: i64 = 1_000_000_000;
const COST: i64 = 10_000_000;

async fn open(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(options(folder, Arc::new(SystemClock::new()))).expect("the store opens");
    index_has_begun(&store).await;
    store
}

fn call(number: i64) -> CallId {
    CallId::new(Timestamp::from_secs(1), number.unsigned_abs().into())
}

async fn hold(store: &SqliteStore, number: i64) -> Result<(), StoreError> {
    let asker = Asker::Host { name: "test".into() };
    let decision = store.hold(hold_request(call(number), asker, Nanodollars::new(HELD))).await?;
    assert!(matches!(decision, HoldDecision::Granted { .. }), "{decision:?}");
    Ok(())
}

async fn settle(store: &SqliteStore, number: i64) -> Result<(), StoreError> {
    settle_at(store, number, Nanodollars::new(COST)).await
}

async fn settle_at(store: &SqliteStore, number: i64, cost: Nanodollars) -> Result<(), StoreError> {
    let outcome = SettlementOutcome::Usage { usage: Usage::default(), cost };
    let settlement = Settlement {
        call: call(number),
        outcome,
        detail: None,
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    };
    store.settle(settlement).await.map(drop)
}

async fn fail_syncs(store: &SqliteStore, fails: bool) {
    let set = move |tx: &mut Tx<'_>| {
        wal_file::fail_syncs(tx.db.raw(), fails);
        Ok(())
    };
    store.write(set).await.expect("it writes nothing");
}

/// A folder as a power cut at this moment may leave it.
async fn after_a_power_cut(store: &SqliteStore, folder: &Path) -> tempfile::TempDir {
    let durable =
        store.write(|tx| Ok(wal_file::durable(tx.db.raw()).to_vec())).await.expect("it writes nothing");
    let cut = tempfile::tempdir().expect("a folder");
    std::fs::copy(lock::database(folder), lock::database(cut.path())).expect("copied");
    std::fs::write(lock::database(cut.path()).with_extension("db-wal"), durable).expect("written");
    cut
}

/// What is held, settled and unknown in this hour.
async fn amounts(store: &SqliteStore) -> (i64, i64, i64) {
    let hour = &store.spend(UpstreamKind::Simulated).await.expect("a read works").windows[0];
    let anvil_budget::Amounts { held, settled, unknown } = hour.amounts;
    (held.get(), settled.get(), unknown.get())
}

#[tokio::test]
async fn a_power_cut_before_a_settlement_is_synced_leaves_its_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    hold(&store, 1).await.expect("held");
    settle(&store, 1).await.expect("settled");
    hold(&store, 2).await.expect("held");
    fail_syncs(&store, true).await;
    settle(&store, 2).await.expect("it is in the log");
    assert_eq!(amounts(&store).await, (0, 2 * COST, 0));
    let cut = after_a_power_cut(&store, folder.path()).await;
    let found = open(cut.path()).await;
    assert_eq!(amounts(&found).await, (0, COST, HELD), "of a life that is over: nobody knows what it cost");
    assert_eq!(found.verify_sums().await.expect("a read works"), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_held_behind_a_settlement_that_cannot_be_synced() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    hold(&store, 1).await.expect("held");
    fail_syncs(&store, true).await;
    settle(&store, 1).await.expect("it is in the log");
    for _ in 0..3 {
        let refused = hold(&store, 2).await.expect_err("it would not be durable");
        assert!(matches!(refused, StoreError::DiskFails(_)), "{refused:?}");
        assert!(store.disk_trouble().is_some());
    }
    // What is answered after this is on the disk, with what was owed.
    fail_syncs(&store, false).await;
    hold(&store, 2).await.expect("held");
    assert_eq!(store.disk_trouble(), None);
    let cut = after_a_power_cut(&store, folder.path()).await;
    let found = open(cut.path()).await;
    assert_eq!((amounts(&found).await, amounts(&store).await), ((0, COST, HELD), (HELD, COST, 0)));
    assert_eq!(found.verify_sums().await.expect("a read works"), Vec::<String>::new());
}

#[tokio::test]
async fn a_settlement_that_rings_somebody_is_synced_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    hold(&store, 1).await.expect("held");
    fail_syncs(&store, true).await;
    // Nine tenths of the hour's limit: an alert.
    let failed = settle_at(&store, 1, Nanodollars::from_dollars(900)).await.expect_err("it cannot be synced");
    assert!(matches!(failed, StoreError::DiskFails(_)), "{failed:?}");
    assert_eq!(amounts(&store).await, (HELD, 0, 0));
    fail_syncs(&store, false).await;
    settle_at(&store, 1, Nanodollars::from_dollars(900)).await.expect("settled");
    let cut = after_a_power_cut(&store, folder.path()).await;
    assert_eq!(amounts(&open(cut.path()).await).await, (0, 900 * HELD, 0));
}

#[tokio::test]
async fn a_settlement_that_was_answered_is_durable_without_anything_following_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    for number in 1..=10 {
        hold(&store, number).await.expect("held");
        settle(&store, number).await.expect("settled");
        // At once, but after its answer.
        let began = Instant::now();
        loop {
            let cut = after_a_power_cut(&store, folder.path()).await;
            if amounts(&open(cut.path()).await).await == (0, COST * number, 0) {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(10));
        }
    }
}
