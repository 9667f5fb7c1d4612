//! What people ask about money: the ledger, its sums, the brake's history, who changed a limit.

use crate::Runner;
use anvil_budget::{PriceTable, Windows};
use anvil_store::{AuditEntry, BrakeHistory, LedgerFilter, LedgerPage, LedgerTotals, StoreError, UsageSum};
use anvil_types::{CallId, LimitsPatch, Timestamp};
use std::sync::Arc;

impl Runner {
    /// A page of the ledger of this host's upstream, the newest hold first.
    pub async fn ledger(
        &self,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError> {
        self.shared.store.ledger_page(self.shared.settings.upstream, filter, after, limit).await
    }

    /// What the entries of a filter come to.
    pub async fn ledger_totals(&self, filter: LedgerFilter) -> Result<LedgerTotals, StoreError> {
        self.shared.store.ledger_totals(self.shared.settings.upstream, filter).await
    }

    /// What has ended between each cut and the next, by agent, API key and model.
    pub async fn usage(&self, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError> {
        self.shared.store.usage(self.shared.settings.upstream, cuts).await
    }

    /// What the brake did, the newest first.
    pub async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError> {
        self.shared.store.brake_history(limit).await
    }

    /// What people changed, the newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.shared.store.audit(limit).await
    }

    /// Who changed limits, the newest first.
    pub async fn limit_changes(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.shared.store.audit_of("limits", limit).await
    }

    /// Says what is wrong with limits that a person wants, without changing any.
    pub async fn judge_limits(&self, patch: &LimitsPatch) -> Result<Option<String>, StoreError> {
        match self.shared.store.judge_limits(patch, &[]).await {
            Ok(_) => Ok(None),
            Err(StoreError::BadChange(why)) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// Where windows begin and end: the time zone that people of this host live by.
    pub fn windows(&self) -> Windows {
        self.shared.store.windows()
    }

    /// The prices in force.
    pub fn price_table(&self) -> Arc<PriceTable> {
        self.shared.gateway.prices()
    }
}
