//! The bytes of every version that a job may still need, and which file had which.

use super::cache::write_whole;
use crate::SandboxError;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The folder `DATA/plugins`: `<digest>.wasm`, and `in-force.json` with the digest that each file of
/// the plugins folder had when it was last good.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
}

impl Kept {
    pub(crate) fn open(folder: &Path) -> Result<Self, SandboxError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| SandboxError::Folder { path: folder.display().to_string(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The bytes with this digest; none where they are not kept, or are not those bytes any more.
    pub(crate) fn get(&self, digest: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.file(digest)?).ok()?;
        (super::digest(&bytes) == digest).then_some(bytes)
    }

    pub(crate) fn put(&self, digest: &str, bytes: &[u8]) -> io::Result<()> {
        match self.file(digest) {
            Some(file) if !file.exists() => write_whole(&file, bytes),
            _ => Ok(()),
        }
    }

    pub(crate) fn has(&self, digest: &str) -> bool {
        self.file(digest).is_some_and(|file| file.exists())
    }

    /// Which file had which digest when it was last good.
    pub(crate) fn in_force(&self) -> BTreeMap<String, String> {
        let text = std::fs::read(self.folder.join("in-force.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn set_in_force(&self, files: &BTreeMap<String, String>) -> io::Result<()> {
        write_whole(&self.folder.join("in-force.json"), &serde_json::to_vec_pretty(files)?)
    }

    /// Removes every version but these.
    pub(crate) fn keep_only(&self, needed: impl Fn(&str) -> bool) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(digest) = name.to_str().and_then(|name| name.strip_suffix(".wasm")) else { continue };
            if !needed(digest) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Where the bytes are; none for a text that is no digest, so that it can name no other file.
    fn file(&self, digest: &str) -> Option<PathBuf> {
        let fits = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| self.folder.join(format!("{digest}.wasm")))
    }
}
