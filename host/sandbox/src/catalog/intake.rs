//! A file of the plugins folder on its way into the catalog.

use super::Shared;
use super::folder::{Stamp, stamp};
use super::loader::Source;
use crate::{Plugin, Rejection};
use anvil_types::AgentState;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A file that takes longer than this to load has a line that says so; before, only who asks for its agent
/// is told that it comes.
const MOMENT: Duration = Duration::from_secs(5);

/// A file that is to be examined.
#[derive(Debug)]
pub(super) struct Task {
    /// Its name, as it is shown.
    pub(super) file: String,
    pub(super) path: PathBuf,
    /// What it looked like.
    pub(super) stamp: Stamp,
    /// When it has settled, if it is still the same then.
    pub(super) settled: Instant,
}

/// What a task says to the watch.
pub(super) enum Told {
    Looked(Task, Looked),
    Found(Task, Found),
    /// The version that this file had before the host started is ready to run.
    LastGood(String, Arc<Plugin>),
    /// The version with this digest, which this file had, cannot be made ready any more.
    Lost(String, String),
}

/// What came of reading a file.
pub(super) enum Looked {
    /// Its bytes, which are still to be loaded.
    Source(Source),
    Found(Found),
}

/// What a file is.
pub(super) enum Found {
    Plugin(Arc<Plugin>),
    /// The same bytes as its last good version.
    Unchanged,
    /// It ends too early; perhaps the rest is on its way. With its digest.
    Part(Rejection, String),
    /// It is no plugin, or could not be examined. With its digest.
    Refused(Rejection, String),
    /// It changed while it was read.
    Moving,
}

/// Reads a file.
pub(super) async fn look(shared: &Shared, task: &Task) -> Looked {
    let refused = |rejection| Looked::Found(Found::Refused(rejection, String::new()));
    if let Some(other) = task.stamp.other {
        return refused(Rejection::NoFile(other.to_owned()));
    }
    if task.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cwasm")) {
        return refused(Rejection::Precompiled);
    }
    let good = shared.board().good(&task.file).map(|good| good.digest().to_owned());
    let source = match shared.loader.read(&task.path, good).await {
        Ok(Some(source)) => source,
        Ok(None) => return Looked::Found(Found::Unchanged),
        Err(rejection) => return refused(rejection),
    };
    if stamp(&task.path) != Some(task.stamp) || source.print.size != task.stamp.size {
        return Looked::Found(Found::Moving);
    }
    Looked::Source(source)
}

/// Loads what was read, and shows that this goes on once the file has settled.
pub(super) async fn load(shared: &Shared, task: &Task, source: Source) -> Found {
    let digest = source.print.digest.clone();
    let loading = shared.loader.load(&task.file, source);
    tokio::pin!(loading);
    let reason = if shared.loader.cache().has_other_engines(&digest) {
        "is compiled anew: what was compiled before was for another version of the host"
    } else {
        "is being compiled, or waits for its turn"
    };
    let comes = async {
        tokio::time::sleep_until(task.settled.into()).await;
        if stamp(&task.path) == Some(task.stamp) {
            shared.announce(task, reason.to_owned(), digest.clone());
            tokio::time::sleep(MOMENT).await;
            shared.tell(task, AgentState::Compiling, reason.to_owned(), digest.clone());
        }
        std::future::pending::<std::convert::Infallible>().await
    };
    let loaded = tokio::select! {
        biased;
        loaded = &mut loading => loaded,
        never = comes => match never {},
    };
    let found = match loaded {
        Ok(plugin) => Found::Plugin(plugin),
        Err(rejection @ (Rejection::Damaged(_) | Rejection::Empty)) => Found::Part(rejection, digest),
        Err(rejection) => Found::Refused(rejection, digest),
    };
    settled(task, found).await
}

/// Waits until a file has settled. What was read is one state of it; it counts if that was its last.
pub(super) async fn settled(task: &Task, found: Found) -> Found {
    tokio::time::sleep_until(task.settled.into()).await;
    if stamp(&task.path) == Some(task.stamp) { found } else { Found::Moving }
}

/// The version with this digest out of the kept bytes, however often it takes; none where they are gone, or
/// are no plugin for this host any more.
pub(super) async fn last_good(shared: &Shared, file: &str, digest: &str) -> Option<Arc<Plugin>> {
    let mut tries = 0;
    loop {
        let loaded = match shared.loader.kept_source(digest).await {
            Ok(Some(source)) => shared.loader.load(file, source).await,
            Ok(None) => return None,
            Err(rejection) => Err(rejection),
        };
        match loaded {
            Ok(plugin) => return Some(plugin),
            Err(rejection) if rejection.is_passing() => {
                tries += 1;
                tracing::warn!(%file, %rejection, "the last good version could not be loaded");
                tokio::time::sleep(rejection.next_try(tries)).await;
            }
            Err(rejection) => {
                tracing::warn!(%file, %rejection, "the last good version does not load any more");
                return None;
            }
        }
    }
}
