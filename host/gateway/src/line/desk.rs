//! What the queue's handle and its task share.

use crate::line::grant::GiveBack;
use anvil_pace::{LineHead, Pace, Throttle};
use anvil_store::Store;
use anvil_types::{Clock, JobId, Wait};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Shared by whoever asks the queue and the task that owns it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct LineDesk {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub give_back: GiveBack,
    /// There is news of room for the task.
    pub news: Arc<Notify>,
    /// How often room was made: a refusal from before the last time says nothing.
    pub rooms: Arc<AtomicU64>,
    /// Somebody is in the queue: whoever comes goes behind, and news of room is for its task.
    pub queued: Arc<AtomicBool>,
    pub closing: Arc<AtomicBool>,
    /// How many wait.
    pub waiting: Arc<AtomicU32>,
    standstill: Arc<Mutex<Standstill>>,
}

/// Who waits, and what the head of the queue waits for.
#[derive(Debug, Default)]
pub(crate) struct Standstill {
    pub jobs: HashSet<JobId>,
    pub head: Option<Wait>,
    /// The same, as the line has it.
    pub limit: Option<LineHead>,
}

impl LineDesk {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, give_back: GiveBack) -> Self {
        Self {
            store,
            clock,
            give_back,
            news: Arc::new(Notify::new()),
            rooms: Arc::default(),
            queued: Arc::default(),
            closing: Arc::default(),
            waiting: Arc::default(),
            standstill: Arc::default(),
        }
    }

    pub(crate) fn pace(&self) -> MutexGuard<'_, Pace> {
        self.give_back.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.give_back.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standstill(&self) -> MutexGuard<'_, Standstill> {
        self.standstill.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Money or pace may have become free: a settlement, a raised limit, a released brake.
    pub(crate) fn room(&self) {
        self.rooms.fetch_add(1, Ordering::SeqCst);
        // The queue says that it has somebody before it looks how often room was made.
        if self.queued.load(Ordering::SeqCst) {
            self.news.notify_one();
        }
    }
}
