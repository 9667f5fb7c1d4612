//! Versions that were in force before: kept to be gone back to, and put in force in place of others. A version that was
//! only ever shadowed is none of them: it must not come to an agent's state and settings once its file is gone.

use super::board::View;
use super::history::{History, Seen};
use super::{Catalog, Shared};
use crate::Plugin;
use crate::plugin::Known;
use anvil_types::{AgentInfo, AsideVersion, Timestamp};
use std::sync::{Arc, MutexGuard, PoisonError};

/// A version whose bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptVersion {
    /// Its digest.
    pub digest: String,
    /// The version, as the plugin says it.
    pub version: String,
    /// The file of the plugins folder that it came from.
    pub file: String,
    /// The file's length in bytes.
    pub size: u64,
    /// When it was in force first,
    pub first_seen: Timestamp,
    /// and when it last came into force out of its file.
    pub last_seen: Timestamp,
}

impl Catalog {
    /// The versions of an agent that were in force and are kept, that first which came into force last: those that it
    /// needs now, those that `needed` says an unfinished job needs, and of the others as many as the rule keeps.
    pub fn versions(&self, agent: &str, needed: impl Fn(&str) -> bool) -> Vec<KeptVersion> {
        let kept = self.shared.loader.kept();
        let is_used = {
            let board = self.shared.board();
            let mut used = board.aside.stood_in();
            used.extend(board.of_file(agent).map(|file| file.digest));
            move |digest: &str| used.contains(digest) || needed(digest)
        };
        let mut room = self.shared.loader.settings().keep.versions;
        let of = |(digest, seen): (String, Seen)| KeptVersion {
            digest,
            version: seen.version,
            file: seen.file,
            size: seen.size,
            first_seen: seen.first,
            last_seen: seen.last,
        };
        let versions = self.shared.history().of(agent).into_iter().filter(|(digest, _)| kept.has(digest));
        let keeps = |(digest, _): &(String, Seen)| {
            is_used(digest) || {
                let fits = room > 0;
                room = room.saturating_sub(1);
                fits
            }
        };
        versions.filter(keeps).map(of).collect()
    }

    /// The digest of the version in the file of an agent, whether or not another is in force in its place; none where no
    /// file has the agent.
    pub fn of_file(&self, agent: &str) -> Option<AgentInfo> {
        self.shared.board().of_file(agent)
    }

    /// The version that was in force before, as far as it is kept and not set aside: what would take over from `digest`.
    pub fn before(&self, agent: &str, digest: &str) -> Option<KeptVersion> {
        let versions = self.versions(agent, |_| false);
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
            waiting = board.aside.replace(agent, versions, |digest| self.shared.kept_known(digest));
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

    /// Notes the versions that come into force out of their files; whether that is to be written down.
    pub(super) fn note_in_force(&self, before: &View, now: &View) -> bool {
        let is_new = |agent: &str, plugin: &Arc<Plugin>| {
            let before = before.current.get(agent).filter(|_| !before.stood_in.contains(agent));
            before.is_none_or(|before| !Arc::ptr_eq(before, plugin))
        };
        let came = now.current.iter().filter(|(agent, plugin)| {
            !now.stood_in.contains(agent.as_str()) && is_new(agent.as_str(), plugin)
        });
        let (mut history, at, mut moved) = (self.history(), self.loader.settings().clock.now(), false);
        for (_, plugin) in came {
            moved |= history.came(&plugin.info, at);
        }
        moved
    }

    /// The file that a kept version came from when it was last in force; empty where that is not known.
    pub(super) fn came_from(&self, digest: &str) -> String {
        self.history().0.get(digest).map(|seen| seen.file.clone()).unwrap_or_default()
    }

    /// What a kept version said of itself, with the file that it came from.
    fn kept_known(&self, digest: &str) -> Option<Known> {
        let known = self.loader.kept().known(digest)?;
        let file = self.came_from(digest);
        Some(Known { info: AgentInfo { file, ..known.info.clone() }, ..known })
    }

    /// Forgets versions whose bytes are gone.
    pub(super) fn forget_gone(&self) {
        let mut history = self.history();
        let before = history.0.len();
        history.0.retain(|digest, _| self.loader.kept().has(digest));
        let has_shrunk = history.0.len() != before;
        drop(history);
        if has_shrunk {
            self.write_history();
        }
    }

    /// Under the lock, so that the last to write writes the newest.
    pub(super) fn write_history(&self) {
        let history = self.history();
        if let Err(error) = self.loader.kept().write_history(&history) {
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
