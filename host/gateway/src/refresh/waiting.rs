//! The prompts that may be refreshed: of each job the one that it asked last.

use crate::flight::bid::Bid;
use crate::prompt_cache::caches::{Asked, Mark};
use crate::prompt_cache::outline::Outline;
use crate::refresh::runs::WhoRuns;
use anvil_types::{JobId, Timestamp};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// So many prompts are remembered at most,
const MOST: usize = 256;
/// of so many bytes together.
const MOST_BYTES: usize = 64 << 20;

/// A prompt that may be refreshed.
#[derive(Debug)]
pub(crate) struct Refresh {
    /// The job that asked it.
    pub job: JobId,
    pub agent: String,
    /// The call that refreshes it.
    pub bid: Bid,
    pub outline: Outline,
    pub marks: Vec<Mark>,
    /// Tokens of all of it.
    pub tokens: u64,
    /// When.
    pub due: Timestamp,
}

impl Refresh {
    /// In which order they are looked at that are due at once: who has more kept first, since that keeps the beginnings of
    /// the others too; of those that have the same who sends less beside it.
    fn order(&self) -> (Reverse<u64>, u64, JobId) {
        let end = self
            .marks
            .last()
            .and_then(|mark| self.outline.longest_first().find(|one| one.place == mark.place));
        let kept = end.map_or(0, |end| self.outline.tokens(end, self.tokens));
        (Reverse(kept), self.tokens, self.job)
    }

    pub(crate) fn asked(&self, now: Timestamp) -> Asked<'_> {
        Asked { row: &self.bid.row, tokens: self.tokens, now }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    waiting: Mutex<HashMap<JobId, Refresh>>,
    /// Whose jobs can ask again.
    pub who_runs: WhoRuns,
    /// There is another.
    pub news: Arc<Notify>,
}

impl Refreshes {
    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Refresh>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a job asked before is not refreshed any more.
    pub(crate) fn drop_of(&self, job: JobId) {
        self.lock().remove(&job);
    }

    /// A prompt that was refreshed may be so again, unless its job has asked another meanwhile.
    pub(crate) fn put(&self, refresh: Refresh) {
        let mut waiting = self.lock();
        let bytes: usize = waiting.values().map(|other| other.bid.body.len()).sum();
        if waiting.len() < MOST && bytes + refresh.bid.body.len() <= MOST_BYTES {
            waiting.entry(refresh.job).or_insert(refresh);
            self.news.notify_one();
        }
    }

    /// Those whose time has come, in the order in which they are to be looked at.
    pub(crate) fn take_due(&self, now: Timestamp) -> Vec<Refresh> {
        let mut waiting = self.lock();
        let due: Vec<_> =
            waiting.values().filter(|refresh| refresh.due <= now).map(|refresh| refresh.job).collect();
        let mut due: Vec<_> = due.into_iter().filter_map(|job| waiting.remove(&job)).collect();
        due.sort_by_key(Refresh::order);
        due
    }

    /// When the next one's time comes.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.lock().values().map(|refresh| refresh.due).min()
    }
}
