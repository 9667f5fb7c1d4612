//! A plugin on its way into the folder: written down as it comes, under a name that the watch passes over, examined as
//! any file is, and renamed.

use super::kept::Kept;
use crate::Rejection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncWriteExt as _;

/// What the names of plugins on their way in end with; before it the process that takes it in, and a number.
const PART: &str = ".upload.part";

/// A plugin on its way in; gone with this value unless it is put in.
#[derive(Debug)]
pub struct IncomingPlugin {
    pub(super) path: PathBuf,
    file: Option<tokio::fs::File>,
    /// Locked for as long as it is on its way, so that another host of this folder leaves it alone.
    _lock: Option<std::fs::File>,
    size: u64,
    limit: u64,
    /// Whether it was renamed.
    pub(super) put: bool,
}

impl IncomingPlugin {
    /// One that is written into this folder, with at most `limit` bytes.
    pub(super) async fn into_folder(folder: &Path, limit: u64) -> Result<Self, Rejection> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(".{}-{}{PART}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(name);
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let file = options.open(&path).await.map_err(|error| Kept::failed(&error))?;
        let lock = file.try_clone().await.map_err(|error| Kept::failed(&error))?.into_std().await;
        // Where a file system has no locks, what is left stays until a person removes it.
        let lock = lock.try_lock().is_ok().then_some(lock);
        Ok(Self { path, file: Some(file), _lock: lock, size: 0, limit, put: false })
    }

    /// More of its bytes have come.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(Rejection::TooLarge { size: self.size, limit: self.limit });
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes).await.map_err(|error| Kept::failed(&error)),
            None => Ok(()),
        }
    }

    /// All of it has come; it is on the disk when this returns.
    pub async fn finish(&mut self) -> Result<(), Rejection> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let synced = async {
            file.flush().await?;
            file.sync_all().await
        };
        synced.await.map_err(|error| Kept::failed(&error))
    }
}

impl Drop for IncomingPlugin {
    fn drop(&mut self) {
        if !self.put {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether the second of two versions comes before the first; not where one of them is none.
pub fn is_older(present: &str, new: &str) -> bool {
    let parsed = |version: &str| version.parse::<semver::Version>().ok();
    parsed(present).zip(parsed(new)).is_some_and(|(present, new)| new < present)
}

/// Removes what a host that ended left in the plugins folder: what has a name of this form and nobody holds.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(is_part) && is_left(&entry.path()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether this is what a plugin on its way in is called: `.PROCESS-NUMBER.upload.part`.
fn is_part(name: &str) -> bool {
    let numbers = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.and_then(|numbers| numbers.split_once('-')).is_some_and(|(a, b)| is_number(a) && is_number(b))
}

/// Whether no host takes it in any more.
fn is_left(path: &Path) -> bool {
    std::fs::File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_start_removes_what_a_dead_host_left_and_nothing_else() {
        let folder = tempfile::tempdir().expect("it works");
        let foreign = [
            ".upload.part",
            ".1-.upload.part",
            ".a-1.upload.part",
            "1-2.upload.part",
            ".1-2.upload.part.wasm",
        ];
        for name in foreign.into_iter().chain([".4194304-0.upload.part", ".1-17.upload.part"]) {
            std::fs::write(folder.path().join(name), b"half a plugin").expect("it works");
        }
        let mut coming = IncomingPlugin::into_folder(folder.path(), 1_000).await.expect("it works");
        coming.write(b"the other half").await.expect("it works");
        coming.finish().await.expect("it works");
        sweep(folder.path());
        assert!(coming.path.exists(), "another host of this folder takes it in");
        let there = std::fs::read_dir(folder.path()).expect("it works");
        let mut there: Vec<_> = there.flatten().filter(|entry| entry.path() != coming.path).collect();
        there.sort_by_key(std::fs::DirEntry::file_name);
        let mut foreign: Vec<_> = foreign.into();
        foreign.sort_unstable();
        assert_eq!(there.iter().map(std::fs::DirEntry::file_name).collect::<Vec<_>>(), foreign);
        drop(coming);
        assert_eq!(std::fs::read_dir(folder.path()).expect("it works").count(), foreign.len());
    }
}
