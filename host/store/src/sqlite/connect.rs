//! Connections: one that writes, some that read.

use crate::engine::Db;
use crate::engine::wal_file;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long to wait for another process that has the file (a back-up, a person with a shell).
const BUSY: Duration = Duration::from_secs(5);
/// Statements that are kept prepared; more than there are in this crate.
const STATEMENTS: usize = 256;

/// KiB of pages that a connection keeps in mind: memory that only ever fills. A queue and its windows need no more, and the
/// system's own cache has the rest.
const WRITER_KIB: u32 = 8_192;
/// Of what a search's terms are merged in.
const SEARCH_KIB: u32 = 2_048;
/// Of a connection that reads: it forgets all of them when something was written since.
const READER_KIB: u32 = 512;

/// The connection that writes. `synchronous=FULL`: what was answered survives a power cut.
pub(crate) fn writing(database: &Path) -> rusqlite::Result<Db> {
    gathering(database).map(Db::new)
}

/// The same, as the library has it: what it appends to the log is gathered until it syncs.
pub(crate) fn gathering(database: &Path) -> rusqlite::Result<Connection> {
    let conn = match wal_file::name() {
        Some(vfs) => Connection::open_with_flags_and_vfs(database, writes(), vfs)?,
        None => Connection::open_with_flags(database, writes())?,
    };
    set_up(&conn, WRITER_KIB)?;
    conn.execute_batch("PRAGMA synchronous = FULL;")?;
    Ok(conn)
}

/// A connection that writes what can be made anew: a power cut may take the last commits back.
pub(crate) fn writing_what_can_be_lost(file: &Path) -> rusqlite::Result<Db> {
    let conn = Connection::open_with_flags(file, writes())?;
    set_up(&conn, SEARCH_KIB)?;
    conn.execute_batch("PRAGMA synchronous = NORMAL;")?;
    Ok(Db::new(conn))
}

fn writes() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE
}

fn set_up(conn: &Connection, pages_kib: u32) -> rusqlite::Result<()> {
    prepare(conn)?;
    conn.execute_batch(
        // On macOS a plain fsync does not reach the disk.
        "PRAGMA journal_mode = WAL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA wal_autocheckpoint = 4000;",
    )?;
    keep_pages(conn, pages_kib)
}

/// How many pages a connection keeps in mind. They are taken in one piece with its first page, by the number that it may
/// keep then: so those that were read up to here are given back.
fn keep_pages(conn: &Connection, kib: u32) -> rusqlite::Result<()> {
    conn.execute_batch(&format!("PRAGMA cache_size = -{kib}; PRAGMA shrink_memory;"))
}

/// A connection that only reads.
pub(crate) fn reading(database: &Path) -> rusqlite::Result<Db> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let conn = Connection::open_with_flags(database, flags)?;
    prepare(&conn)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;")?;
    keep_pages(&conn, READER_KIB)?;
    Ok(Db::new(conn))
}

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan does not depend on bound values, so no statement is compiled anew for them.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_taken_in_one_piece() {
        let conn = Connection::open_in_memory().expect("it opens");
        let mut options = conn.prepare("PRAGMA compile_options").expect("it is known");
        let options: Vec<String> = options
            .query_map([], |row| row.get(0))
            .expect("it is asked")
            .collect::<rusqlite::Result<_>>()
            .expect("texts");
        let wanted = format!("DEFAULT_PCACHE_INITSZ=-{WRITER_KIB}");
        assert!(options.contains(&wanted), "built otherwise than .cargo/config.toml says: {options:?}");
    }
}
