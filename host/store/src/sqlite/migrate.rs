//! The schema, forward only: each step once, in order, known by its checksum.

use super::columns::all;
use super::lock::DataFolder;
use crate::StoreError;
use anvil_types::Timestamp;
use rusqlite::{Connection, params};

/// A step of the schema.
struct Step {
    name: &'static str,
    sql: &'static str,
}

/// All steps; the version is the place in the list, from 1. A step that was released is never changed:
/// a change is a new step.
const STEPS: &[Step] = &[Step { name: "begin", sql: include_str!("migrations/0001_begin.sql") }];

/// The oldest library without the bug that loses commits of a WAL database with two connections.
const OLDEST_LIBRARY: i32 = 3_051_003;

/// Refuses a library with the WAL-reset bug (<https://sqlite.org/wal.html#walresetbug>).
pub(super) fn check_library() -> Result<(), StoreError> {
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
pub(super) fn migrate(conn: &mut Connection, folder: &DataFolder, now: Timestamp) -> Result<(), StoreError> {
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_steps (
             version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL
         ) STRICT",
    )?;
    let done: Vec<(i64, String)> =
        all(conn, "SELECT version, checksum FROM schema_steps ORDER BY version", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    for (version, checksum) in &done {
        let step = usize::try_from(*version - 1).ok().and_then(|index| STEPS.get(index)).ok_or_else(|| {
            StoreError::Version(format!(
                "the database was written by a newer version (its schema is {version}, this version knows {}); \
                 use that version, or another data folder",
                STEPS.len()
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
    if done.len() < STEPS.len() && !done.is_empty() {
        let copy = folder.backup(done.last().map_or(0, |(version, _)| *version));
        // A copy that an interrupted start left may be half a copy.
        let _ = std::fs::remove_file(&copy);
        conn.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
        tracing::info!(copy = %copy.display(), "copied the database before its schema changes");
    }
    for (step, version) in STEPS.iter().zip(1_i64..).skip(done.len()) {
        let tx = conn.transaction()?;
        tx.execute_batch(step.sql)?;
        tx.execute(
            "INSERT INTO schema_steps (version, name, checksum, at) VALUES (?1, ?2, ?3, ?4)",
            params![version, step.name, sum(step), now.micros()],
        )?;
        tx.commit()?;
    }
    Ok(())
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
}
