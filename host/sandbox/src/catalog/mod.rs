//! The catalog: the plugins of a folder, loaded and kept up to date.

mod board;
mod cache;
mod folder;
mod kept;
mod loader;
mod settings;
mod watch;

pub use settings::CatalogSettings;

use crate::{Plugin, Rejection, Sandbox, SandboxError};
use anvil_types::{AgentInfo, AgentState};
use arc_swap::ArcSwap;
use board::{Board, View};
use loader::Loader;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{broadcast, watch as watched};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Changes that a slow listener may be behind before it misses some.
const BACKLOG: usize = 256;

/// One line of [`Catalog::agents`] came, went or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogChange {
    /// As it was; none when it is new.
    pub before: Option<AgentInfo>,
    /// As it is; none when it is gone from the list.
    pub after: Option<AgentInfo>,
}

/// The plugins of a folder. Cheap to clone; the folder is watched until the last clone is dropped.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
    _watching: Arc<DropGuard>,
}

struct Shared {
    loader: Loader,
    board: Mutex<Board>,
    view: ArcSwap<View>,
    /// Versions that are not in force but that jobs still run on.
    older: Mutex<HashMap<String, Weak<Plugin>>>,
    changes: broadcast::Sender<CatalogChange>,
    scanned: watched::Sender<bool>,
    nudge: tokio::sync::Notify,
}

impl Catalog {
    /// Opens the folders and starts to watch, on the current tokio runtime. The plugins that are
    /// there already are loaded in the background: see [`ready`](Self::ready).
    pub fn start(sandbox: Sandbox, settings: CatalogSettings) -> Result<Self, SandboxError> {
        let folder = settings.plugins.clone();
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::read_dir(&folder).map(drop))
            .map_err(|source| SandboxError::Folder { path: folder.display().to_string(), source })?;
        let shared = Arc::new(Shared {
            loader: Loader::new(sandbox, settings)?,
            board: Mutex::default(),
            view: ArcSwap::default(),
            older: Mutex::default(),
            changes: broadcast::Sender::new(BACKLOG),
            scanned: watched::Sender::new(false),
            nudge: tokio::sync::Notify::new(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(watch::watch(Arc::clone(&shared), stop.clone()));
        Ok(Self { shared, _watching: Arc::new(stop.drop_guard()) })
    }

    /// Returns when every file that was in the folder at the start has been loaded or rejected, and
    /// after five seconds at the latest: what takes longer follows when it is done.
    pub async fn ready(&self) {
        // The sender lives in `shared`, so waiting cannot fail.
        let _ = self.shared.scanned.subscribe().wait_for(|scanned| *scanned).await;
    }

    /// The version of an agent that is in force, whether or not it is switched off; none where no
    /// file has it (any more).
    pub fn get(&self, name: &str) -> Option<Arc<Plugin>> {
        self.shared.view.load().current.get(name).cloned()
    }

    /// The versions in force of the agents that take jobs now.
    pub fn taking_jobs(&self) -> Vec<Arc<Plugin>> {
        let view = self.shared.view.load();
        let takes = |agent: &&AgentInfo| agent.state == AgentState::Ready;
        view.agents.iter().filter(takes).filter_map(|agent| view.current.get(&agent.name).cloned()).collect()
    }

    /// What is shown of the agent of this name: the version in force, or the retired one.
    pub fn agent(&self, name: &str) -> Option<AgentInfo> {
        let view = self.shared.view.load();
        view.agents.iter().find(|agent| agent.name == name && agent.state != AgentState::Shadowed).cloned()
    }

    /// One line for every file and every retired agent, sorted by name. A file that holds no plugin
    /// is there under its own name; where an older version of it stays in force that has its line too.
    pub fn agents(&self) -> Vec<AgentInfo> {
        self.shared.view.load().agents.clone()
    }

    /// The version with this digest, loaded from the kept bytes where it is not in force: for jobs
    /// that began on it. None where its bytes are no longer kept.
    pub async fn by_digest(&self, digest: &str) -> Result<Option<Arc<Plugin>>, Rejection> {
        self.shared.by_digest(digest).await
    }

    /// Switches an agent on or off. Not kept over a restart: whoever stores the choice repeats it.
    pub fn set_enabled(&self, name: &str, enabled: bool) {
        self.shared.change(|board| board.set_enabled(name, enabled));
    }

    /// What comes, goes and changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<CatalogChange> {
        self.shared.changes.subscribe()
    }

    /// Looks at the folder now instead of at the next scan.
    pub fn rescan(&self) {
        self.shared.nudge.notify_one();
    }

    /// Whether a file is a plugin, and what it says of itself: everything but putting it in force.
    pub async fn check(&self, file: &Path) -> Result<AgentInfo, Rejection> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = watch::read(file, self.shared.loader.settings().max_file_bytes).await?;
        Ok(self.shared.loader.examine(&name, bytes).await?.info.clone())
    }

    /// The plugin in these bytes, examined as a file of the folder is, but neither kept nor put in force.
    pub async fn on_trial(&self, bytes: Vec<u8>) -> Result<Arc<Plugin>, Rejection> {
        self.shared.loader.examine("", bytes).await
    }

    /// The largest plugin that is examined, in bytes.
    pub fn max_file_bytes(&self) -> u64 {
        self.shared.loader.settings().max_file_bytes
    }

    /// Removes the kept bytes and compiled code of every version that is neither in force nor among
    /// `needed`, the digests that unfinished jobs are pinned to.
    pub async fn keep_only(&self, needed: HashSet<String>) {
        let shared = Arc::clone(&self.shared);
        let removed = tokio::task::spawn_blocking(move || {
            // Under the lock: a version that comes into force meanwhile is not taken for an old one.
            let board = shared.board();
            let in_force: HashSet<_> = board.in_force().into_values().collect();
            let keep = |digest: &str| in_force.contains(digest) || needed.contains(digest);
            shared.loader.kept().keep_only(keep);
            shared.loader.cache().keep_only(keep);
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "old versions of plugins could not be removed");
        }
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the board, puts what it comes to in force in one step, and tells of it.
    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        change(&mut board);
        if *self.scanned.borrow() {
            self.publish(&board);
        }
    }

    /// Puts what the board comes to in force. The caller holds the board, so that two changes are
    /// told in their order.
    fn publish(&self, board: &Board) {
        let view = Arc::new(board.view());
        let before = self.view.swap(Arc::clone(&view));
        for change in changes(&before.agents, &view.agents) {
            // Without a listener nobody wants to know.
            let _ = self.changes.send(change);
        }
    }

    async fn by_digest(&self, digest: &str) -> Result<Option<Arc<Plugin>>, Rejection> {
        let in_force = self.view.load().current.values().find(|plugin| plugin.digest() == digest).cloned();
        if let Some(plugin) = in_force.or_else(|| self.older().get(digest).and_then(Weak::upgrade)) {
            return Ok(Some(plugin));
        }
        let Some(bytes) = self.loader.kept().get(digest) else { return Ok(None) };
        let plugin = self.loader.examine("", bytes).await?;
        let mut older = self.older();
        older.retain(|_, plugin| plugin.strong_count() > 0);
        older.insert(digest.to_owned(), Arc::downgrade(&plugin));
        Ok(Some(plugin))
    }

    fn older(&self) -> MutexGuard<'_, HashMap<String, Weak<Plugin>>> {
        self.older.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash that names a version: BLAKE3 in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The lines that differ. A line is told apart by its name and its file.
fn changes(before: &[AgentInfo], after: &[AgentInfo]) -> Vec<CatalogChange> {
    let key = |agent: &AgentInfo| (agent.name.clone(), agent.file.clone());
    let mut gone: HashMap<_, _> = before.iter().map(|agent| (key(agent), agent)).collect();
    let mut changes = Vec::new();
    for agent in after {
        let old = gone.remove(&key(agent));
        if old != Some(agent) {
            changes.push(CatalogChange { before: old.cloned(), after: Some(agent.clone()) });
        }
    }
    changes.extend(gone.into_values().map(|old| CatalogChange { before: Some(old.clone()), after: None }));
    changes
}
