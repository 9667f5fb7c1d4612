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
//!
//! The sync of one commit may be owed, where the writer says so before it ([`may_owe`]): the commit is in the file then,
//! for whoever reads and through the end of this process, and on the disk with [`pay`] or the sync of the next commit,
//! whichever comes first.
//! - No commit is owed behind one that is.
//! - A sync that failed says nothing by succeeding later: the system may have let go of the bytes that it could not
//!   write. So what is owed is kept, and written again before whatever is synced next. That writes over nothing: what
//!   follows stands behind it, or in a log that begins anew with a head that is synced before the rest is written.
#![expect(
    unsafe_code,
    reason = "SQLite asks for its files through a table of C functions; each obligation stands where it is met"
)]

use rusqlite::Connection;
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
    /// This one, which stays too.
    ours: *mut sqlite3_vfs,
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
    /// Whether something was written since the last sync that is not gathered any more.
    spilled: bool,
    /// Whether the next commit's sync may be owed.
    may_owe: bool,
    owed: Option<Owed>,
    /// For tests: whether syncs fail.
    #[cfg(test)]
    fails: bool,
    /// For tests: the file as the last sync brought it to the disk.
    #[cfg(test)]
    durable: Vec<u8>,
}

/// A commit that is in the file and was not synced.
struct Owed {
    bytes: Vec<u8>,
    at: sqlite3_int64,
    /// How it is synced.
    flags: c_int,
    /// Whether a sync has failed since it was written.
    failed: bool,
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
    let ours: *mut sqlite3_vfs = Box::leak(Box::new(ours));
    // SAFETY: as above.
    let registered = unsafe { ffi::sqlite3_vfs_register(ours, 0) };
    (registered == SQLITE_OK).then_some(Own { vfs, ours_at, ours })
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
            let log = Box::into_raw(Box::new(Log::new(own_methods, methods)));
            slot(file, own).write(log);
            (*file).pMethods = &raw const (*log).methods;
        }
    }
    opened
}

impl Log {
    fn new(own: *const sqlite3_io_methods, methods: sqlite3_io_methods) -> Self {
        Self {
            own,
            methods,
            gathered: Vec::new(),
            at: 0,
            spilled: false,
            may_owe: false,
            owed: None,
            #[cfg(test)]
            fails: false,
            #[cfg(test)]
            durable: Vec::new(),
        }
    }

    /// Writes what was gathered. What cannot be written is let go of: the transaction fails.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn flush(&mut self, file: *mut sqlite3_file) -> c_int {
        if self.gathered.is_empty() {
            return SQLITE_OK;
        }
        self.spilled = true;
        // SAFETY: as above.
        let written = unsafe { self.write(file, &self.gathered, self.at) };
        self.gathered.clear();
        written
    }

    /// Writes to the file.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn write(&self, file: *mut sqlite3_file, bytes: &[u8], at: sqlite3_int64) -> c_int {
        // No more than `MOST`, as SQLite itself writes no more at once.
        let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        // SAFETY: the file's own function, its own file, and bytes that stay until it returns.
        unsafe {
            match (*self.own).xWrite {
                Some(write) => write(file, bytes.as_ptr().cast(), length, at),
                None => SQLITE_ERROR,
            }
        }
    }

    /// Syncs the file, what is owed included.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn sync(&mut self, file: *mut sqlite3_file, flags: c_int) -> c_int {
        // SAFETY: as above.
        let written = unsafe { self.renew(file) };
        if written != SQLITE_OK {
            return written;
        }
        // SAFETY: the file's own function and its own file.
        let synced = unsafe {
            match (*self.own).xSync {
                #[cfg(test)]
                _ if self.fails => ffi::SQLITE_IOERR_FSYNC,
                Some(sync) => sync(file, flags),
                None => SQLITE_ERROR,
            }
        };
        if synced == SQLITE_OK {
            self.owed = None;
            self.spilled = false;
            #[cfg(test)]
            // SAFETY: as above.
            unsafe {
                self.is_durable(file);
            }
        } else if let Some(owed) = &mut self.owed {
            owed.failed = true;
        }
        synced
    }

    /// What the file says is on the disk.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    #[cfg(test)]
    unsafe fn is_durable(&mut self, file: *mut sqlite3_file) {
        let mut size = 0;
        // SAFETY: the file's own functions, its own file, and room for what is read.
        unsafe {
            assert_eq!((*self.own).xFileSize.expect("there")(file, &raw mut size), SQLITE_OK);
            self.durable.resize(usize::try_from(size).expect("a size"), 0);
            let length = c_int::try_from(size).expect("few");
            let read = (*self.own).xRead.expect("there");
            assert_eq!(read(file, self.durable.as_mut_ptr().cast(), length, 0), SQLITE_OK);
        }
    }

    /// Writes what is owed again, where a sync of it has failed.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn renew(&self, file: *mut sqlite3_file) -> c_int {
        match &self.owed {
            // SAFETY: as above.
            Some(Owed { bytes, at, failed: true, .. }) => unsafe { self.write(file, bytes, *at) },
            _ => SQLITE_OK,
        }
    }

    /// Syncs what is owed, if anything is.
    ///
    /// # Safety
    /// `file` is the file that this is a part of.
    unsafe fn pay(&mut self, file: *mut sqlite3_file) -> c_int {
        match &self.owed {
            Some(Owed { flags, .. }) => {
                let flags = *flags;
                // SAFETY: as above.
                unsafe { self.sync(file, flags) }
            }
            None => SQLITE_OK,
        }
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
    file_size as xFileSize (size: *mut sqlite3_int64)
}

/// Syncs the log. A commit's frames may be owed instead. What begins a log never is, nor what is synced before a
/// checkpoint: that finds nothing gathered.
unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this for a log that is open alone, with what the file's own function is to be given.
    unsafe {
        let Some(log) = log(file) else { return SQLITE_ERROR };
        let owes =
            log.may_owe && !log.gathered.is_empty() && log.at > 0 && !log.spilled && log.owed.is_none();
        if owes {
            let written = log.write(file, &log.gathered, log.at);
            let bytes = std::mem::take(&mut log.gathered);
            if written == SQLITE_OK {
                log.owed = Some(Owed { bytes, at: log.at, flags, failed: false });
            }
            return written;
        }
        let written = log.flush(file);
        if written != SQLITE_OK {
            return written;
        }
        log.sync(file, flags)
    }
}

/// Says whether the sync of this connection's next commit may be owed.
pub(crate) fn may_owe(conn: &Connection, may: bool) {
    // SAFETY: the connection's own file, which nobody else uses while this is called.
    if let Some((_, log)) = unsafe { log_of(conn) } {
        log.may_owe = may;
    }
}

/// Syncs what a commit owes, if one does.
pub(crate) fn pay(conn: &Connection) -> rusqlite::Result<()> {
    // SAFETY: as above; the file is open for as long as its connection is.
    let paid = unsafe {
        match log_of(conn) {
            Some((file, log)) => log.pay(file),
            None => SQLITE_OK,
        }
    };
    if paid == SQLITE_OK { Ok(()) } else { Err(rusqlite::Error::SqliteFailure(ffi::Error::new(paid), None)) }
}

/// Whether a commit owes its sync.
pub(crate) fn owes(conn: &Connection) -> bool {
    // SAFETY: as above.
    unsafe { log_of(conn) }.is_some_and(|(_, log)| log.owed.is_some())
}

/// For tests: has every sync of this connection's log fail, or none.
#[cfg(test)]
pub(crate) fn fail_syncs(conn: &Connection, fails: bool) {
    // SAFETY: as above.
    let (_, log) = unsafe { log_of(conn) }.expect("it stands on this file system");
    log.fails = fails;
}

/// For tests: another connection has synced the file.
#[cfg(test)]
pub(crate) fn synced_by_another(conn: &Connection) {
    // SAFETY: as above.
    unsafe {
        let (file, log) = log_of(conn).expect("it stands on this file system");
        log.is_durable(file);
    }
}

/// For tests: the log as a power cut at this moment may leave it.
#[cfg(test)]
pub(crate) fn durable(conn: &Connection) -> &[u8] {
    // SAFETY: as above.
    let (_, log) = unsafe { log_of(conn) }.expect("it stands on this file system");
    &log.durable
}

/// The log of a connection that is open on this file system, and has one.
///
/// # Safety
/// Nobody else uses the connection for as long as the answer lives.
#[expect(
    clippy::mut_from_ref,
    reason = "it is the file's, which SQLite has for itself while one of its functions runs"
)]
unsafe fn log_of(conn: &Connection) -> Option<(*mut sqlite3_file, &mut Log)> {
    let own = OWN.get()?.as_ref()?;
    let (mut vfs, mut file): (*mut sqlite3_vfs, *mut sqlite3_file) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: both controls write one pointer to where they are told.
    unsafe {
        let ask =
            |what, to: *mut c_void| ffi::sqlite3_file_control(conn.handle(), c"main".as_ptr(), what, to);
        let asked = ask(ffi::SQLITE_FCNTL_VFS_POINTER, (&raw mut vfs).cast());
        if asked != SQLITE_OK || vfs != own.ours {
            return None;
        }
        let asked = ask(ffi::SQLITE_FCNTL_JOURNAL_POINTER, (&raw mut file).cast());
        if asked != SQLITE_OK || file.is_null() || (*file).pMethods.is_null() {
            return None;
        }
        Some((file, log(file)?))
    }
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
    use crate::engine::wal_file;
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

    /// What is found after a power cut at this moment: of the log what was synced, of the database all.
    fn after_a_power_cut(database: &Path, writer: &Connection) -> (i64, i64) {
        let cut = database.with_file_name("cut.db");
        std::fs::copy(database, &cut).expect("copied");
        std::fs::write(cut.with_extension("db-wal"), wal_file::durable(writer)).expect("written");
        let _ = std::fs::remove_file(cut.with_extension("db-shm"));
        rows(&cut)
    }

    fn insert(writer: &Connection, size: i64, may_owe: bool) -> rusqlite::Result<bool> {
        wal_file::may_owe(writer, may_owe);
        let written = writer.execute(INSERT, [size]);
        wal_file::may_owe(writer, false);
        written.map(|_| wal_file::owes(writer))
    }

    #[test]
    fn a_commit_that_owes_its_sync_is_there_for_others_and_durable_when_it_is_paid() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        assert!(!insert(&writer, 10, false).expect("written"));
        assert!(insert(&writer, 20, true).expect("written"));
        assert_eq!((rows(&database), after_a_power_cut(&database, &writer)), ((2, 30), (1, 10)));
        wal_file::pay(&writer).expect("synced");
        assert!(!wal_file::owes(&writer));
        assert_eq!(after_a_power_cut(&database, &writer), (2, 30));
        // The next commit pays, and no two are owed.
        for owed in [false, true] {
            assert!(insert(&writer, 20, true).expect("written"));
            assert!(!insert(&writer, 20, owed).expect("written"));
            assert_eq!(rows(&database), after_a_power_cut(&database, &writer));
        }
        // What begins a log is on the disk before a commit in it is written.
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("checkpointed");
        let before = rows(&database);
        assert!(insert(&writer, 20, true).expect("written"));
        assert_eq!(wal_file::durable(&writer).len(), 32, "its head");
        assert_eq!(after_a_power_cut(&database, &writer), before);
        wal_file::pay(&writer).expect("synced");
        // What was not gathered as a whole and what wrote nothing owe nothing.
        assert!(!insert(&writer, 700_000, true).expect("written"));
        wal_file::may_owe(&writer, true);
        writer.execute_batch("BEGIN IMMEDIATE; COMMIT").expect("nothing");
        assert!(!wal_file::owes(&writer));
        assert_eq!(rows(&database), after_a_power_cut(&database, &writer));
    }

    #[test]
    fn what_could_not_be_synced_is_written_again_before_anything_follows_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        insert(&writer, 10, false).expect("written");
        for (count, by_a_commit) in [(2, false), (4, true)] {
            let synced = wal_file::durable(&writer).len();
            assert!(insert(&writer, 20, true).expect("written"));
            wal_file::fail_syncs(&writer, true);
            if by_a_commit {
                insert(&writer, 30, false).expect_err("it cannot be synced");
            } else {
                wal_file::pay(&writer).expect_err("it cannot be synced");
            }
            // The system may let go of what it could not write.
            let log = std::fs::OpenOptions::new().write(true).open(database.with_extension("db-wal"));
            log.expect("a log").set_len(u64::try_from(synced).expect("few")).expect("cut");
            for _ in 0..3 {
                insert(&writer, 30, count == 2).expect_err("it cannot be synced still");
                wal_file::pay(&writer).expect_err("nor by itself");
                assert!(wal_file::owes(&writer));
            }
            wal_file::fail_syncs(&writer, false);
            assert!(!insert(&writer, 30, false).expect("written"));
            assert_eq!(after_a_power_cut(&database, &writer).0, count + 1);
            assert_eq!(rows(&database), after_a_power_cut(&database, &writer));
        }
    }

    #[test]
    fn what_is_written_again_is_written_over_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, writer) = writer(folder.path());
        let other = Connection::open(&database).expect("it opens");
        for round in 1..=3 {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("checkpointed");
            assert!(insert(&writer, 10, true).expect("written"));
            wal_file::fail_syncs(&writer, true);
            wal_file::pay(&writer).expect_err("it cannot be synced");
            // Another connection can, so that the next commit begins the log anew.
            other.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).expect("done");
            wal_file::synced_by_another(&writer);
            wal_file::fail_syncs(&writer, false);
            insert(&writer, 60_000, false).expect("written");
            assert_eq!(rows(&database), (2 * round, 60_010 * round));
            assert_eq!(after_a_power_cut(&database, &writer), (2 * round, 60_010 * round));
        }
    }

    #[test]
    fn what_was_answered_as_durable_survives_a_power_cut_whatever_came_before_and_after() {
        let mut random = 88_172_645_463_325_252_u64;
        let mut next = move |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        for _ in 0..40 {
            let folder = tempfile::tempdir().expect("a folder");
            let (database, writer) = writer(folder.path());
            let other = Connection::open(&database).expect("it opens");
            let (mut seen, mut durable, mut fails) = (0, 0, false);
            // As with every database: what could not be synced, and failed, may be on the disk, until it is written over.
            let mut doubtful = 0;
            for _ in 0..40 {
                match next(12) {
                    0 => {
                        fails = !fails;
                        wal_file::fail_syncs(&writer, fails);
                    }
                    1 | 2 if wal_file::pay(&writer).is_ok() => durable = seen,
                    // Another connection syncs by itself, so that the log begins anew with a commit that is owed still.
                    3 => {
                        other.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).expect("done");
                        wal_file::synced_by_another(&writer);
                    }
                    4 => {
                        let _ = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                    }
                    5 => {
                        let _ = writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                    }
                    _ => {
                        let size = [10, 5_000, 60_000, 200_000][usize::try_from(next(4)).expect("few")];
                        doubtful = 1;
                        if let Ok(owes) = insert(&writer, size, next(2) == 0) {
                            (seen, doubtful) = (seen + 1, 0);
                            durable = if owes { durable } else { seen };
                        }
                    }
                }
                assert_eq!(rows(&database).0, seen);
                let found = after_a_power_cut(&database, &writer).0;
                assert!((durable..=seen + doubtful).contains(&found), "{durable} to {seen}, but {found}");
            }
        }
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
