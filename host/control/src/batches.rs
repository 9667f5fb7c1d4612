//! Message Batches: what waits for one, and how they stand.

use crate::parts::ControlParts;
use anvil_api::BatchesView;
use anvil_budget::BatchRule;
use anvil_store::{Store, StoreError};
use anvil_types::{BatchNote, BatchPause, BatchState, Clock, UpstreamKind};
use std::sync::Arc;

/// How many batches are shown.
const SHOWN: u32 = 50;

/// Message Batches.
pub struct BatchControl {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    enabled: bool,
    rule: BatchRule,
}

impl BatchControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            upstream: parts.settings.upstream,
            enabled: parts.settings.batches,
            rule: parts.settings.batch_rule,
        }
    }

    /// What waits, the newest batches, and what they saved today.
    pub async fn view(&self) -> Result<BatchesView, StoreError> {
        let day = self.store.windows().day(self.clock.now());
        let today = self.store.usage(self.upstream, vec![day.start, day.end]).await?;
        let now = self.clock.now();
        let note = self.store.recall(&BatchNote::key(self.upstream)).await?;
        let mut note = note.map_or_else(BatchNote::default, |note| read(&note));
        let mut batches = self.store.batches(SHOWN).await?;
        for batch in batches.iter_mut().filter(|batch| batch.state != BatchState::Ended) {
            batch.trouble = note.troubles.remove(&batch.number);
        }
        let lasts = |pause: &BatchPause| pause.until.is_none_or(|until| until > now);
        let pause = self.braked().await?.or(note.pause.filter(lasts));
        Ok(BatchesView {
            enabled: self.enabled,
            upstream: self.upstream,
            most_calls: self.rule.calls,
            wait_s: self.rule.wait.as_secs(),
            waiting: self.store.gathered().await?,
            pause,
            batched_today: today.iter().map(|sum| sum.batched).sum(),
            saved_today: today.iter().map(|sum| sum.batch_saved).sum(),
            batches,
        })
    }

    async fn braked(&self) -> Result<Option<BatchPause>, StoreError> {
        let causes = self.store.brake().await?.causes;
        let reasons: Vec<_> = causes.iter().map(|cause| cause.reason.as_str()).collect();
        let ends: Option<Vec<_>> = causes.iter().map(|cause| cause.until).collect();
        let until = ends.and_then(|ends| ends.into_iter().max());
        Ok((!causes.is_empty()).then(|| BatchPause::braked(&reasons, until)))
    }
}

// Another version of the host may have left another note; what sends batches writes it anew.
fn read(note: &str) -> BatchNote {
    serde_json::from_str(note).unwrap_or_else(|error| {
        tracing::warn!(%error, "what is noted of batches cannot be read");
        BatchNote::default()
    })
}
