//! A plugin on its way into the folder: written down as it comes, under a name that the watch passes over, examined as
//! any file is, and renamed.

use super::Catalog;
use super::kept::Kept;
use crate::Rejection;
use anvil_types::AgentInfo;
use std::io;
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
    path: PathBuf,
    file: Option<tokio::fs::File>,
    size: u64,
    limit: u64,
    /// Whether it was renamed.
    put: bool,
}

impl IncomingPlugin {
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

impl Catalog {
    /// Begins to take a plugin in.
    pub async fn incoming(&self) -> Result<IncomingPlugin, Rejection> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(".{}-{}{PART}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = self.folder().join(name);
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let file = options.open(&path).await.map_err(|error| Kept::failed(&error))?;
        Ok(IncomingPlugin { path, file: Some(file), size: 0, limit: self.max_file_bytes(), put: false })
    }

    /// What a plugin that has come whole says of itself: examined as a file of the folder is, and not in force.
    pub async fn check_incoming(&self, incoming: &IncomingPlugin) -> Result<AgentInfo, Rejection> {
        self.check(&incoming.path).await
    }

    /// The file that a plugin of this agent goes into: the one that has the agent, or one of its name. None where that
    /// has another agent.
    pub fn file_for(&self, agent: &str) -> Option<String> {
        if let Some(there) = self.of_file(agent) {
            return Some(there.file);
        }
        let file = format!("{agent}.wasm");
        let taken = self
            .agents()
            .iter()
            .any(|line| line.file == file && !line.actions.is_empty() && line.name != agent);
        (!taken).then_some(file)
    }

    /// Puts a plugin into the folder under this name, in place of what was there. The watch takes it up.
    pub async fn put(&self, mut incoming: IncomingPlugin, file: &str) -> io::Result<()> {
        let target = self.folder().join(plain(file)?);
        tokio::fs::rename(&incoming.path, target).await?;
        incoming.put = true;
        self.rescan();
        Ok(())
    }

    /// Removes the files that have this agent; answers their names.
    pub async fn remove_files(&self, agent: &str) -> io::Result<Vec<String>> {
        let files: Vec<String> = self.shared.board().files_of(agent);
        for file in &files {
            match tokio::fs::remove_file(self.folder().join(plain(file)?)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.rescan();
        Ok(files)
    }

    /// Waits until the file of an agent has this version, or has gone where there is none; not for longer than that.
    pub async fn until_file_is(&self, agent: &str, digest: Option<&str>, at_most: Duration) -> bool {
        let mut changes = self.changes();
        let is_so = || self.of_file(agent).map(|file| file.digest).as_deref() == digest;
        let wait = async {
            while !is_so() {
                // Whatever changed, it is looked at.
                let _ = tokio::time::timeout(Duration::from_millis(200), changes.recv()).await;
            }
        };
        tokio::time::timeout(at_most, wait).await.is_ok()
    }
}

/// Whether the second of two versions comes before the first; not where one of them is none.
pub fn is_older(present: &str, new: &str) -> bool {
    let parsed = |version: &str| version.parse::<semver::Version>().ok();
    parsed(present).zip(parsed(new)).is_some_and(|(present, new)| new < present)
}

/// A name that leads nowhere else.
fn plain(file: &str) -> io::Result<&str> {
    let is_plain = Path::new(file).file_name().is_some_and(|name| name == file);
    if is_plain { Ok(file) } else { Err(io::Error::other("this is no name of a file in the folder")) }
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
