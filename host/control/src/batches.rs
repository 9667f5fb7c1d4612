//! Message Batches: what waits for one, and how they stand.

use crate::parts::ControlParts;
use anvil_api::BatchesView;
use anvil_budget::BatchRule;
use anvil_store::{Store, StoreError};
use anvil_types::{Clock, UpstreamKind};
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
        Ok(BatchesView {
            enabled: self.enabled,
            upstream: self.upstream,
            most_calls: self.rule.calls,
            wait_s: self.rule.wait.as_secs(),
            waiting: self.store.gathered().await?,
            batched_today: today.iter().map(|sum| sum.batched).sum(),
            saved_today: today.iter().map(|sum| sum.batch_saved).sum(),
            batches: self.store.batches(SHOWN).await?,
        })
    }
}
