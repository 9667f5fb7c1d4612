//! The schema, forward only: each step once, in order, known by its checksum.

use crate::StoreError;
use crate::engine::{Db, params};
use crate::sqlite::lock::DataFolder;
use anvil_types::Timestamp;

/// A step of the schema.
struct Step {
    name: &'static str,
    sql: &'static str,
}

/// All steps; the version is the place in the list, from 1. A step that was released is never changed:
/// a change is a new step.
const STEPS: &[Step] = &[
    Step { name: "begin", sql: include_str!("migrations/0001_begin.sql") },
    Step { name: "alerts", sql: include_str!("migrations/0002_alerts.sql") },
    Step { name: "watches", sql: include_str!("migrations/0003_watches.sql") },
    Step { name: "ledger", sql: include_str!("migrations/0004_ledger.sql") },
    Step { name: "submission", sql: include_str!("migrations/0005_submission.sql") },
    Step { name: "keeping", sql: include_str!("migrations/0006_keeping.sql") },
    Step { name: "fewer_pages", sql: include_str!("migrations/0007_fewer_pages.sql") },
    Step { name: "upstreams", sql: include_str!("migrations/0008_upstreams.sql") },
    Step { name: "jobs_bounds", sql: include_str!("migrations/0009_jobs_bounds.sql") },
    Step { name: "hosts", sql: include_str!("migrations/0010_hosts.sql") },
    Step { name: "turns", sql: include_str!("migrations/0011_turns.sql") },
    Step { name: "duties", sql: include_str!("migrations/0012_duties.sql") },
    Step { name: "inputs", sql: include_str!("migrations/0013_inputs.sql") },
    Step { name: "team", sql: include_str!("migrations/0014_team.sql") },
    Step { name: "questions", sql: include_str!("migrations/0015_questions.sql") },
    Step { name: "state", sql: include_str!("migrations/0016_state.sql") },
    Step { name: "pins", sql: include_str!("migrations/0017_pins.sql") },
    Step { name: "agent_use", sql: include_str!("migrations/0018_agent_use.sql") },
    Step { name: "versions", sql: include_str!("migrations/0019_versions.sql") },
    Step { name: "misses", sql: include_str!("migrations/0020_misses.sql") },
    Step { name: "replies", sql: include_str!("migrations/0021_replies.sql") },
    Step { name: "compression", sql: include_str!("migrations/0022_compression.sql") },
    Step { name: "batches", sql: include_str!("migrations/0023_batches.sql") },
    Step { name: "predictions", sql: include_str!("migrations/0024_predictions.sql") },
    Step { name: "early", sql: include_str!("migrations/0025_early.sql") },
];

/// The oldest library without the bug that loses commits of a WAL database with two connections.
const OLDEST_LIBRARY: i32 = 3_051_003;

/// Refuses a library with the WAL-reset bug (<https://sqlite.org/wal.html#walresetbug>).
pub(crate) fn check_library() -> Result<(), StoreError> {
    judge_library(rusqlite::version_number(), rusqlite::version())
}

fn judge_library(number: i32, name: &str) -> Result<(), StoreError> {
    if number < OLDEST_LIBRARY {
        return Err(StoreError::Version(format!(
            "SQLite {name} can lose committed data (the WAL-reset bug); build with 3.51.3 or newer, as the bundled one is"
        )));
    }
    Ok(())
}

/// Brings the schema to this version, after a copy of a database that is not new.
pub(crate) fn migrate(db: &Db, folder: &DataFolder, now: Timestamp) -> Result<(), StoreError> {
    step_up(db, folder, now, STEPS)
}

fn step_up(db: &Db, folder: &DataFolder, now: Timestamp, steps: &[Step]) -> Result<(), StoreError> {
    db.batch(
        "CREATE TABLE IF NOT EXISTS schema_steps (
             version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL
         ) STRICT",
    )?;
    let done: Vec<(i64, String)> =
        db.all("SELECT version, checksum FROM schema_steps ORDER BY version", params![], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    for (version, checksum) in &done {
        let step = usize::try_from(*version - 1).ok().and_then(|index| steps.get(index)).ok_or_else(|| {
            StoreError::Version(format!(
                "the database was written by a newer version (its schema is {version}, this version knows {}); \
                 use that version, or another data folder",
                steps.len()
            ))
        })?;
        if *checksum != sum(step) {
            return Err(StoreError::Version(format!(
                "step {version} (`{}`) of the database's schema is not the one that this version knows; \
                 use the version that wrote the database, or another data folder",
                step.name
            )));
        }
    }
    if done.len() < steps.len() && !done.is_empty() {
        let copy = folder.backup(done.last().map_or(0, |(version, _)| *version));
        // A copy that an interrupted start left may be half a copy.
        let _ = std::fs::remove_file(&copy);
        db.run("VACUUM INTO ?1", [&*copy.to_string_lossy()])?;
        tracing::info!(copy = %copy.display(), "copied the database before its schema changes");
    }
    for (step, version) in steps.iter().zip(1_i64..).skip(done.len()) {
        db.in_transaction(|db| {
            db.batch(step.sql)?;
            db.run(
                "INSERT INTO schema_steps (version, name, checksum, at) VALUES (?1, ?2, ?3, ?4)",
                params![version, step.name, sum(step), now.micros()],
            )
        })?;
    }
    Ok(())
}

/// How many versions of the schema there have been.
#[cfg(test)]
pub(crate) fn versions() -> usize {
    STEPS.len()
}

/// A database as this version left it.
#[cfg(test)]
pub(crate) fn to_version(db: &Db, folder: &DataFolder, version: usize) -> Result<(), StoreError> {
    step_up(db, folder, Timestamp::default(), &STEPS[..version])
}

/// A database as it was before the step of this name.
#[cfg(test)]
pub(crate) fn up_to(db: &Db, folder: &DataFolder, name: &str) -> Result<(), StoreError> {
    let before = STEPS.iter().position(|step| step.name == name).expect("it is there");
    to_version(db, folder, before)
}

fn sum(step: &Step) -> String {
    blake3::hash(step.sql.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_loses_commits_is_refused() {
        assert!(judge_library(3_051_002, "3.51.2").is_err_and(|error| error.to_string().contains("3.51.3")));
        assert!(judge_library(3_051_003, "3.51.3").is_ok());
        check_library().expect("the bundled one will do");
    }

    fn database() -> (tempfile::TempDir, DataFolder, Db) {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::lock(dir.path()).expect("it is free");
        let db = crate::sqlite::connect::writing(&folder.database()).expect("it opens");
        (dir, folder, db)
    }

    const ONE: Step = Step { name: "one", sql: "CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (7)" };
    const TWO: Step = Step { name: "two", sql: "ALTER TABLE one ADD COLUMN b INTEGER" };

    #[test]
    fn each_step_is_taken_once_and_after_a_copy() {
        let (dir, folder, db) = database();
        let now = Timestamp::default();
        let copy = dir.path().join("anvil-before-schema-2.db");
        step_up(&db, &folder, now, &[ONE]).expect("the first");
        step_up(&db, &folder, now, &[ONE]).expect("nothing to do");
        assert!(!copy.exists(), "a new database needs no copy");
        step_up(&db, &folder, now, &[ONE, TWO]).expect("the second");
        step_up(&db, &folder, now, &[ONE, TWO]).expect("nothing to do");
        db.run("UPDATE one SET b = a", params![]).expect("the new column is there");
        let kept = rusqlite::Connection::open(copy).expect("the copy opens");
        let row: i64 = kept.query_row("SELECT a FROM one", [], |row| row.get(0)).expect("the old row");
        assert_eq!(row, 7);
    }

    #[test]
    fn a_flight_under_way_and_what_is_spent_survive_the_step_to_fewer_pages() {
        let (_dir, folder, db) = database();
        let before = STEPS.iter().position(|step| step.name == "fewer_pages").expect("it is there");
        step_up(&db, &folder, Timestamp::default(), &STEPS[..before]).expect("the steps before");
        db.batch(
            "INSERT INTO week_use VALUES ('simulated', 100, 5), ('simulated', 200, 7);
             INSERT INTO meta VALUES ('flight_since:simulated', 250), ('flight_since:live', 260), ('other', 1);
             INSERT INTO spend VALUES ('live', 'all', 'total', 0, 11, 12, 13);",
        )
        .expect("rows of the old schema");
        step_up(&db, &folder, Timestamp::default(), &STEPS[..=before]).expect("the step");
        let weeks: Vec<(String, i64, i64, Option<i64>)> = db
            .all(
                "SELECT upstream, start, micros, flight FROM week_use ORDER BY upstream, start",
                params![],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .expect("read");
        let week = |upstream: &str, start, micros, flight| (upstream.to_owned(), start, micros, flight);
        let expected = [
            week("live", 0, 0, Some(260)),
            week("simulated", 100, 5, None),
            week("simulated", 200, 7, Some(250)),
        ];
        assert_eq!(weeks, expected);
        let spent: (i64, i64) = db
            .one("SELECT settled, unknown FROM spend", params![], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("read");
        assert_eq!(spent, (11, 12));
        let flights: i64 = db
            .one("SELECT count(*) FROM meta WHERE key LIKE 'flight_since:%'", params![], |row| row.get(0))
            .expect("read");
        assert_eq!(flights, 0);
    }

    #[test]
    fn a_step_that_fails_leaves_the_schema_as_it_was() {
        let (_dir, folder, db) = database();
        let bad = Step { name: "bad", sql: "CREATE TABLE two (a); CREATE TABLE one (a)" };
        step_up(&db, &folder, Timestamp::default(), &[ONE]).expect("the first");
        assert!(step_up(&db, &folder, Timestamp::default(), &[ONE, bad]).is_err());
        step_up(&db, &folder, Timestamp::default(), &[ONE, TWO]).expect("the second, mended");
        assert!(db.run("INSERT INTO two VALUES (1)", params![]).is_err(), "nothing of the bad step is left");
    }

    #[test]
    fn a_schema_of_another_version_is_refused() {
        let (_dir, folder, db) = database();
        let now = Timestamp::default();
        step_up(&db, &folder, now, &[ONE, TWO]).expect("both");
        let newer = step_up(&db, &folder, now, &[ONE]);
        assert!(matches!(&newer, Err(StoreError::Version(why)) if why.contains("newer")), "{newer:?}");
        let changed = step_up(&db, &folder, now, &[Step { name: "one", sql: "SELECT 1" }, TWO]);
        assert!(matches!(&changed, Err(StoreError::Version(why)) if why.contains("step 1")), "{changed:?}");
    }
}
