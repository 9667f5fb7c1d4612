//! A plugin on its way into the folder: written down as it comes, under a name that the watch passes over, examined as
//! any file is, and renamed.

use super::kept::Kept;
use crate::Rejection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::io::AsyncWriteExt as _;

/// What the names of plugins on their way in end with.
const PART: &str = ".upload.part";
/// A part of a file that nobody wrote to for so long was left by a host that ended.
const LEFT: Duration = Duration::from_hours(1);

/// A plugin on its way in; gone with this value unless it is put in.
#[derive(Debug)]
pub struct IncomingPlugin {
    pub(super) path: PathBuf,
    file: Option<tokio::fs::File>,
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
        Ok(Self { path, file: Some(file), size: 0, limit, put: false })
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

/// Removes what an earlier host left in the plugins folder.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_part = name.to_string_lossy().starts_with('.') && name.to_string_lossy().ends_with(PART);
        let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let is_old =
            written.is_some_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > LEFT));
        if is_part && is_old {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
