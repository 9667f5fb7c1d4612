//! What is kept of versions that are not in force: their bytes, and their compiled code.

use super::{Catalog, Shared};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

impl Catalog {
    /// Bytes of compiled code that are kept, and the most that may be.
    pub fn compiled_bytes(&self) -> (u64, u64) {
        (self.shared.loader.cache().bytes(), self.shared.loader.settings().compiled_bytes)
    }

    /// Removes the kept bytes and compiled code of every version that is neither in force nor among
    /// `needed`, the digests that unfinished jobs are pinned to, nor kept by the rule of the settings, and was not at the
    /// last call either: a job that was just given a version which then went out of force is not among them yet.
    pub async fn keep_only(&self, needed: HashSet<String>) {
        let shared = Arc::clone(&self.shared);
        let removed = tokio::task::spawn_blocking(move || shared.keep_only(&needed));
        if let Err(error) = removed.await {
            tracing::warn!(%error, "old versions of plugins could not be removed");
        }
    }
}

impl Shared {
    fn keep_only(&self, needed: &HashSet<String>) {
        // Under the lock: a version that comes into force meanwhile is not taken for an old one.
        let board = self.board();
        let in_force: HashSet<_> = board.in_force().into_values().collect();
        let told: HashSet<_> = board.retired().into_values().map(|retired| retired.digest).collect();
        let (kept, cache) = (self.loader.kept(), self.loader.cache());
        let unneeded = kept
            .digests()
            .into_iter()
            .filter(|digest| !in_force.contains(digest) && !needed.contains(digest));
        let mut unneeded: HashSet<String> = unneeded.collect();
        let stood_in = board.aside.stood_in();
        unneeded.retain(|digest| !stood_in.contains(digest));
        let keeps = self.history().keeps(&unneeded, self.loader.settings().keep);
        unneeded.retain(|digest| !keeps.contains(digest));
        let mut before = self.unneeded.lock().unwrap_or_else(PoisonError::into_inner);
        for digest in unneeded.intersection(&before) {
            kept.remove(digest, told.contains(digest));
        }
        let keep = |digest: &str| !(unneeded.contains(digest) && before.contains(digest)) && kept.has(digest);
        cache.keep_only(keep);
        let is_needed =
            |digest: &str| in_force.contains(digest) || needed.contains(digest) || stood_in.contains(digest);
        cache.trim(self.loader.settings().compiled_bytes, is_needed);
        *before = unneeded;
        drop(board);
        self.forget_gone();
    }
}
