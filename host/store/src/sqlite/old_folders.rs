//! A data folder of every schema until now comes up: with rows in each of its tables, none of them lost, and the
//! money right to the nano-dollar.

use crate::engine::{Db, params};
use crate::sqlite::lock::DataFolder;
use crate::sqlite::{SqliteOptions, SqliteStore, connect, migrate};
use crate::{
    AlertFilter, JobFilter, LedgerStore, LimitStore, OutboxStore, QueueStore, ReadingStore, ScheduleStore,
    UpkeepStore,
};
use anvil_budget::{AnyLimits, PriceTable, Windows};
use anvil_types::{
    BootId, Clock, HostId, JobId, JobState, Limits, Nanodollars, NewJob, Priority, SystemClock, UpstreamKind,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// When everything in the old folder happened: 2026-11-02, 10:00 UTC.
const AT: &str = "1793613600000000";
const DAY: &str = "1793577600000000";
const MONTH: &str = "1793491200000000";
const HOST: &str = "x'01010101010101010101010101010101'";
/// What the calls of the folder come to: one has ended, one nobody knows of, one was under way.
const SETTLED: i64 = 30;
const UNKNOWN: i64 = 50;
const HELD: i64 = 70;
/// The version from which on each upstream has its own.
const UPSTREAMS: usize = 8;

/// Rows of every table that there ever was, with every column that has no default: a version takes those that it
/// has. A step that makes a table, or a column that has to be given, adds to these.
const ROWS: &str = include_str!("old_folders/rows.txt");

/// A row: its table, and the value of each column as SQL writes it.
type Row<'a> = (&'a str, Vec<(&'a str, String)>);

fn rows<'a>(version: usize) -> Vec<Row<'a>> {
    let own = version >= UPSTREAMS;
    let places = [
        ("$AT", AT),
        ("$DAY", DAY),
        ("$MONTH", MONTH),
        ("$HOST", HOST),
        ("$ALL", if own { "'simulated'" } else { "''" }),
        ("$TIME", if own { "'ledger_time:simulated'" } else { "'ledger_time'" }),
    ];
    let filled =
        |value: &str| places.iter().fold(value.to_owned(), |value, (name, with)| value.replace(name, with));
    let column = |column: &'a str| {
        let (name, value) = column.split_once('=').unwrap_or_else(|| panic!("{column}: name=value"));
        (name, filled(value))
    };
    let lines = ROWS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'a str| {
        let (table, columns) = line.split_once(": ").unwrap_or_else(|| panic!("{line}: table: columns"));
        (table, columns.split("; ").map(column).collect())
    };
    lines.map(row).collect()
}

fn tables(db: &Db) -> Vec<String> {
    let select = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    db.all(select, params![], |row| row.get(0)).expect("the schema is read")
}

fn counts(db: &Db) -> BTreeMap<String, i64> {
    let count = |table: &String| {
        db.one(&format!("SELECT count(*) FROM {table}"), params![], |row| row.get(0)).expect("counted")
    };
    tables(db).iter().map(|table| (table.clone(), count(table))).collect()
}

/// A folder as a host of this version left it when it was killed. Answers how many rows each table has.
fn old_folder(dir: &Path, version: usize) -> BTreeMap<String, i64> {
    let folder = DataFolder::lock(dir).expect("it is free");
    let db = connect::writing(&folder.database()).expect("it opens");
    migrate::to_version(&db, &folder, version).expect("the steps");
    // A child may stand before its parent.
    db.batch("PRAGMA defer_foreign_keys = ON; BEGIN").expect("begun");
    for (table, columns) in rows(version) {
        let there: Vec<String> = db
            .all(&format!("SELECT name FROM pragma_table_info('{table}')"), params![], |row| row.get(0))
            .expect("read");
        let (names, values): (Vec<_>, Vec<_>) =
            columns.into_iter().filter(|(name, _)| there.iter().any(|there| there == name)).unzip();
        if !names.is_empty() {
            let insert = format!(
                "INSERT OR REPLACE INTO {table} ({}) VALUES ({})",
                names.join(", "),
                values.join(", ")
            );
            db.run(&insert, params![]).unwrap_or_else(|error| panic!("version {version}: {insert}: {error}"));
        }
    }
    db.batch("COMMIT; PRAGMA defer_foreign_keys = OFF").expect("committed");
    let counts = counts(&db);
    for (table, count) in &counts {
        assert!(*count > 0, "version {version}: `{table}` has no row in this test: add one to `rows`");
    }
    counts
}

fn open(folder: &Path) -> SqliteStore {
    let clock =
        SystemClock::not_before(SqliteStore::ledger_time(folder, UpstreamKind::Simulated).expect("a time"));
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let much = Nanodollars::from_dollars(1_000);
    SqliteStore::open(SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        folder: folder.to_owned(),
        marks: None,
        limits: Limits {
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
        },
        rule: Arc::new(AnyLimits),
        prices: Arc::new(PriceTable::built_in()),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: crate::QueueShares::default(),
        new_host: HostId::new(clock.now(), 1),
        boot: BootId::new(clock.now(), 2),
        clock,
    })
    .expect("it comes up")
}

fn one_more(clock: &SystemClock) -> NewJob {
    NewJob {
        id: JobId::new(clock.now(), 9),
        agent: "writer".to_owned(),
        action: "write".to_owned(),
        payload: "{}".parse().expect("JSON"),
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

#[tokio::test]
async fn a_folder_of_every_schema_until_now_comes_up_with_all_that_it_had() {
    for version in 1..=migrate::versions() {
        let dir = tempfile::tempdir().expect("a folder");
        let before = old_folder(dir.path(), version);
        let store = open(dir.path());
        let is_old = version < migrate::versions();
        let copy = dir.path().join(format!("anvil-before-schema-{}.db", version + 1));
        assert_eq!(copy.is_file(), is_old, "version {version}: a copy before the schema changes");

        let jobs = store.jobs(JobFilter { limit: 9, ..JobFilter::default() }).await.expect("read").items;
        let states: Vec<_> = jobs.iter().map(|job| job.state).collect();
        let expected = [JobState::Succeeded, JobState::Queued, JobState::Queued];
        assert_eq!(
            states, expected,
            "version {version}: the newest first, and what ran goes on from its journal"
        );
        let (done, ran) = (&jobs[0], &jobs[1]);
        assert_eq!(store.attempts(ran.id).await.expect("read").len(), 1, "version {version}");
        assert_eq!(store.journal_of(ran.id).await.expect("read").len(), 1, "version {version}");
        let name = "a.txt".parse().expect("a name");
        let file = store.artifact(done.id, &name).await.expect("read").expect("it is there");
        assert_eq!(file.1, b"hello", "version {version}");
        assert_eq!(store.log(done.id, 0, 9).await.expect("read").len(), 1, "version {version}");

        let spent = store.spend(UpstreamKind::Simulated).await.expect("read");
        let total = spent.total;
        assert_eq!(
            (total.settled.get(), total.unknown.get(), total.held.get()),
            (SETTLED, UNKNOWN + HELD, 0),
            "version {version}: what was under way counts as spent"
        );
        assert_eq!(store.verify_sums().await.expect("read"), Vec::<String>::new(), "version {version}");

        let limits = store.limits().await.expect("read").limits;
        assert_eq!(limits.day_usd, Nanodollars::from_dollars(20), "version {version}");
        assert_eq!(store.brake().await.expect("read").causes.len(), 1, "version {version}");
        assert_eq!(store.disabled_agents().await.expect("read"), ["painter"], "version {version}");
        let of_tables = [
            ("audit", store.audit(9).await.expect("read").len()),
            (
                "alerts",
                store
                    .alerts(AlertFilter { limit: 9, ..AlertFilter::default() })
                    .await
                    .expect("read")
                    .items
                    .len(),
            ),
            ("price_rows", store.prices().await.expect("read").len()),
            ("scope_limits", store.scope_limits().await.expect("read").len()),
            ("webhooks", store.webhooks().await.expect("read").len()),
            ("schedules", store.schedules().await.expect("read").len()),
            ("queue_pause", usize::from(store.queue_pause().await.expect("read").is_some())),
        ];
        for (table, shown) in of_tables {
            let there = before.contains_key(table);
            assert_eq!(shown > 0, there, "version {version}: `{table}` is shown as it was");
        }

        store.enqueue(one_more(&SystemClock::new())).await.expect("it takes jobs");
        store.close().await;
        drop(store);
        let db = connect::reading(&dir.path().join("anvil.db")).expect("it opens");
        let broken: Vec<String> = db
            .all("SELECT \"table\" FROM pragma_foreign_key_check", params![], |row| row.get(0))
            .expect("read");
        assert_eq!(broken, Vec::<String>::new(), "version {version}");
        let whole: String = db.one("PRAGMA integrity_check", params![], |row| row.get(0)).expect("read");
        assert_eq!(whole, "ok", "version {version}");
        for (table, now) in counts(&db) {
            // A life that ends in order takes its lease along.
            let was = if table == "hosts" { 0 } else { before.get(&table).copied().unwrap_or(0) };
            assert!(now >= was, "version {version}: `{table}` had {was} rows and has {now}");
        }
        drop(open(dir.path()));
    }
}
