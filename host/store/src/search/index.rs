//! The index: FTS5 tables in a file of their own, each for a stretch of jobs.
//!
//! A table that held all jobs would answer a beginning (`con*`) in time that grows with all of them; one
//! that holds a stretch answers in time that is bounded, the newest stretch first. A stretch whose jobs
//! are all gone is dropped as a whole.

use crate::StoreError;
use crate::engine::{Db, params};
use std::path::Path;

/// How many jobs a table is for.
pub(crate) const STRETCH: i64 = 1 << 13;
/// Bytes of words that are gathered in memory before they are written: fewer pieces have to be merged.
const GATHERED: i64 = 16 << 20;
/// Bytes of a piece of the index: the smaller, the less is read where a rare word meets a frequent one.
const PIECE: i64 = 1_024;
/// What this version writes; a file of another is made anew.
const FORMAT: i64 = 3;

/// How far the index has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The last change that was taken in.
    pub(crate) change: i64,
    /// A look at all jobs has come so far …
    pub(crate) walked: i64,
    /// … and ends there; the same where none is under way.
    pub(crate) walk_to: i64,
}

/// Opens the file for writing; one that cannot be read, or that another version wrote, is made anew. It
/// holds nothing that the database does not.
pub(crate) fn open(path: &Path) -> Result<Db, StoreError> {
    match prepare(path) {
        Ok(db) => Ok(db),
        Err(error) => {
            tracing::warn!(%error, "the search index is made anew");
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", path.display()));
            }
            prepare(path).map_err(|error| StoreError::Folder {
                folder: path.parent().unwrap_or(path).display().to_string(),
                message: format!(
                    "its search index {} cannot be opened, nor made anew. Delete it, it holds nothing that the database \
                     does not ({error})",
                    path.display()
                ),
            })
        }
    }
}

fn prepare(path: &Path) -> Result<Db, StoreError> {
    // Where a crash takes the last changes back, it takes the place with them: they are taken in again.
    let db = crate::sqlite::connect::writing_what_can_be_lost(path)?;
    let format: i64 = db.one("PRAGMA user_version", params![], |row| row.get(0))?;
    if format == 0 {
        db.batch(&format!(
            "BEGIN;
             CREATE TABLE place (
                 host BLOB NOT NULL, change INTEGER NOT NULL, walked INTEGER NOT NULL, walk_to INTEGER NOT NULL
             ) STRICT;
             CREATE TABLE stretches (number INTEGER PRIMARY KEY, whole INTEGER NOT NULL DEFAULT 0) STRICT;
             PRAGMA user_version = {FORMAT};
             COMMIT;"
        ))?;
    } else if format != FORMAT {
        return Err(StoreError::Version(format!(
            "the search index has format {format}, this version {FORMAT}"
        )));
    }
    Ok(db)
}

/// How far it has come; none where it has not begun.
pub(crate) fn place(db: &Db) -> Result<Option<Place>, StoreError> {
    db.first("SELECT change, walked, walk_to FROM place", params![], |row| {
        Ok(Place { change: row.get(0)?, walked: row.get(1)?, walk_to: row.get(2)? })
    })
}

/// Whether the index is of this host's database.
pub(crate) fn is_of(db: &Db, host: [u8; 16]) -> Result<bool, StoreError> {
    Ok(db.first("SELECT 1 FROM place WHERE host = ?1", [host], |_| Ok(()))?.is_some())
}

/// Forgets everything, and begins at a place.
pub(crate) fn begin(db: &Db, host: [u8; 16], place: Place) -> Result<(), StoreError> {
    for number in numbers(db, i64::MAX)? {
        drop_stretch(db, number)?;
    }
    db.run("DELETE FROM place", params![])?;
    let values = params![host, place.change, place.walked, place.walk_to];
    db.run("INSERT INTO place (host, change, walked, walk_to) VALUES (?1, ?2, ?3, ?4)", values)?;
    Ok(())
}

/// Notes how far it has come.
pub(crate) fn set_place(db: &Db, place: Place) -> Result<(), StoreError> {
    db.run(
        "UPDATE place SET change = ?1, walked = ?2, walk_to = ?3",
        params![place.change, place.walked, place.walk_to],
    )?;
    Ok(())
}

/// The stretch that a job belongs to.
pub(crate) fn stretch(job: i64) -> i64 {
    job / STRETCH
}

/// Puts a job's words in, in place of what was known of it.
pub(crate) fn put(db: &Db, job: i64, text: &str) -> Result<(), StoreError> {
    let number = stretch(job);
    let put = format!("INSERT OR REPLACE INTO s{number} (rowid, text) VALUES (?1, ?2)");
    if !is_there(db, number)? {
        db.batch(&format!(
            "CREATE VIRTUAL TABLE s{number} USING fts5(text, content='', contentless_delete=1,
                 tokenize='unicode61 remove_diacritics 2');
             INSERT INTO s{number} (s{number}, rank) VALUES ('hashsize', {GATHERED});
             INSERT INTO s{number} (s{number}, rank) VALUES ('pgsz', {PIECE});
             INSERT INTO stretches (number) VALUES ({number});"
        ))?;
    }
    db.run(&put, params![job, text])?;
    Ok(())
}

/// Merges the pieces of one stretch that a newer one follows: it is written little from then on, and
/// looked into often.
pub(crate) fn make_one_whole(db: &Db) -> Result<(), StoreError> {
    let select = "SELECT number FROM stretches
         WHERE NOT whole AND number < (SELECT max(number) FROM stretches) ORDER BY number LIMIT 1";
    let Some(number) = db.first(select, params![], |row| row.get::<i64>(0))? else { return Ok(()) };
    db.batch(&format!(
        "INSERT INTO s{number} (s{number}) VALUES ('optimize');
         UPDATE stretches SET whole = 1 WHERE number = {number};"
    ))?;
    Ok(())
}

/// Takes a job out.
pub(crate) fn take_out(db: &Db, job: i64) -> Result<(), StoreError> {
    let number = stretch(job);
    if is_there(db, number)? {
        db.run(&format!("DELETE FROM s{number} WHERE rowid = ?1"), [job])?;
    }
    Ok(())
}

/// Drops a stretch whose jobs are all gone.
pub(crate) fn drop_stretch(db: &Db, number: i64) -> Result<(), StoreError> {
    if is_there(db, number)? {
        db.batch(&format!("DROP TABLE s{number}; DELETE FROM stretches WHERE number = {number};"))?;
    }
    Ok(())
}

fn is_there(db: &Db, number: i64) -> Result<bool, StoreError> {
    Ok(db.first("SELECT 1 FROM stretches WHERE number = ?1", [number], |_| Ok(()))?.is_some())
}

fn numbers(db: &Db, newest: i64) -> Result<Vec<i64>, StoreError> {
    let select = "SELECT number FROM stretches WHERE number <= ?1 ORDER BY number DESC";
    db.all(select, [newest], |row| row.get(0))
}

/// The jobs that answer a question, older than a place, the newest first.
pub(crate) fn find(db: &Db, question: &str, before: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for number in numbers(db, stretch(before))? {
        let select = format!(
            "SELECT rowid FROM s{number} WHERE s{number} MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3"
        );
        let room = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
        found.extend(db.all::<i64>(&select, params![question, before, room], |row| row.get(0))?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}
