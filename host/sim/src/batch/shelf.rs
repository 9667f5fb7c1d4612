//! All batches of a simulator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::intake::Intake;
use super::message_batch::{ID, MessageBatch, Verdict};
use super::settings::SimBatchSettings;
use crate::refusal::Refusal;
use crate::validate::Strictness;

/// A batch that several may look at.
pub(super) type Shelved = Arc<Mutex<MessageBatch>>;

/// Every batch that was created and not deleted, by number.
pub(crate) struct Shelf {
    batches: BTreeMap<u64, Shelved>,
    next: u64,
    settings: SimBatchSettings,
}

/// How a batch stands, as `GET /_sim/batches` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimBatchUse {
    /// Its id.
    pub id: String,
    /// `in_progress`, `canceling` or `ended`.
    pub status: String,
    /// How many items it has.
    pub items: usize,
    /// Items whose turn has not come yet.
    pub waiting: usize,
    /// Items with a message.
    pub succeeded: usize,
    /// Items with an error.
    pub errored: usize,
    /// Items that were cancelled.
    pub canceled: usize,
    /// Items that expired.
    pub expired: usize,
    /// What it cost so far.
    pub nano_dollars: i64,
}

/// Nothing is left half done when a thread panics within: what it holds is counts and places.
pub(super) fn lock(batch: &Shelved) -> MutexGuard<'_, MessageBatch> {
    batch.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    pub(crate) fn new(settings: SimBatchSettings) -> Self {
        Self { batches: BTreeMap::new(), next: 1, settings }
    }

    /// Empty again. Numbers go on, so that no id comes twice.
    pub(crate) fn clear(&mut self, settings: SimBatchSettings) {
        *self = Self { next: self.next, ..Self::new(settings) };
    }

    pub(crate) fn settings(&self) -> &SimBatchSettings {
        &self.settings
    }

    /// Batches that have not ended go on at the new pace.
    pub(crate) fn set_settings(&mut self, settings: SimBatchSettings, now_ms: i64) {
        for batch in self.batches.values() {
            lock(batch).set_pace(&settings, now_ms);
        }
        self.settings = settings;
    }

    /// How every batch stands, the oldest first.
    pub(crate) fn usage(&self) -> Vec<SimBatchUse> {
        let usage = |batch: &Shelved| {
            let batch = lock(batch);
            SimBatchUse {
                id: batch.id.clone(),
                status: batch.status().to_owned(),
                items: batch.len(),
                waiting: batch.waiting(),
                succeeded: batch.count(Verdict::Succeeded),
                errored: batch.count(Verdict::Errored),
                canceled: batch.count(Verdict::Canceled),
                expired: batch.count(Verdict::Expired),
                nano_dollars: batch.nano_dollars,
            }
        };
        self.batches.values().map(usage).collect()
    }

    /// The custom_ids of a batch, in the order in which they were sent.
    pub(crate) fn custom_ids(&self, id: &str) -> Vec<String> {
        self.find(id).map(|batch| lock(&batch).custom_ids().map(str::to_owned).collect()).unwrap_or_default()
    }

    pub(super) fn add(
        &mut self,
        intake: Intake,
        strict: Strictness,
        now_ms: i64,
        stuck: bool,
    ) -> Result<Shelved, Refusal> {
        let waiting: usize = self.batches.values().map(|batch| lock(batch).waiting()).sum();
        let queued = (waiting + intake.items.len()) as u64;
        if self.settings.queued.is_some_and(|most| queued > most) {
            return Err(Refusal::new(
                429,
                "rate_limit_error",
                "This request would exceed your organization's limit of batch requests waiting to be processed.",
            ));
        }
        let batch = MessageBatch::new(self.next, intake, strict, &self.settings, now_ms, stuck);
        let batch = Arc::new(Mutex::new(batch));
        self.batches.insert(self.next, Arc::clone(&batch));
        self.next += 1;
        Ok(batch)
    }

    pub(super) fn find(&self, id: &str) -> Option<Shelved> {
        let number = id.strip_prefix(ID)?.parse().ok()?;
        self.batches.get(&number).filter(|batch| lock(batch).id == id).cloned()
    }

    pub(super) fn newest_first(&self) -> impl DoubleEndedIterator<Item = Shelved> {
        self.batches.values().rev().cloned()
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.batches.remove(&number);
    }

    /// The batch with what is due first, and when that is.
    pub(super) fn next_due(&self) -> Option<(i64, Shelved)> {
        let due = |batch: &Shelved| Some((lock(batch).due()?.at_ms(), Arc::clone(batch)));
        self.batches.values().filter_map(due).min_by_key(|(at_ms, _)| *at_ms)
    }
}
