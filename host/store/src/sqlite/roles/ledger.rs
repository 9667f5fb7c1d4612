use crate::reading::{compressed, ledger};
use crate::rules::money::{correct, hold, ledger_time, standing, swept, verify};
use crate::sqlite::SqliteStore;
use crate::{
    CompressedSum, Correction, HoldDecision, HoldRequest, LedgerStore, ScopeStanding, Settled, Settlement,
    SpendSnapshot, StoreError,
};
use anvil_budget::Windows;
use anvil_types::{CallId, CallRecord, JobId, Timestamp, UpstreamKind};
use async_trait::async_trait;

#[async_trait]
impl LedgerStore for SqliteStore {
    async fn hold(&self, request: HoldRequest) -> Result<HoldDecision, StoreError> {
        self.write(move |tx| hold::hold(tx, &request)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.write_early(move |tx| swept::settle(tx, &settlement)).await
    }

    async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError> {
        self.write(move |tx| correct::correct(tx, &correction)).await
    }

    async fn open_holds(&self) -> Result<Vec<CallId>, StoreError> {
        self.readers.read(ledger::open_holds).await
    }

    async fn prompt_forms(&self, job: JobId) -> Result<Vec<Option<String>>, StoreError> {
        self.readers.read(move |db| compressed::forms(db, job)).await
    }

    async fn compressed(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CompressedSum>, StoreError> {
        self.readers.read(move |db| compressed::sums(db, upstream, from, to)).await
    }

    async fn spend(&self, upstream: UpstreamKind) -> Result<SpendSnapshot, StoreError> {
        let (limits, windows, now) = (self.shared.limits(), self.windows.clone(), self.now());
        self.readers.read(move |db| standing::snapshot(db, upstream, &limits.limits, &windows, now)).await
    }

    async fn scope_spend(&self, upstream: UpstreamKind) -> Result<Vec<ScopeStanding>, StoreError> {
        let (windows, now) = (self.windows.clone(), self.now());
        self.readers.read(move |db| standing::scope_standings(db, upstream, &windows, now)).await
    }

    fn windows(&self) -> Windows {
        self.windows.clone()
    }

    async fn verify_sums(&self) -> Result<Vec<String>, StoreError> {
        self.write(verify::verify).await
    }

    async fn set_ledger_time_back(&self, by: &str, reason: &str) -> Result<Timestamp, StoreError> {
        let (clock, by, reason) = (self.clock.clone(), by.to_owned(), reason.to_owned());
        self.write(move |tx| ledger_time::set_back(tx, &*clock, &by, &reason)).await
    }
}
