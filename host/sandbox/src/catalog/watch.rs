//! Follows the plugins folder: told by the operating system, and looking for itself, since watchers
//! miss things.

use super::board::Rejected;
use super::folder::{Folder, Stamp, Step, list, stamp};
use super::{Shared, digest};
use crate::component::is_whole;
use crate::{Plugin, Rejection};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often the folder is looked at when nothing goes on in it …
const SLOW: Duration = Duration::from_secs(1);
/// … and while a file settles.
const QUICK: Duration = Duration::from_millis(100);
/// The longest that the files which are there at the start are waited for before others are shown.
const FIRST_SCAN: Duration = Duration::from_secs(5);

/// What came of reading a file.
struct Read {
    file: String,
    stamp: Stamp,
    found: Found,
}

enum Found {
    Plugin(Arc<Plugin>),
    /// The same bytes as its last good version.
    Unchanged,
    /// It ends too early; perhaps the rest is on its way.
    Part(Rejected),
    Rejected(Rejected),
    /// It changed while it was read.
    Moving,
}

/// Watches until it is stopped.
pub(super) async fn watch(shared: Arc<Shared>, stop: CancellationToken) {
    let _ = stop.run_until_cancelled(follow(shared)).await;
}

async fn follow(shared: Arc<Shared>) {
    let folder = shared.loader.settings().plugins.clone();
    restore(&shared).await;
    let (told, mut tellings) = mpsc::channel(1);
    // Dropping the watcher ends it.
    let _watcher = listen(&folder, told);
    let (read, mut reads) = mpsc::unbounded_channel();
    let mut files = Folder::default();
    let began = Instant::now();
    loop {
        let listed = {
            let folder = folder.clone();
            tokio::task::spawn_blocking(move || list(&folder)).await
        };
        match listed {
            Ok(Ok(listing)) => {
                for step in files.observe(&listing, Instant::now(), SystemTime::now()) {
                    match step {
                        Step::Read(file, stamp, settled) => {
                            let (shared, read) = (Arc::clone(&shared), read.clone());
                            tokio::spawn(async move {
                                let found = examine(&shared, &file, stamp, settled).await;
                                // Nobody listens any more when the host shuts down.
                                let _ = read.send(Read { file, stamp, found });
                            });
                        }
                        Step::Forget(file) => {
                            shared.change(|board| board.forget(&file));
                            remember(&shared);
                        }
                    }
                }
                if !*shared.scanned.borrow() && (!files.is_busy() || began.elapsed() >= FIRST_SCAN) {
                    open(&shared, &listing);
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, folder = %folder.display(), "the plugins folder cannot be read");
            }
            Err(error) => tracing::warn!(%error, "listing the plugins folder failed"),
        }
        let pause = if files.is_busy() { QUICK } else { SLOW };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.nudge.notified() => {}
            Some(()) = tellings.recv() => tokio::time::sleep(QUICK / 2).await,
            Some(done) = reads.recv() => settle(&shared, &mut files, done),
        }
        while let Ok(done) = reads.try_recv() {
            settle(&shared, &mut files, done);
        }
    }
}

/// Puts the versions that were last good on the board. Nothing of it is in force before the folder
/// has been looked at: what is not there any more is then gone, what is bad has its last good version.
async fn restore(shared: &Arc<Shared>) {
    for (file, digest) in shared.loader.kept().in_force() {
        let Some(bytes) = shared.loader.kept().get(&digest) else { continue };
        match shared.loader.examine(&file, bytes).await {
            Ok(plugin) => shared.board().accept(&file, plugin),
            Err(rejection) => {
                tracing::warn!(%file, %rejection, "the last good version does not load any more");
            }
        }
    }
}

/// Publishes the first view.
fn open(shared: &Shared, listing: &BTreeMap<String, Stamp>) {
    let mut board = shared.board();
    // What was in force and has no file any more.
    for file in board.in_force().into_keys().filter(|file| !listing.contains_key(file)) {
        board.forget(&file);
    }
    shared.publish(&board);
    shared.scanned.send_replace(true);
}

fn settle(shared: &Shared, files: &mut Folder, read: Read) {
    let Read { file, stamp, found } = read;
    if !files.is_current(&file, stamp) {
        return;
    }
    match found {
        Found::Moving => return files.again(&file, stamp),
        Found::Part(rejected) => {
            if files.wait_for_the_rest(&file, stamp, Instant::now()) {
                return;
            }
            reject(shared, &file, rejected);
        }
        Found::Rejected(rejected) => reject(shared, &file, rejected),
        Found::Unchanged => shared.change(|board| board.restore(&file)),
        Found::Plugin(plugin) => {
            let (agent, version) = (plugin.info.name.clone(), plugin.info.version.clone());
            let mut accepted = false;
            shared.change(|board| {
                // Its bytes were kept, but may have been removed as nobody's before it was in force.
                if shared.loader.kept().has(plugin.digest()) {
                    board.accept(&file, plugin);
                    accepted = true;
                }
            });
            if !accepted {
                return files.again(&file, stamp);
            }
            tracing::info!(%agent, %version, %file, "agent loaded");
            remember(shared);
        }
    }
    files.done(&file, stamp);
}

fn reject(shared: &Shared, file: &str, rejected: Rejected) {
    tracing::warn!(%file, reason = %rejected.reason, "plugin rejected");
    shared.change(|board| board.reject(file, rejected));
}

/// Writes down which files are good, for the next start.
fn remember(shared: &Shared) {
    let in_force = shared.board().in_force();
    if let Err(error) = shared.loader.kept().set_in_force(&in_force) {
        tracing::warn!(%error, "which plugins are in force cannot be written down");
    }
}

/// Reads and loads a file, and waits until it has settled.
async fn examine(shared: &Shared, name: &str, seen: Stamp, settled: Instant) -> Found {
    let found = load(shared, name, seen).await;
    tokio::time::sleep_until(settled.into()).await;
    // What was read is one state of the file; it counts if that was its last.
    if stamp(&shared.loader.settings().plugins.join(name)) == Some(seen) { found } else { Found::Moving }
}

async fn load(shared: &Shared, name: &str, seen: Stamp) -> Found {
    let settings = shared.loader.settings();
    let rejected =
        |reason, digest: String| Rejected { digest, size: seen.size, reason, at: settings.clock.now() };
    let file = settings.plugins.join(name);
    if file.extension().is_some_and(|extension| extension == "cwasm") {
        return Found::Rejected(rejected(Rejection::Precompiled, String::new()));
    }
    let bytes = match read(&file, settings.max_file_bytes).await {
        Ok(bytes) => bytes,
        Err(reason) => return Found::Rejected(rejected(reason, String::new())),
    };
    if stamp(&file) != Some(seen) || bytes.len() as u64 != seen.size {
        return Found::Moving;
    }
    let digest = digest(&bytes);
    if shared.board().good(name).is_some_and(|good| good.digest() == digest) {
        return Found::Unchanged;
    }
    let whole = is_whole(&bytes);
    match shared.loader.load(name, bytes).await {
        Ok(plugin) => Found::Plugin(plugin),
        Err(reason @ (Rejection::Damaged(_) | Rejection::Empty)) if !whole => {
            Found::Part(rejected(reason, digest))
        }
        Err(reason) => Found::Rejected(rejected(reason, digest)),
    }
}

/// Reads a file of at most `limit` bytes.
pub(super) async fn read(file: &Path, limit: u64) -> Result<Vec<u8>, Rejection> {
    let failed = |error: std::io::Error| Rejection::Unreadable(error.to_string());
    let open = tokio::fs::File::open(file).await.map_err(failed)?;
    let metadata = open.metadata().await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(Rejection::Unreadable("it is no ordinary file".to_owned()));
    }
    if metadata.len() > limit {
        return Err(Rejection::TooLarge { size: metadata.len(), limit });
    }
    let mut bytes = Vec::new();
    open.take(limit.saturating_add(1)).read_to_end(&mut bytes).await.map_err(failed)?;
    Ok(bytes)
}

/// Asks the operating system to tell of changes. Where it does not, the slow look has to do.
fn listen(folder: &Path, told: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let tell = move |event: notify::Result<notify::Event>| {
        // Looking at the folder is itself an access: to be told of it would never end.
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        // One telling that waits is enough: the whole folder is looked at.
        let _ = told.try_send(());
    };
    let watching = notify::recommended_watcher(tell).and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watching
        .inspect_err(|error| tracing::warn!(%error, "the plugins folder is looked at once a second only"))
        .ok()
}
