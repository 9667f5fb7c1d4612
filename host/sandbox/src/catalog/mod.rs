//! The catalog: the plugins of a folder, loaded and kept up to date.

mod aside;
mod board;
mod cache;
mod code;
mod folder;
mod handing_in;
mod history;
mod incoming;
mod intake;
mod keeping;
mod kept;
mod loader;
mod plain;
mod roster;
mod settings;
mod versions;
mod watch;

pub use history::KeepRule;
pub use incoming::{IncomingPlugin, is_older};
pub use kept::files_of_agent;
pub use roster::Roster;
pub use settings::{CatalogSettings, PayloadBound};
pub use versions::KeptVersion;

use crate::{Plugin, Rejection, Sandbox, SandboxError};
use anvil_types::{AgentInfo, AgentState};
use arc_swap::ArcSwap;
use board::{Board, Notice, View};
use folder::Listing;
use history::History;
use loader::{Loader, Source};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{broadcast, watch as watched};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Changes that a slow listener may be behind before it misses some.
const BACKLOG: usize = 256;

/// One line of [`Catalog::agents`] came, went or changed; neither where the folder itself did.
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
    /// Whose turn it is to load one of them.
    loading_older: tokio::sync::Mutex<()>,
    /// Which versions were in force, and when.
    history: Mutex<History>,
    /// The digests that nobody needed at the last look.
    unneeded: Mutex<HashSet<String>>,
    changes: broadcast::Sender<CatalogChange>,
    /// Whether the folder has been listed.
    listed: watched::Sender<bool>,
    /// Whether all that is in it has been loaded or rejected.
    settled: watched::Sender<bool>,
    /// What is wrong with the folder.
    trouble: Mutex<Option<String>>,
    nudge: tokio::sync::Notify,
}

impl Catalog {
    /// Opens the folders and starts to watch, on the current tokio runtime. The agents that were in force
    /// before are known at once; the plugins are loaded in the background: see [`ready`](Self::ready) and
    /// [`settled`](Self::settled).
    pub fn start(sandbox: Sandbox, settings: CatalogSettings) -> Result<Self, SandboxError> {
        let folder = settings.plugins.clone();
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::read_dir(&folder).map(drop))
            .map_err(|source| SandboxError::Folder { path: folder.display().to_string(), source })?;
        incoming::sweep(&folder);
        let board = Board::new(&settings);
        let loader = Loader::new(sandbox, settings)?;
        let history = Mutex::new(loader.kept().history());
        let shared = Arc::new(Shared {
            loader,
            history,
            board: Mutex::new(board),
            view: ArcSwap::default(),
            older: Mutex::default(),
            loading_older: tokio::sync::Mutex::default(),
            unneeded: Mutex::default(),
            changes: broadcast::Sender::new(BACKLOG),
            listed: watched::Sender::new(false),
            settled: watched::Sender::new(false),
            trouble: Mutex::default(),
            nudge: tokio::sync::Notify::new(),
        });
        shared.restore();
        let stop = CancellationToken::new();
        let (watched, stopped) = (Arc::clone(&shared), stop.clone());
        let watch = move || watch::watch(Arc::clone(&watched), stopped.clone());
        shared.loader.settings().supervisor.keep("the watch of the plugins folder", watch);
        Ok(Self { shared, _watching: Arc::new(stop.drop_guard()) })
    }

    /// Returns when the folder has been listed: the agents known from before take jobs from here on. It waits
    /// for no compilation.
    pub async fn ready(&self) {
        // The sender lives in `shared`, so waiting cannot fail.
        let _ = self.shared.listed.subscribe().wait_for(|listed| *listed).await;
    }

    /// Whether the folder has been listed.
    pub fn is_ready(&self) -> bool {
        self.shared.is_listed()
    }

    /// Returns when every file of the folder has been loaded or rejected.
    pub async fn settled(&self) {
        let _ = self.shared.settled.subscribe().wait_for(|settled| *settled).await;
    }

    /// What is wrong with the plugins folder itself, where something is.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The plugins folder.
    pub fn folder(&self) -> &Path {
        &self.shared.loader.settings().plugins
    }

    /// The version of an agent that is in force, whether or not it is switched off; none where no
    /// file has it (any more).
    pub fn get(&self, name: &str) -> Option<Arc<Plugin>> {
        self.shared.view.load().current.get(name).cloned()
    }

    /// The versions in force of the agents that take jobs now.
    pub fn taking_jobs(&self) -> Vec<Arc<Plugin>> {
        self.shared.view.load().taking_jobs().cloned().collect()
    }

    /// What is shown of the agent of this name: the version in force, or the retired one.
    pub fn agent(&self, name: &str) -> Option<AgentInfo> {
        let view = self.shared.view.load();
        view.roster.iter().find(|agent| agent.name == name && agent.state != AgentState::Shadowed).cloned()
    }

    /// What is shown of every file and every retired agent.
    pub fn agents(&self) -> Arc<Roster> {
        Arc::clone(&self.shared.view.load().roster)
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
        Ok(self.examine(file).await?.info.clone())
    }

    /// The plugin in a file, examined as one of the folder is, but neither kept nor put in force.
    pub async fn examine(&self, file: &Path) -> Result<Arc<Plugin>, Rejection> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let read = self.shared.loader.read(file, None).await?;
        let source = read.ok_or_else(|| Rejection::Host("it was not read".to_owned()))?;
        self.shared.loader.examine(&name, &source).await
    }

    /// Whether a plugin still says what it said of itself when it was loaded: asked once more.
    pub async fn describes(&self, plugin: &Arc<Plugin>) -> Result<(), Rejection> {
        self.shared.loader.describes(plugin).await
    }

    /// The plugin in these bytes, examined as a file of the folder is, but neither kept nor put in force.
    pub async fn on_trial(&self, bytes: Vec<u8>) -> Result<Arc<Plugin>, Rejection> {
        let source: Source = self.shared.loader.given(bytes).await?;
        self.shared.loader.examine("", &source).await
    }

    /// The largest plugin that is examined, in bytes.
    pub fn max_file_bytes(&self) -> u64 {
        self.shared.loader.settings().max_file_bytes
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
        let moved = self.is_listed() && self.publish(&board);
        drop(board);
        if moved {
            self.write_history();
        }
    }

    fn is_listed(&self) -> bool {
        *self.listed.borrow()
    }

    /// Puts on the board what was in force before, without loading anything of it. Nothing of it is shown
    /// before the folder has been listed: what is not there any more is then gone.
    fn restore(&self) {
        let kept = self.loader.kept();
        let mut board = self.board();
        for (name, agent) in kept.retired(self.loader.settings().clock.now()) {
            match kept.known(&agent.digest) {
                Some(known) => board.known_retired(known, agent.since),
                None => {
                    tracing::debug!(agent = %name, "nothing is known any more of an agent without a file");
                }
            }
        }
        for (file, digest) in kept.in_force() {
            match kept.known(&digest) {
                Some(known) => board.known(&file, known),
                None => tracing::info!(%file, "nothing is known yet of what was in force; it is loaded anew"),
            }
        }
    }

    /// Says of each file that is seen for the first time that it comes: it may still be copied, and whoever submits a
    /// job for it is told to wait.
    fn see(&self, listing: &Listing) {
        let new: Vec<_> = {
            let board = self.board();
            let is_new = |file: &str, stamp: &folder::Stamp| stamp.other.is_none() && !board.has(file);
            listing.iter().filter(|(file, (_, stamp))| is_new(file, stamp)).collect()
        };
        if new.is_empty() {
            return;
        }
        let at = self.loader.settings().clock.now();
        self.change(|board| {
            for (file, (_, stamp)) in new {
                let (state, reason) = (AgentState::Compiling, "is being looked at".to_owned());
                let notice =
                    Notice { state, digest: String::new(), size: stamp.size, reason, has_line: false, at };
                board.tell(file, notice);
            }
        });
    }

    /// Takes in the first listing of a watch: what is not in it any more is gone. The first of them all publishes
    /// the first view.
    fn open(&self, listing: &Listing) {
        let mut board = self.board();
        let at = self.loader.settings().clock.now();
        for file in board.files().into_iter().filter(|file| !listing.contains_key(file)) {
            board.forget(&file, at);
        }
        let moved = self.publish(&board);
        drop(board);
        self.listed.send_replace(true);
        if moved {
            self.write_history();
        }
    }

    /// Says something of a file that is not in force.
    fn tell(&self, task: &intake::Task, state: AgentState, reason: String, digest: String) {
        let at = self.loader.settings().clock.now();
        let notice = Notice { state, digest, size: task.stamp.size, reason, has_line: true, at };
        self.change(|board| board.tell(&task.file, notice));
    }

    /// Says of a file that it comes, before it has a line.
    fn announce(&self, task: &intake::Task, reason: String, digest: String) {
        let at = self.loader.settings().clock.now();
        let (state, size) = (AgentState::Compiling, task.stamp.size);
        let notice = Notice { state, digest, size, reason, has_line: false, at };
        self.change(|board| board.tell(&task.file, notice));
    }

    /// Writes down what is in force, for the next start.
    fn remember(&self) {
        let (in_force, retired) = {
            let board = self.board();
            (board.in_force(), board.retired())
        };
        if let Err(error) = self.loader.kept().write(&in_force, &retired) {
            tracing::warn!(%error, "which plugins are in force cannot be written down");
        }
    }

    /// What is wrong with the folder, if anything is.
    fn folder_is(&self, trouble: Option<String>) {
        {
            let mut now = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            if *now == trouble {
                return;
            }
            match &trouble {
                Some(trouble) => tracing::error!("{trouble}"),
                None => tracing::info!("the plugins folder can be read again"),
            }
            *now = trouble;
        }
        let _ = self.changes.send(CatalogChange { before: None, after: None });
    }

    /// Puts what the board comes to in force; whether the history is to be written down. The caller holds the board, so
    /// that two changes are told in their order.
    fn publish(&self, board: &Board) -> bool {
        let view = Arc::new(board.view());
        let before = self.view.swap(Arc::clone(&view));
        let moved = self.note_in_force(&before, &view);
        let sandbox = self.loader.sandbox();
        view.taking_jobs().for_each(|plugin| sandbox.put_in_force(plugin, true));
        let stays = |gone: &Arc<Plugin>| view.taking_jobs().any(|plugin| Arc::ptr_eq(plugin, gone));
        before
            .taking_jobs()
            .filter(|plugin| !stays(plugin))
            .for_each(|plugin| sandbox.put_in_force(plugin, false));
        for change in changes(&before.roster, &view.roster) {
            // Without a listener nobody wants to know.
            let _ = self.changes.send(change);
        }
        moved
    }

    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let held = self.board().with_digest(digest);
        held.or_else(|| self.older().get(digest).and_then(Weak::upgrade))
    }

    async fn by_digest(&self, digest: &str) -> Result<Option<Arc<Plugin>>, Rejection> {
        if let Some(plugin) = self.loaded(digest) {
            return Ok(Some(plugin));
        }
        let _turn = self.loading_older.lock().await;
        if let Some(plugin) = self.loaded(digest) {
            return Ok(Some(plugin));
        }
        let Some(source) = self.loader.kept_source(digest).await? else { return Ok(None) };
        let file = self.came_from(digest);
        let plugin = self.loader.examine(&file, &source).await?;
        let mut older = self.older();
        older.retain(|_, plugin| plugin.strong_count() > 0);
        older.insert(digest.to_owned(), Arc::downgrade(&plugin));
        Ok(Some(plugin))
    }

    fn older(&self) -> MutexGuard<'_, HashMap<String, Weak<Plugin>>> {
        self.older.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
