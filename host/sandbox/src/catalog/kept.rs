//! The bytes of every version that a job may still need, what each said of itself, and which file had which.

use super::cache::write_whole;
use super::history::History;
use super::plain::fingerprint;
use crate::compile::Exchange;
use crate::plugin::Known;
use crate::{Rejection, SandboxError};
use anvil_types::{AgentInfo, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an agent whose file is gone is still known: its jobs wait, and may be submitted.
const RETIRED_FOR: Duration = Duration::from_hours(24 * 30);

/// The folder in the data folder.
pub(crate) const FOLDER: &str = "plugins";

/// The folder `DATA/plugins`: `<digest>.wasm` and `<digest>.json` (what the version said of itself),
/// `in-force.json` with the digest that each file of the plugins folder had when it was last good,
/// `retired.json` with the agents whose file is gone, and `versions.json` with when each version was in force.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
}

/// An agent whose file is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    pub(crate) digest: String,
    pub(crate) since: Timestamp,
}

impl Kept {
    pub(crate) fn open(folder: &Path) -> Result<Self, SandboxError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| SandboxError::Folder { path: folder.display().to_string(), source })?;
        Exchange::sweep(folder);
        Ok(Self { folder: folder.to_owned() })
    }

    /// A place for bytes that are not known to be a plugin.
    pub(crate) fn draft(&self) -> Exchange {
        Exchange::new(&self.folder)
    }

    /// Where the bytes with this digest are, where they are those bytes.
    pub(crate) fn intact(&self, digest: &str) -> Option<PathBuf> {
        let file = self.bytes(digest)?;
        let found = fingerprint(&file, u64::MAX, None).ok()?;
        if found.digest == digest {
            return Some(file);
        }
        tracing::warn!(file = %file.display(), "a kept version of a plugin is damaged");
        None
    }

    /// Makes a draft the kept bytes of its digest, in place of whatever was there.
    pub(crate) fn adopt(&self, draft: &Exchange, digest: &str) -> io::Result<()> {
        match self.bytes(digest) {
            Some(file) => std::fs::rename(&draft.0, file),
            None => Err(io::Error::other("this is no digest")),
        }
    }

    pub(crate) fn has(&self, digest: &str) -> bool {
        self.bytes(digest).is_some_and(|file| file.exists())
    }

    /// What this version said of itself when it was first loaded.
    pub(crate) fn known(&self, digest: &str) -> Option<Known> {
        Known::new(self.told(digest)?)
    }

    fn told(&self, digest: &str) -> Option<AgentInfo> {
        let text = std::fs::read(self.profile(digest)?).ok()?;
        let info: AgentInfo = serde_json::from_slice(&text).ok()?;
        (info.digest == digest).then_some(info)
    }

    /// Keeps what a version says of itself. What is kept already but for the time of loading is not written again: a start
    /// would wait for the disk at each plugin.
    pub(crate) fn remember(&self, info: &AgentInfo) -> io::Result<()> {
        let Some(file) = self.profile(&info.digest) else { return Ok(()) };
        let is_same = |told: AgentInfo| AgentInfo { loaded_at: info.loaded_at, ..told } == *info;
        if self.told(&info.digest).is_some_and(is_same) {
            return Ok(());
        }
        write_whole(&file, &[&serde_json::to_vec(info)?])
    }

    /// Which file had which digest when it was last good.
    pub(crate) fn in_force(&self) -> BTreeMap<String, String> {
        self.read("in-force.json")
    }

    /// The agents whose file is gone, and not for too long.
    pub(crate) fn retired(&self, now: Timestamp) -> BTreeMap<String, Retired> {
        let mut retired: BTreeMap<String, Retired> = self.read("retired.json");
        retired.retain(|_, agent| now.since(agent.since) < RETIRED_FOR);
        retired
    }

    /// Writes down which files are good, and which agents have none.
    pub(crate) fn write(
        &self,
        in_force: &BTreeMap<String, String>,
        retired: &BTreeMap<String, Retired>,
    ) -> io::Result<()> {
        self.replace("in-force.json", &serde_json::to_vec_pretty(in_force)?)?;
        self.replace("retired.json", &serde_json::to_vec_pretty(retired)?)
    }

    /// Which versions came out of the plugins folder.
    pub(crate) fn history(&self) -> History {
        self.read("versions.json")
    }

    /// Writes down which versions were in force, those that are kept.
    pub(crate) fn write_history(&self, history: &History) -> io::Result<()> {
        self.replace("versions.json", &serde_json::to_vec_pretty(history)?)
    }

    /// The digests of all that is kept.
    pub(crate) fn digests(&self) -> HashSet<String> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return HashSet::new() };
        let digest = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let (stem, _) = name.rsplit_once('.')?;
            self.bytes(stem).map(|_| stem.to_owned())
        };
        entries.flatten().filter_map(digest).collect()
    }

    /// Removes the bytes of a version, and what it said unless that is still told.
    pub(crate) fn remove(&self, digest: &str, told: bool) {
        let profile = self.profile(digest).filter(|_| !told);
        for file in self.bytes(digest).into_iter().chain(profile) {
            let _ = std::fs::remove_file(file);
        }
    }

    /// Writes a file anew where it says another thing.
    fn replace(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let file = self.folder.join(name);
        if std::fs::read(&file).is_ok_and(|told| told == text) {
            return Ok(());
        }
        write_whole(&file, &[text])
    }

    fn read<T: Default + for<'de> Deserialize<'de>>(&self, name: &str) -> T {
        let text = std::fs::read(self.folder.join(name)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn bytes(&self, digest: &str) -> Option<PathBuf> {
        self.file(digest, "wasm")
    }

    fn profile(&self, digest: &str) -> Option<PathBuf> {
        self.file(digest, "json")
    }

    /// Where something of a version is; none for a text that is no digest, so that it can name no other file.
    fn file(&self, digest: &str, extension: &str) -> Option<PathBuf> {
        let fits = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| self.folder.join(format!("{digest}.{extension}")))
    }

    /// That the bytes cannot be kept.
    pub(crate) fn failed(error: &io::Error) -> Rejection {
        Rejection::Host(format!("its bytes cannot be kept: {error}"))
    }
}

/// The files of the plugins folder that have an agent, by what the host that ran last over this data folder found; nothing
/// is changed.
pub fn files_of_agent(data: &Path, agent: &str) -> Vec<String> {
    let kept = Kept { folder: data.join(FOLDER) };
    let is_of = |digest: &str| kept.told(digest).is_some_and(|told| told.name == agent);
    kept.in_force().into_iter().filter(|(_, digest)| is_of(digest)).map(|(file, _)| file).collect()
}
