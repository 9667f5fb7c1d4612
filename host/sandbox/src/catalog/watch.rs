//! Follows the plugins folder: told by the operating system, and looking for itself, since watchers
//! miss things.

use super::Shared;
use super::folder::{Folder, Listing, list};
use super::intake::{self, Found, Looked, Task, Told};
use crate::Rejection;
use anvil_types::End;
use futures_util::FutureExt as _;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often the folder is looked at when nothing goes on in it …
const SLOW: Duration = Duration::from_secs(1);
/// … and while a file settles.
const QUICK: Duration = Duration::from_millis(100);

/// Watches until it is stopped.
pub(super) async fn watch(shared: Arc<Shared>, stop: CancellationToken) -> End {
    let (told, tellings) = mpsc::unbounded_channel();
    let watch = Watch {
        shared,
        files: Folder::default(),
        waiting: BTreeMap::new(),
        reading: false,
        begun: false,
        work: JoinSet::new(),
        told,
    };
    let _ = stop.run_until_cancelled(watch.follow(tellings)).await;
    End::Asked
}

struct Watch {
    shared: Arc<Shared>,
    files: Folder,
    /// Files that are to be read, in their order: what needs no compilation first, then the small ones.
    waiting: BTreeMap<(bool, u64, String), Task>,
    /// Whether one is being read.
    reading: bool,
    /// Whether it has seen the folder.
    begun: bool,
    /// What goes on; it ends with this value, and so do the compilers.
    work: JoinSet<()>,
    told: mpsc::UnboundedSender<Told>,
}

impl Watch {
    async fn follow(mut self, mut tellings: mpsc::UnboundedReceiver<Told>) {
        let folder = self.shared.loader.settings().plugins.clone();
        let (changed, mut changes) = mpsc::channel(1);
        // Dropping the watcher ends it.
        let _watcher = listen(&folder, changed);
        loop {
            let listed = {
                let folder = folder.clone();
                tokio::task::spawn_blocking(move || list(&folder)).await
            };
            match listed {
                Ok(Ok(listing)) => {
                    self.shared.folder_is(None);
                    self.look(&listing);
                }
                Ok(Err(error)) => self.shared.folder_is(Some(format!(
                    "the plugins folder {} cannot be read: {error}; agents stay as they are until it is back",
                    folder.display()
                ))),
                Err(error) => tracing::warn!(%error, "listing the plugins folder failed"),
            }
            let pause = if self.files.is_settling(Instant::now()) { QUICK } else { SLOW };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shared.nudge.notified() => {}
                Some(()) = changes.recv() => tokio::time::sleep(QUICK / 2).await,
                Some(told) = tellings.recv() => self.heed(told),
            }
            while let Ok(told) = tellings.try_recv() {
                self.heed(told);
            }
            while self.work.try_join_next().is_some() {}
            if self.shared.is_listed() {
                self.shared.settled.send_replace(self.is_settled());
            }
        }
    }

    fn is_settled(&self) -> bool {
        !self.files.is_busy() && self.waiting.is_empty() && self.work.is_empty()
    }

    /// Takes in a listing.
    fn look(&mut self, listing: &Listing) {
        use super::folder::Step;
        let mut gone = Vec::new();
        for step in self.files.observe(listing, Instant::now(), SystemTime::now()) {
            match step {
                Step::Read(file, stamp, settled) => {
                    let Some((own, _)) = listing.get(&file) else { continue };
                    let known = self.shared.board().waits_for(&file).map(str::to_owned);
                    let quick = known.is_some_and(|digest| self.shared.loader.is_quick(&digest));
                    let path = self.shared.loader.settings().plugins.join(own);
                    let task = Task { file: file.clone(), path, stamp, settled };
                    self.waiting.retain(|(.., other), _| *other != file);
                    self.waiting.insert((!quick, stamp.size, file), task);
                }
                Step::Forget(file) => {
                    self.waiting.retain(|(.., other), _| *other != file);
                    gone.push(file);
                }
            }
        }
        if !gone.is_empty() {
            let at = self.shared.loader.settings().clock.now();
            // In one step: where two files of an agent go at once, the second is not in force in between.
            self.shared.change(|board| gone.iter().for_each(|file| board.forget(file, at)));
            self.shared.remember();
        }
        self.shared.see(listing);
        if !std::mem::replace(&mut self.begun, true) {
            self.shared.open(listing);
        }
        self.read_next();
    }

    /// Reads the first of those that wait, where none is being read.
    fn read_next(&mut self) {
        if self.reading {
            return;
        }
        let Some((_, task)) = self.waiting.pop_first() else { return };
        self.reading = true;
        let (shared, told) = (Arc::clone(&self.shared), self.told.clone());
        self.work.spawn(async move {
            let looked = AssertUnwindSafe(intake::look(&shared, &task)).catch_unwind().await;
            let looked = looked.unwrap_or_else(|_| Looked::Found(died()));
            // Nobody listens any more when the host shuts down.
            let _ = told.send(Told::Looked(task, looked));
        });
    }

    fn heed(&mut self, told: Told) {
        match told {
            Told::Looked(task, looked) => {
                self.reading = false;
                let (shared, told) = (Arc::clone(&self.shared), self.told.clone());
                self.work.spawn(async move {
                    let found = async {
                        match looked {
                            Looked::Source(source) => intake::load(&shared, &task, source).await,
                            Looked::Found(found) => intake::settled(&task, found).await,
                        }
                    };
                    let found = AssertUnwindSafe(found).catch_unwind().await.unwrap_or_else(|_| died());
                    let _ = told.send(Told::Found(task, found));
                });
                self.read_next();
            }
            Told::Found(task, found) => self.settle(&task, found),
            Told::LastGood(file, plugin) => self.shared.change(|board| board.accept_last_good(&file, plugin)),
            Told::Lost(file, digest) => self.shared.change(|board| board.lose(&file, &digest)),
        }
    }

    fn settle(&mut self, task: &Task, found: Found) {
        let (file, stamp) = (&task.file, task.stamp);
        if !self.files.is_current(file, stamp) {
            return;
        }
        match found {
            Found::Moving => return self.files.again(file, stamp),
            Found::Part(rejection, digest) => {
                if self.files.wait_for_the_rest(file, stamp, Instant::now()) {
                    return;
                }
                self.reject(task, &rejection.sentence(), digest);
            }
            Found::Refused(rejection, digest) if rejection.is_passing() => {
                let wait =
                    self.files.try_again(file, stamp, Instant::now(), |tries| rejection.next_try(tries));
                let reason = format!("{}; the host tries again within {wait:?}", rejection.sentence());
                tracing::warn!(%file, %reason, "a plugin could not be loaded");
                self.shared.tell(task, anvil_types::AgentState::Delayed, reason, digest.clone());
                return self.bring_back(file, &digest);
            }
            Found::Refused(rejection, digest) => self.reject(task, &rejection.sentence(), digest),
            Found::Unchanged => self.shared.change(|board| board.restore(file)),
            Found::Plugin(plugin) => {
                let info = plugin.info.clone();
                let (agent, version) = (&info.name, &info.version);
                let mut accepted = false;
                self.shared.change(|board| {
                    // Its bytes were kept, but may have been removed as nobody's before it was in force.
                    if self.shared.loader.kept().has(plugin.digest()) {
                        board.accept(file, plugin);
                        accepted = true;
                    }
                });
                if !accepted {
                    return self.files.again(file, stamp);
                }
                let waiting = self.shared.view.load().roster.compiling();
                tracing::info!(%agent, %version, %file, waiting, "agent loaded");
                self.shared.remember();
            }
        }
        self.files.done(file, stamp);
    }

    #[expect(clippy::needless_pass_by_value, reason = "the digest of what is rejected is told and forgotten")]
    fn reject(&mut self, task: &Task, reason: &str, digest: String) {
        tracing::warn!(file = %task.file, %reason, "plugin rejected");
        self.shared.tell(task, anvil_types::AgentState::Rejected, reason.to_owned(), digest.clone());
        self.bring_back(&task.file, &digest);
    }

    /// What a file is now is not in force: the version that it had before the host started is made ready.
    fn bring_back(&mut self, file: &str, refused: &str) {
        let Some(digest) = self.shared.board().waits_for(file).map(str::to_owned) else { return };
        if digest == refused {
            return;
        }
        let (shared, told, file) = (Arc::clone(&self.shared), self.told.clone(), file.to_owned());
        self.work.spawn(async move {
            let mut life = shared.loader.settings().supervisor.life("the loading of plugins");
            let said = loop {
                let loading = AssertUnwindSafe(intake::last_good(&shared, &file, &digest));
                match loading.catch_unwind().await {
                    Ok(Some(plugin)) => break Told::LastGood(file, plugin),
                    Ok(None) => break Told::Lost(file, digest),
                    // That says nothing of the version.
                    Err(_) => {
                        tokio::time::sleep(life.fell("a fault of the host; the log has its place")).await;
                    }
                }
            };
            let _ = told.send(said);
        });
    }
}

/// What is said of a file whose reader or loader panicked: no word about the file itself.
fn died() -> Found {
    let why = "a fault of the host ended it; the log has its place";
    Found::Refused(Rejection::Host(why.to_owned()), String::new())
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
