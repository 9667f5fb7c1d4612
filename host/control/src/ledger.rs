//! What calls cost: the ledger, its sums, corrections.

use crate::parts::ControlParts;
use crate::room::Room;
use anvil_budget::Windows;
use anvil_gateway::Gateway;
use anvil_store::{
    CompressedSum, Correction, LedgerFilter, LedgerPage, LedgerTotals, MissSum, Store, StoreError, TierSum,
    UsageSum,
};
use anvil_types::{CallId, CallRecord, CompressionReplay, Timestamp, UpstreamKind};
use std::sync::Arc;

/// The ledger of this host's upstream.
pub struct LedgerControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    upstream: UpstreamKind,
    room: Room,
}

impl LedgerControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            upstream: parts.settings.upstream,
            room: Room::new(parts),
        }
    }

    /// A page of entries, the newest hold first.
    pub async fn page(
        &self,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError> {
        self.store.ledger_page(self.upstream, filter, after, limit).await
    }

    /// What the entries of a filter come to.
    pub async fn totals(&self, filter: LedgerFilter) -> Result<LedgerTotals, StoreError> {
        self.store.ledger_totals(self.upstream, filter).await
    }

    /// What has ended between each cut and the next, by agent, API key and model.
    pub async fn usage(&self, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError> {
        self.store.usage(self.upstream, cuts).await
    }

    /// Misses of the prompt cache from one time to another, by agent, API key and kind, the dearest first.
    pub async fn misses(&self, from: Timestamp, to: Timestamp) -> Result<Vec<MissSum>, StoreError> {
        self.store.cache_misses(self.upstream, from, to).await
    }

    /// What was compressed from one time to another, by agent, what saved most first.
    pub async fn compressed(&self, from: Timestamp, to: Timestamp) -> Result<Vec<CompressedSum>, StoreError> {
        self.store.compressed(self.upstream, from, to).await
    }

    /// What compression saved each agent's latest calls, replayed.
    pub fn replayed(&self) -> Vec<CompressionReplay> {
        self.gateway.compression()
    }

    /// How the jobs ended that are over since one time and before another, by agent, action and tier.
    pub async fn tiers(&self, from: Timestamp, to: Timestamp) -> Result<Vec<TierSum>, StoreError> {
        self.store.tier_sums(self.upstream, from, to).await
    }

    /// Corrects what a call that has ended cost; whoever waits for room looks again.
    pub async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError> {
        let record = self.store.correct(correction).await?;
        self.room.changed().await?;
        Ok(record)
    }

    /// Where windows begin and end: the time zone that people of this host live by.
    pub fn windows(&self) -> Windows {
        self.store.windows()
    }
}
