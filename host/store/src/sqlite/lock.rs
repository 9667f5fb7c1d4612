//! The data folder and the lock against a second host.

use crate::StoreError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The lock's file in the data folder.
const LOCK: &str = "anvil.lock";
/// The database in the data folder.
const DATABASE: &str = "anvil.db";

/// The data folder, held against a second host until it is dropped: the kernel lets the lock go with
/// the process, however that ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// None where a test opens one database as two hosts.
    _lock: Option<Lock>,
}

/// The lock's file, and the folder itself: whoever takes the file for a stale one and removes it lets nobody in.
#[derive(Debug)]
struct Lock {
    _file: File,
    /// None where the system has no locks of folders.
    _folder: Option<File>,
}

impl DataFolder {
    /// Makes the folder where it is missing, open to its owner alone, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, StoreError> {
        if path.exists() && !path.is_dir() {
            return Err(refused(path, "it is a file. Name a folder with --data, or move the file away"));
        }
        make(path).map_err(|error| {
            refused(
                path,
                &format!("it cannot be made: {error}. Name another with --data, or make it yourself"),
            )
        })?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(|error| {
                refused(
                    path,
                    &format!("no file can be written in it: {error}. Give this user the right to, or name another folder with --data"),
                )
            })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(path, &lock)),
            Err(TryLockError::Error(error)) => {
                return Err(refused(
                    path,
                    &format!("it cannot be locked: {error}. Use a folder on a local disk"),
                ));
            }
        }
        let folder = File::open(path).ok();
        if matches!(folder.as_ref().map(File::try_lock), Some(Err(TryLockError::WouldBlock))) {
            return Err(taken(path, &lock));
        }
        let told = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .and_then(|()| lock.flush());
        told.map_err(|error| {
            refused(path, &format!("the lock cannot be written: {error}. Make room on the disk"))
        })?;
        Ok(Self { path: path.to_owned(), _lock: Some(Lock { _file: lock, _folder: folder }) })
    }

    /// Makes the folder where it is missing, and lets others have it too.
    pub(crate) fn share(path: &Path) -> Result<Self, StoreError> {
        make(path).map_err(|error| refused(path, &format!("it cannot be made: {error}")))?;
        Ok(Self { path: path.to_owned(), _lock: None })
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    /// Where a copy of the database goes before its schema is changed from this version.
    pub(crate) fn backup(&self, version: i64) -> PathBuf {
        self.path.join(format!("anvil-before-schema-{}.db", version + 1))
    }
}

fn taken(path: &Path, mut lock: &File) -> StoreError {
    let mut pid = String::new();
    // The other host may be about to write its id, or its file was removed: then nobody can say it.
    let _ = lock.read_to_string(&mut pid);
    let pid = if pid.trim().is_empty() { "unknown" } else { pid.trim() }.to_owned();
    StoreError::Locked { folder: path.display().to_string(), pid }
}

/// Where the database of a data folder is.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// The database could not be opened: told with its name where it is another kind of file.
pub(crate) fn no_database(folder: &Path, error: impl Into<StoreError>) -> StoreError {
    let error = error.into();
    let StoreError::Backend(inner) = &error else { return error };
    let code = inner.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    let wrong = match code {
        Some(rusqlite::ErrorCode::NotADatabase) => "is no database, or is damaged at its beginning",
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => "is damaged",
        Some(rusqlite::ErrorCode::CannotOpen) => {
            "cannot be opened: it has to be a file that this user may write"
        }
        _ => return error,
    };
    refused(
        folder,
        &format!("its {DATABASE} {wrong}. Put a back-up in its place, or name another folder with --data"),
    )
}

fn refused(folder: &Path, message: &str) -> StoreError {
    StoreError::Folder { folder: folder.display().to_string(), message: message.to_owned() }
}

#[cfg(unix)]
fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}
