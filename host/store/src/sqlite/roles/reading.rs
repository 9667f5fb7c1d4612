use crate::reading::{jobs, ledger, misses, tiers, usage};
use crate::rules::audit;
use crate::rules::jobs::{artifacts, claim, inputs, journal, logs, pins, relatives};
use crate::rules::money::brake;
use crate::sqlite::SqliteStore;
use crate::{
    AuditEntry, BrakeHistory, JobFilter, JobPage, JournalEntry, LedgerFilter, LedgerPage, LedgerTotals,
    MissSum, QueueCounts, ReadingStore, StoreError, Suspects, TierSum, UsageSum,
};
use anvil_types::{
    AgentValues, ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, InputInfo, Job, JobId, LogLine,
    Nanodollars, ParentResult, Relatives, Timestamp, UpstreamKind,
};
use async_trait::async_trait;

#[async_trait]
impl ReadingStore for SqliteStore {
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.readers.read(move |db| jobs::job(db, id)).await
    }

    async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        if let Some(typed) = filter.search.clone() {
            return self.search.page(&self.readers, filter, &typed).await;
        }
        if jobs::crosses_tags(&filter)
            && let Some(page) = self.search.page_of_tag(&self.readers, &filter).await?
        {
            return Ok(page);
        }
        self.readers.read(move |db| jobs::jobs(db, &filter)).await
    }

    async fn front(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| jobs::front(db, upstream, limit)).await
    }

    async fn parents(&self, job: JobId) -> Result<Vec<ParentResult>, StoreError> {
        self.readers.read_large(move |db| relatives::results(db, job)).await
    }

    async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError> {
        self.readers.read(move |db| relatives::relatives(db, job)).await
    }

    async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        self.readers.read(move |db| jobs::attempts(db, job)).await
    }

    async fn journal_of(&self, job: JobId) -> Result<Vec<JournalEntry>, StoreError> {
        self.readers.read_large(move |db| journal::of(db, job)).await
    }

    async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        self.readers.read(move |db| ledger::of_job(db, job)).await
    }

    async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        self.readers.read(move |db| logs::lines(db, job, after, limit)).await
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.readers.read(move |db| artifacts::list(db, job)).await
    }

    async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        let name = name.clone();
        self.readers.read_large(move |db| artifacts::get(db, job, &name)).await
    }

    async fn input(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(InputInfo, Vec<u8>)>, StoreError> {
        let name = name.clone();
        self.readers.read_large(move |db| inputs::get(db, job, &name)).await
    }

    async fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| jobs::counts(db, upstream)).await
    }

    async fn suspects(&self) -> Result<Suspects, StoreError> {
        let (upstream, lasts) = (self.upstream, self.now().since(self.began));
        self.readers.read(move |db| claim::suspects(db, upstream, lasts)).await
    }

    async fn ledger_page(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError> {
        self.readers.read(move |db| ledger::page(db, upstream, &filter, after, limit)).await
    }

    async fn ledger_totals(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
    ) -> Result<LedgerTotals, StoreError> {
        self.readers.read(move |db| ledger::totals(db, upstream, &filter)).await
    }

    async fn usage(&self, upstream: UpstreamKind, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError> {
        self.readers.read(move |db| usage::sums(db, upstream, &cuts)).await
    }

    async fn cache_misses(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MissSum>, StoreError> {
        self.readers.read(move |db| misses::sums(db, upstream, from, to)).await
    }

    async fn tier_sums(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<TierSum>, StoreError> {
        self.readers.read(move |db| tiers::sums(db, upstream, from, to)).await
    }

    async fn spent_minutes(
        &self,
        upstream: UpstreamKind,
    ) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| usage::minutes(db, upstream, now)).await
    }

    async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError> {
        let (upstream, day) = (self.upstream, self.windows.day(self.now()));
        self.readers.read(move |db| brake::history_of(db, upstream, day, limit)).await
    }

    async fn audit_of(&self, kind: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let (upstream, kind) = (self.upstream, kind.to_owned());
        self.readers.read(move |db| audit::of_kind(db, upstream, &kind, limit)).await
    }

    async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.readers.read(move |db| audit::list(db, limit)).await
    }

    async fn job_settings(&self, job: JobId) -> Result<Option<AgentValues>, StoreError> {
        self.readers.read(move |db| pins::of(db, job)).await
    }
}
