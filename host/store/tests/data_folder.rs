//! The data folder: made, locked, refused with a reason.

use anvil_budget::{WindowSpan, Windows};
use anvil_store::{
    EventStore, JobFilter, KeptPrediction, LimitStore, PredictionStore, QueueStore, ReadingStore,
    SqliteOptions, SqliteStore, StoreError, UpkeepStore,
};
use anvil_types::{
    BootId, Clock, DaySeen, EventKind, HostId, JobId, Limits, Nanodollars, NewJob, Priority, SystemClock,
    Timestamp, UpstreamKind,
};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn open_at(folder: &Path, clock: Arc<dyn Clock>) -> Result<SqliteStore, StoreError> {
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
    let now = clock.now();
    SqliteStore::open(SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits,
        windows: Windows::new(TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(now, u128::from(now.millis())),
        boot: BootId::new(now, 1),
    })
}

fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    open_at(folder, Arc::new(SystemClock::new()))
}

#[tokio::test]
async fn a_second_host_is_refused_and_told_who_has_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path()).expect("it is free");
    let second = open(dir.path()).expect_err("it is taken");
    let pid = std::process::id();
    let expected = format!(
        "another host (process {pid}) uses the data folder {}; stop it, or give this one another with --data",
        dir.path().display()
    );
    assert_eq!(second.to_string(), expected);
    first.close().await;
    open(dir.path()).expect("a host that has ended lets go");
}

#[tokio::test]
#[cfg(unix)]
async fn a_lock_that_somebody_took_for_a_stale_one_and_removed_still_keeps_a_second_host_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path()).expect("it is free");
    std::fs::remove_file(dir.path().join("anvil.lock")).expect("anybody may");
    for _ in 0..2 {
        let second = open(dir.path()).expect_err("it is taken");
        assert!(
            second.to_string().contains("another host (process unknown) uses the data folder"),
            "{second}"
        );
    }
    first.close().await;
    open(dir.path()).expect("a host that has ended lets go");
}

#[test]
fn a_file_in_the_folders_place_is_refused_with_what_to_do() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let refused = open(file.path()).expect_err("it is a file");
    assert!(matches!(refused, StoreError::Folder { .. }));
    assert!(refused.to_string().contains("it is a file. Name a folder with --data"), "{refused}");
}

#[test]
#[cfg(unix)]
fn a_new_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("some/where");
    drop(open(&folder).expect("it is made"));
    let mode = folder.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_database_that_is_none_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("anvil.db"), "this is no database, whatever its name says")
        .expect("written");
    let refused = open(dir.path()).expect_err("it is no database");
    assert!(refused.to_string().contains("its anvil.db is no database"), "{refused}");
}

#[test]
fn a_database_that_is_damaged_within_is_told_with_what_to_do() {
    use std::io::{Seek, SeekFrom, Write};
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()).expect("it is made"));
    let file = dir.path().join("anvil.db");
    let (page, roots) = {
        let db = rusqlite::Connection::open(&file).expect("a database");
        let page: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("a size");
        let mut tables = db
            .prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
            .expect("a schema");
        let roots = tables.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
        (page, roots.collect::<Result<Vec<_>, _>>().expect("pages"))
    };
    let mut bytes = std::fs::OpenOptions::new().write(true).open(&file).expect("it opens");
    for root in roots {
        let start = u64::try_from((root - 1) * page).expect("a place");
        bytes.seek(SeekFrom::Start(start)).expect("a page");
        bytes.write_all(&vec![0xa5; usize::try_from(page).expect("small")]).expect("written");
    }
    let refused = open(dir.path()).expect_err("it is damaged");
    assert!(refused.to_string().contains("its anvil.db is damaged. Put a back-up in its place"), "{refused}");
}

#[test]
fn a_host_is_the_same_over_restarts() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path()).expect("it opens").host();
    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(open(dir.path()).expect("it opens").host(), first);
}

#[tokio::test]
async fn the_clock_can_ask_where_it_must_not_be_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("data");
    assert_eq!(
        SqliteStore::ledger_time(&folder, UpstreamKind::Simulated).expect("nothing is there"),
        Timestamp::default()
    );
    let future = SystemClock::new().now() + Duration::from_hours(24 * 400);
    let store = open_at(&folder, Arc::new(SystemClock::not_before(future))).expect("it opens");
    store.record(EventKind::Limits).await.expect("recorded");
    let written = store.events(0, None, 1).await.expect("a read works")[0].at;
    // Nobody but the search index writes after it.
    let soon = written..written + Duration::from_mins(1);
    // Without a word to the store, as after a crash, and while it runs.
    assert!(
        soon.contains(&SqliteStore::ledger_time(&folder, UpstreamKind::Simulated).expect("a read works"))
    );
    drop(store);
    assert!(
        soon.contains(&SqliteStore::ledger_time(&folder, UpstreamKind::Simulated).expect("a read works"))
    );
}

/// Copies the database, and nothing else of the folder.
fn copy_database(from: &Path, to: &Path) {
    for file in ["anvil.db", "anvil.db-wal", "anvil.db-shm"] {
        // What is not there is not put there.
        let _ = std::fs::remove_file(to.join(file));
        if from.join(file).is_file() {
            std::fs::copy(from.join(file), to.join(file)).expect("copied");
        }
    }
}

#[tokio::test]
async fn an_old_back_up_engages_the_brake_until_a_person_confirms() {
    let (dir, back_up) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let causes = |store: SqliteStore| async move {
        let causes = store.brake().await.expect("a read works").causes;
        (store, causes.into_iter().map(|cause| cause.kind).collect::<Vec<_>>())
    };
    let store = open(dir.path()).expect("it opens");
    store.record(EventKind::Limits).await.expect("recorded");
    drop(store);
    copy_database(dir.path(), back_up.path());
    // Its own database is none that is too old, however often it is opened.
    for _ in 0..3 {
        let (store, causes) = causes(open(dir.path()).expect("it opens")).await;
        assert_eq!(causes, []);
        store.record(EventKind::Limits).await.expect("recorded");
    }
    copy_database(back_up.path(), dir.path());
    for _ in 0..2 {
        let (store, causes) = causes(open(dir.path()).expect("it opens")).await;
        assert_eq!(causes, [anvil_types::BrakeCauseKind::Restored], "and over a restart");
        drop(store);
    }
    let store = open(dir.path()).expect("it opens");
    store.release_brake("ann", "nothing was spent since").await.expect("released");
    drop(store);
    assert_eq!(causes(open(dir.path()).expect("it opens")).await.1, []);
}

#[tokio::test]
async fn every_answer_is_durable_when_it_is_given() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).expect("it opens");
    for turn in 1..=20 {
        store.record(EventKind::Limits).await.expect("recorded");
        // What another process would find if this one ended now.
        let copy = tempfile::tempdir().expect("a folder");
        for file in ["anvil.db", "anvil.db-wal"] {
            std::fs::copy(dir.path().join(file), copy.path().join(file)).expect("copied");
        }
        let found = open(copy.path()).expect("it opens");
        assert_eq!(found.last_event().await.expect("a read works"), turn);
    }
}

/// How many jobs a search finds once it has caught up.
async fn found(store: &SqliteStore, typed: &str) -> usize {
    for _ in 0..2_000 {
        let filter = JobFilter { search: Some(typed.to_owned()), limit: 9, ..JobFilter::default() };
        let page = store.jobs(filter).await.expect("a search works");
        if page.behind == 0 {
            return page.items.len();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the search does not catch up");
}

async fn submit(store: &SqliteStore, number: u128) {
    let job = NewJob {
        id: JobId::new(SystemClock::new().now(), number),
        agent: "writer".to_owned(),
        action: "write".to_owned(),
        payload: r#"["otter"]"#.parse().expect("JSON"),
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
    };
    store.enqueue(job).await.expect("there is room");
}

#[tokio::test]
async fn a_search_index_that_is_lost_broken_old_or_anothers_is_made_anew() {
    let index = |dir: &Path| dir.join("anvil-search.db");
    let forget = |dir: &Path| {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.join(format!("anvil-search.db{end}")));
        }
    };
    let (dir, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let store = open(dir.path()).expect("it opens");
    submit(&store, 1).await;
    assert_eq!(found(&store, "otter").await, 1);
    drop(store);
    let old = std::fs::read(index(dir.path())).expect("it is there");
    forget(dir.path());
    let store = open(dir.path()).expect("it opens without its index");
    assert_eq!(found(&store, "otter").await, 1);
    submit(&store, 2).await;
    drop(store);
    forget(dir.path());
    std::fs::write(index(dir.path()), b"this is no database, and never was one".repeat(100))
        .expect("written");
    let store = open(dir.path()).expect("it opens with a broken one");
    assert_eq!(found(&store, "otter").await, 2);
    drop(store);
    forget(dir.path());
    std::fs::write(index(dir.path()), &old).expect("written");
    let store = open(dir.path()).expect("it opens with an old one");
    assert_eq!(found(&store, "otter").await, 2);
    drop(store);
    tokio::time::sleep(Duration::from_millis(2)).await;
    let strange = open(other.path()).expect("it opens");
    submit(&strange, 3).await;
    assert_eq!(found(&strange, "otter").await, 1);
    drop(strange);
    forget(dir.path());
    std::fs::copy(index(other.path()), index(dir.path())).expect("copied");
    let store = open(dir.path()).expect("it opens with another's");
    assert_eq!(found(&store, "otter").await, 2);
}

#[tokio::test]
async fn a_predicted_day_that_cannot_be_read_takes_no_other_with_it() {
    const DAY: Duration = Duration::from_hours(24);
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).expect("it opens");
    let day = Windows::new(TimeZone::UTC).day(SystemClock::new().now());
    let at = |number: u32| day.start - DAY * 4 + DAY * number;
    for number in 0..4 {
        let (start, end) = (at(number), at(number + 1));
        store.see_day(start, end, DaySeen::default()).await.expect("it is written");
        let body = "{}".to_owned();
        let prediction = KeptPrediction { start, end, body, day: None, whole: None };
        store.keep_prediction(prediction).await.expect("it is written");
    }
    store.close().await;
    let raw = rusqlite::Connection::open(dir.path().join("anvil.db")).expect("it opens");
    let damage = |table: &str, set: &str, number| {
        let sql = format!("UPDATE {table} SET {set} WHERE start = ?1");
        assert_eq!(raw.execute(&sql, [at(number).micros()]).expect("it is written"), 1, "{sql}");
    };
    damage("plan_days", "seen = '\"'", 0);
    damage("plan_days", "facts = CAST(x'ff' AS TEXT)", 1);
    damage("plan_days", "arrivals = CAST(x'ff' AS TEXT)", 2);
    damage("predictions", "body = CAST(x'ff' AS TEXT)", 0);
    damage("predictions", "day = CAST(x'ff' AS TEXT)", 1);
    damage("predictions", "whole = CAST(x'ff' AS TEXT)", 2);
    drop(raw);
    let store = open(dir.path()).expect("it opens");
    let days = store.plan_days(at(0), at(4)).await.expect("a read works");
    assert_eq!(days.iter().map(|day| day.start).collect::<Vec<_>>(), [at(3)]);
    let within = WindowSpan { start: at(0), end: at(4) };
    let predictions = store.predictions(within, 9).await.expect("a read works");
    assert_eq!(predictions.iter().map(|of| of.start).collect::<Vec<_>>(), [at(3)]);
    // What is seen later of the damaged day hinders nobody, and is not taken for all of it.
    store.see_day(at(0), at(0) + DAY / 2, DaySeen::default()).await.expect("it goes on");
    assert_eq!(store.plan_days(at(0), at(1)).await.expect("a read works"), []);
}
