use crate::sqlite::{
    SqliteStore, artifacts, audit, brake, claim, journal, ledger, logs, parents, queries, usage,
};
use crate::{
    AuditEntry, BrakeHistory, JobFilter, JobPage, JournalEntry, LedgerFilter, LedgerPage, LedgerTotals,
    QueueCounts, ReadingStore, StoreError, Suspects, UsageSum,
};
use anvil_types::{
    ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, Job, JobId, LogLine, Nanodollars, ParentResult,
    Relatives, Timestamp, UpstreamKind,
};
use async_trait::async_trait;

#[async_trait]
impl ReadingStore for SqliteStore {
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.readers.read(move |conn| queries::job(conn, id)).await
    }

    async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        if let Some(typed) = filter.search.clone() {
            return self.search.page(&self.readers, filter, &typed).await;
        }
        if queries::crosses_tags(&filter)
            && let Some(page) = self.search.page_of_tag(&self.readers, &filter).await?
        {
            return Ok(page);
        }
        self.readers.read(move |conn| queries::jobs(conn, &filter)).await
    }

    async fn front(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| queries::front(conn, upstream, limit)).await
    }

    async fn parents(&self, job: JobId) -> Result<Vec<ParentResult>, StoreError> {
        self.readers.read_large(move |conn| parents::results(conn, job)).await
    }

    async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError> {
        self.readers.read(move |conn| parents::relatives(conn, job)).await
    }

    async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        self.readers.read(move |conn| queries::attempts(conn, job)).await
    }

    async fn journal_of(&self, job: JobId) -> Result<Vec<JournalEntry>, StoreError> {
        self.readers.read_large(move |conn| journal::of(conn, job)).await
    }

    async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        self.readers.read(move |conn| ledger::of_job(conn, job)).await
    }

    async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        self.readers.read(move |conn| logs::lines(conn, job, after, limit)).await
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.readers.read(move |conn| artifacts::list(conn, job)).await
    }

    async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        let name = name.clone();
        self.readers.read_large(move |conn| artifacts::get(conn, job, &name)).await
    }

    async fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| queries::counts(conn, upstream)).await
    }

    async fn suspects(&self) -> Result<Suspects, StoreError> {
        let (upstream, lasts) = (self.upstream, self.now().since(self.began));
        self.readers.read(move |conn| claim::suspects(conn, upstream, lasts)).await
    }

    async fn ledger_page(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError> {
        self.readers.read(move |conn| ledger::page(conn, upstream, &filter, after, limit)).await
    }

    async fn ledger_totals(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
    ) -> Result<LedgerTotals, StoreError> {
        self.readers.read(move |conn| ledger::totals(conn, upstream, &filter)).await
    }

    async fn usage(&self, upstream: UpstreamKind, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError> {
        self.readers.read(move |conn| usage::sums(conn, upstream, &cuts)).await
    }

    async fn spent_minutes(
        &self,
        upstream: UpstreamKind,
    ) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError> {
        let now = self.now();
        self.readers.read(move |conn| usage::minutes(conn, upstream, now)).await
    }

    async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError> {
        let (upstream, day) = (self.upstream, self.windows.day(self.now()));
        self.readers.read(move |conn| brake::history_of(conn, upstream, day, limit)).await
    }

    async fn audit_of(&self, kind: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let (upstream, kind) = (self.upstream, kind.to_owned());
        self.readers.read(move |conn| audit::of_kind(conn, upstream, &kind, limit)).await
    }

    async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.readers.read(move |conn| audit::list(conn, limit)).await
    }
}
