//! Versions that were in force before: kept to be gone back to, and put in force in place of others.

use super::history::{History, Seen};
use super::{Catalog, Shared};
use anvil_types::{AgentInfo, AsideVersion, Timestamp};
use std::sync::{Arc, MutexGuard, PoisonError};

/// A version whose bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptVersion {
    /// Its digest.
    pub digest: String,
    /// The version, as the plugin says it.
    pub version: String,
    /// The file's length in bytes.
    pub size: u64,
    /// When it was loaded first,
    pub first_seen: Timestamp,
    /// and when it last came out of a file.
    pub last_seen: Timestamp,
}

impl Catalog {
    /// The versions of an agent that are kept, that first which came last.
    pub fn versions(&self, agent: &str) -> Vec<KeptVersion> {
        let kept = self.shared.loader.kept();
        let of = |(digest, seen): (String, Seen)| KeptVersion {
            digest,
            version: seen.version,
            size: seen.size,
            first_seen: seen.first,
            last_seen: seen.last,
        };
        let versions = self.shared.history().of(agent);
        versions.into_iter().filter(|(digest, _)| kept.has(digest)).map(of).collect()
    }

    /// The digest of the version in the file of an agent, whether or not another is in force in its place; none where no
    /// file has the agent.
    pub fn of_file(&self, agent: &str) -> Option<AgentInfo> {
        self.shared.board().of_file(agent)
    }

    /// The version that was in force before, as far as it is kept and not set aside: what would take over from `digest`.
    pub fn before(&self, agent: &str, digest: &str) -> Option<KeptVersion> {
        let versions = self.versions(agent);
        let board = self.shared.board();
        versions.into_iter().find(|one| one.digest != digest && !board.aside.has(agent, &one.digest))
    }

    /// The versions of an agent that are set aside.
    pub fn aside(&self, agent: &str) -> Vec<AsideVersion> {
        self.shared.board().aside.of(agent)
    }

    /// Puts these in place of all that was set aside of an agent, and in force what stands in for them. Not kept over a
    /// restart: whoever stores them repeats it.
    pub fn set_aside(&self, agent: &str, versions: Vec<AsideVersion>) {
        let mut waiting = Vec::new();
        self.shared.change(|board| {
            waiting = board.aside.replace(agent, versions, |digest| self.shared.loader.kept().known(digest));
        });
        for digest in waiting {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { shared.make_ready(&digest).await });
        }
    }
}

impl Shared {
    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A version came out of a file.
    pub(super) fn note_version(&self, info: &AgentInfo) {
        let mut history = self.history();
        if history.came(info, info.loaded_at) {
            self.write_history(&history);
        }
    }

    /// Forgets versions whose bytes are gone.
    pub(super) fn forget_gone(&self) {
        let mut history = self.history();
        let before = history.0.len();
        history.0.retain(|digest, _| self.loader.kept().has(digest));
        if history.0.len() != before {
            self.write_history(&history);
        }
    }

    fn write_history(&self, history: &History) {
        if let Err(error) = self.loader.kept().write_history(history) {
            tracing::warn!(%error, "which versions of plugins are kept cannot be written down");
        }
    }

    /// Loads a version that stands in for another, however often it takes, for as long as it does.
    async fn make_ready(&self, digest: &str) {
        let mut tries = 0;
        while self.board().aside.waits_for(digest) {
            match self.by_digest(digest).await {
                Ok(Some(plugin)) => return self.change(|board| board.aside.accept(plugin)),
                Err(rejection) if rejection.is_passing() => {
                    tries += 1;
                    tracing::warn!(%digest, %rejection, "a version that is to be in force could not be loaded");
                    tokio::time::sleep(rejection.next_try(tries)).await;
                }
                Ok(None) => return self.lose_stand_in(digest, "its bytes are not kept"),
                Err(rejection) => return self.lose_stand_in(digest, &rejection.to_string()),
            }
        }
    }

    fn lose_stand_in(&self, digest: &str, why: &str) {
        tracing::warn!(%digest, %why, "a version that is to be in force cannot be loaded any more");
        self.change(|board| board.aside.lose(digest));
    }
}
