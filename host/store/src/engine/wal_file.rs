//! What a commit appends to the write-ahead log, in one system call.
//!
//! SQLite writes a commit's pages one by one, each as two writes: its frame's head, then the page. For the
//! dozen pages of a hold that is two thirds of the time that its sync takes. This file system for the one
//! connection that writes is SQLite's own, but that what is appended to a log is gathered until SQLite
//! wants it on the disk, or does anything else with the file than append to it.
//!
//! What makes that safe:
//! - With `synchronous=FULL` SQLite syncs the log in every commit before it lets any connection know of
//!   the commit, and the sync writes what was gathered first. Until then nobody reads these bytes but the
//!   connection itself, and a read writes them first, too. So this is for a connection with
//!   `synchronous=FULL` and no other.
//! - What is lost of what was gathered (the process ends) had been promised to nobody: a log that ends
//!   before a commit's last frame is what any crash may leave.
//! - A write that fails (the disk is full) fails the sync or the read that wanted it, and with it the
//!   transaction.
#![expect(
    unsafe_code,
    reason = "SQLite asks for its files through a table of C functions; each obligation stands where it is met"
)]

use rusqlite::ffi::{
    self, SQLITE_ERROR, SQLITE_OK, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_filename, sqlite3_int64,
    sqlite3_io_methods, sqlite3_vfs,
};
use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

/// The name that a connection asks for it by.
const NAME: &CStr = c"anvil-wal";
/// The most that is gathered before it is written: what SQLite's own function takes at once.
const MOST: usize = 0x1_ffff;

/// SQLite's own file system, which does all the work.
struct Own {
    /// Lives as long as the process: SQLite never lets go of a file system that is built in.
    vfs: *mut sqlite3_vfs,
    /// Where, in the room that SQLite gives a file, ours begins: behind its own.
    ours_at: usize,
}

// SAFETY: a file system of SQLite's may be used by all threads at once, and `ours_at` is a number.
unsafe impl Send for Own {}
// SAFETY: as above.
unsafe impl Sync for Own {}

static OWN: OnceLock<Option<Own>> = OnceLock::new();

/// Our part of an open file.
struct Log {
    /// The file's own functions.
    own: *const sqlite3_io_methods,
    /// The functions that SQLite calls in their place.
    methods: sqlite3_io_methods,
    /// What is to be written …
    gathered: Vec<u8>,
    /// … from this place on.
    at: sqlite3_int64,
}

/// The name of the file system for the connection that writes; none where SQLite has none of its own that
/// this could stand on.
pub(crate) fn name() -> Option<&'static CStr> {
    OWN.get_or_init(register).as_ref().map(|_| NAME)
}

fn register() -> Option<Own> {
    // SAFETY: it begins SQLite where nobody has, and answers a file system that stays, or null.
    let vfs = unsafe {
        ffi::sqlite3_initialize();
        ffi::sqlite3_vfs_find(ptr::null())
    };
    // SAFETY: null or valid, as above; nobody changes what it points to.
    let own = unsafe { vfs.as_ref() }?;
    let align = align_of::<*mut Log>();
    let ours_at = usize::try_from(own.szOsFile).ok()?.next_multiple_of(align);
    let size = c_int::try_from(ours_at + size_of::<*mut Log>()).ok()?;
    let ours = sqlite3_vfs {
        szOsFile: size,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        ..*own
    };
    // SAFETY: it lives for ever, and every function in it is SQLite's own or `open` below, which keeps to the
    // contract of `xOpen`. SQLite's own functions find what they need in `pAppData`, which is copied.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 0) };
    (registered == SQLITE_OK).then_some(Own { vfs, ours_at })
}

/// Where the pointer to our part of a file stands.
///
/// # Safety
/// `file` is one that [`open`] was given: there is room for the pointer behind SQLite's own part.
unsafe fn slot(file: *mut sqlite3_file, own: &Own) -> *mut *mut Log {
    // SAFETY: the room is `szOsFile` bytes, of which the last hold the pointer; SQLite aligns it to 8 bytes.
    unsafe { file.cast::<u8>().add(own.ours_at).cast() }
}

/// Our part of a log.
///
/// # Safety
/// `file` is a log that [`open`] has opened and that is not closed; SQLite calls no two functions of a file at
/// once.
unsafe fn log<'a>(file: *mut sqlite3_file) -> Option<&'a mut Log> {
    let own = OWN.get()?.as_ref()?;
    // SAFETY: the slot was written by `open`; nobody else has a reference, since calls of a file come one by one.
    unsafe { slot(file, own).read().as_mut() }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(own) = OWN.get().and_then(Option::as_ref) else { return SQLITE_ERROR };
    // SAFETY: `own.vfs` is valid for ever; its `xOpen` is given what SQLite gave for its own file system: a
    // copy of it that differs in its name, and a file of at least the size that it wants.
    let opened = unsafe {
        slot(file, own).write(ptr::null_mut());
        match (*own.vfs).xOpen {
            Some(open) => open(vfs, name, file, flags, out),
            None => SQLITE_ERROR,
        }
    };
    if opened == SQLITE_OK && flags & SQLITE_OPEN_WAL != 0 {
        // SAFETY: a file that is open has its functions, for as long as it is open, in a table that stays.
        unsafe {
            let own_methods = (*file).pMethods;
            let methods = sqlite3_io_methods {
                xClose: Some(close),
                xRead: Some(read),
                xWrite: Some(write),
                xTruncate: Some(truncate),
                xSync: Some(sync),
                xFileSize: Some(file_size),
                ..*own_methods
            };
            let log = Box::into_raw(Box::new(Log { own: own_methods, methods, gathered: Vec::new(), at: 0 }));
            slot(file, own).write(log);
            (*file).pMethods = &raw const (*log).methods;
        }
    }
    opened
}

impl Log {
    /// Writes what was gathered. What cannot be written is let go of: the transaction fails.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn flush(&mut self, file: *mut sqlite3_file) -> c_int {
        if self.gathered.is_empty() {
            return SQLITE_OK;
        }
        // No more than `MOST`, as SQLite itself writes no more at once.
        let length = c_int::try_from(self.gathered.len()).unwrap_or(c_int::MAX);
        // SAFETY: the file's own function, its own file, and bytes that stay until it returns.
        let written = unsafe {
            match (*self.own).xWrite {
                Some(write) => write(file, self.gathered.as_ptr().cast(), length, self.at),
                None => SQLITE_ERROR,
            }
        };
        self.gathered.clear();
        written
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls this for a log that is open alone.
    let Some(log) = (unsafe { log(file) }) else { return SQLITE_ERROR };
    let Ok(size) = usize::try_from(length) else { return SQLITE_ERROR };
    let follows = i64::try_from(log.gathered.len()).is_ok_and(|gathered| log.at + gathered == at);
    if !follows || log.gathered.len() + size > MOST {
        // SAFETY: it is this file's.
        let written = unsafe { log.flush(file) };
        if written != SQLITE_OK {
            return written;
        }
        log.at = at;
    }
    // SAFETY: SQLite hands over `length` bytes that stay until this returns.
    log.gathered.extend_from_slice(unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), size) });
    SQLITE_OK
}

/// Functions that write what was gathered first, and then are the file's own.
macro_rules! after_flush {
    ($($name:ident as $method:ident ( $($argument:ident : $kind:ty),* ))*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $kind),*) -> c_int {
            // SAFETY: SQLite calls this for a log that is open alone, with what the file's own function is to
            // be given.
            unsafe {
                let Some(log) = log(file) else { return SQLITE_ERROR };
                let written = log.flush(file);
                if written != SQLITE_OK {
                    return written;
                }
                match (*log.own).$method {
                    Some(own) => own(file, $($argument),*),
                    None => SQLITE_ERROR,
                }
            }
        }
    )*};
}

after_flush! {
    read as xRead (bytes: *mut c_void, length: c_int, at: sqlite3_int64)
    truncate as xTruncate (size: sqlite3_int64)
    sync as xSync (flags: c_int)
    file_size as xFileSize (size: *mut sqlite3_int64)
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let Some(own) = OWN.get().and_then(Option::as_ref) else { return SQLITE_ERROR };
    // SAFETY: SQLite closes a file once and calls nothing of it after that, so the box is taken once; the file
    // has its own functions again before the last of them is called.
    unsafe {
        let Some(log) = log(file) else { return SQLITE_ERROR };
        let written = log.flush(file);
        let log = Box::from_raw(slot(file, own).replace(ptr::null_mut()));
        (*file).pMethods = log.own;
        let closed = match (*log.own).xClose {
            Some(close) => close(file),
            None => SQLITE_ERROR,
        };
        if written == SQLITE_OK { closed } else { written }
    }
}

#[cfg(test)]
mod tests {
    use crate::sqlite::connect;
    use rusqlite::{Connection, params};
    use std::path::{Path, PathBuf};

    const TABLE: &str = "CREATE TABLE t (n INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";
    const INSERT: &str = "INSERT INTO t (bytes) VALUES (randomblob(?1))";

    fn writer(folder: &Path) -> (PathBuf, Connection) {
        let database = folder.join("t.db");
        let conn = connect::gathering(&database).expect("it opens");
        conn.execute_batch(TABLE).expect("made");
        (database, conn)
    }

    /// As another process sees it: by SQLite's own file system, and from the file alone.
    fn rows(database: &Path) -> (i64, i64) {
        let conn = Connection::open(database).expect("it opens");
        let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
        assert_eq!(whole, "ok");
        conn.query_row("SELECT count(*), coalesce(sum(length(bytes)), 0) FROM t", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("read")
    }

    #[test]
    fn a_commit_is_there_for_others_when_it_is_answered() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        let mut sum = 0;
        // Commits of one page, of many, and of more than is gathered at once; also over the log's beginnings.
        for commit in 1..=60 {
            let size = [10, 5_000, 60_000, 131_000, 700_000][commit % 5];
            writer.execute(INSERT, [size]).expect("written");
            sum += size;
            if commit % 20 == 0 {
                writer.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).expect("checkpointed");
            }
            assert_eq!(rows(&database), (i64::try_from(commit).expect("few"), sum));
        }
    }

    #[test]
    fn what_is_not_committed_is_nowhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        writer.execute(INSERT, [10]).expect("written");
        // So few pages in memory that a transaction spills into the log long before its commit.
        writer.execute_batch("PRAGMA cache_size = 5").expect("set");
        for rolled_back in [true, false] {
            writer.execute_batch("BEGIN IMMEDIATE; SAVEPOINT one").expect("begun");
            for _ in 0..300 {
                writer.execute(INSERT, [4_000]).expect("written");
            }
            writer.execute_batch("ROLLBACK TO one").expect("taken back");
            for _ in 0..200 {
                writer.execute(INSERT, [4_000]).expect("written");
            }
            // The connection itself reads what it has spilled.
            let own: i64 =
                writer.query_row("SELECT sum(length(bytes)) FROM t", [], |row| row.get(0)).expect("read");
            assert_eq!(own, 10 + 200 * 4_000);
            // What a crash at this moment would leave.
            let crashed = folder.path().join(format!("crashed-{rolled_back}.db"));
            std::fs::copy(&database, &crashed).expect("copied");
            let log = |path: &Path| path.with_extension("db-wal");
            std::fs::copy(log(&database), log(&crashed)).expect("copied");
            assert_eq!(rows(&crashed), (1, 10));
            assert_eq!(rows(&database), (1, 10));
            writer.execute_batch(if rolled_back { "ROLLBACK" } else { "COMMIT" }).expect("ended");
        }
        assert_eq!(rows(&database), (201, 10 + 200 * 4_000));
        drop(writer);
        assert_eq!(rows(&database), (201, 10 + 200 * 4_000));
    }

    /// A limit on the size of files stands for the full disk. It is the process's, so that the test runs in one of
    /// its own, whose shell lets writes beyond the limit fail instead of ending it.
    #[cfg(unix)]
    #[test]
    fn a_full_disk_fails_the_transaction_and_no_other() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const CHILD: &str = "ANVIL_TEST_FULL_DISK";
        if std::env::var_os(CHILD).is_none() {
            let name = "engine::wal_file::tests::a_full_disk_fails_the_transaction_and_no_other";
            let ran = std::process::Command::new("sh")
                .args(["-c", r#"trap "" XFSZ; exec "$0" --exact "$1" --nocapture"#])
                .arg(std::env::current_exe().expect("this program"))
                .arg(name)
                .env(CHILD, "1")
                .output()
                .expect("a shell");
            let said = String::from_utf8_lossy(&ran.stdout);
            assert!(
                ran.status.success() && said.contains("1 passed"),
                "{said}{}",
                String::from_utf8_lossy(&ran.stderr)
            );
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        writer.execute(INSERT, [10]).expect("written");
        let unlimited = getrlimit(Resource::Fsize);
        let log = std::fs::metadata(database.with_extension("db-wal")).expect("a log").len();
        for room in [0, 100, 5_000, 40_000] {
            let full = Rlimit { current: Some(log + room), maximum: unlimited.maximum };
            setrlimit(Resource::Fsize, full).expect("set");
            let refused = writer.execute(INSERT, [300_000]).expect_err("there is no room");
            let code = refused.sqlite_error_code();
            let full = [Some(rusqlite::ErrorCode::DiskFull), Some(rusqlite::ErrorCode::SystemIoFailure)];
            assert!(full.contains(&code), "{refused}");
            setrlimit(Resource::Fsize, unlimited).expect("set");
            assert!(writer.is_autocommit());
            assert_eq!(rows(&database), (1, 10), "with room for {room} bytes");
        }
        writer
            .execute("INSERT INTO t (bytes) VALUES (?1)", params![vec![7_u8; 300_000]])
            .expect("there is room again");
        assert_eq!(rows(&database), (2, 300_010));
    }
}
