//! Reading: nothing here writes.

use crate::{
    AuditEntry, BrakeHistory, JobFilter, JobPage, JournalEntry, LedgerFilter, LedgerPage, LedgerTotals,
    MissSum, QueueCounts, StoreError, Suspects, TierSum, UsageSum,
};
use anvil_types::{
    AgentValues, ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, InputInfo, Job, JobId, LogLine,
    Nanodollars, ParentResult, Relatives, Timestamp, UpstreamKind,
};
use async_trait::async_trait;

/// Reading: nothing here writes.
#[async_trait]
pub trait ReadingStore: Send + Sync {
    /// A job.
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// A page of jobs.
    async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError>;
    /// The jobs that wait, those first that are first in line: what runs, then what is queued in the order in
    /// which it is taken, then what is parked and what waits for its time, by that.
    async fn front(&self, limit: u32) -> Result<Vec<Job>, StoreError>;
    /// What the jobs that a job comes after gave it, in its order.
    async fn parents(&self, job: JobId) -> Result<Vec<ParentResult>, StoreError>;
    /// The jobs that a job comes after, and those that come after it.
    async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError>;
    /// A job's attempts.
    async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError>;
    /// What a job was answered, by position.
    async fn journal_of(&self, job: JobId) -> Result<Vec<JournalEntry>, StoreError>;
    /// A job's calls, the oldest first.
    async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError>;
    /// Lines of a job's log after a place.
    async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError>;
    /// A job's files.
    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError>;
    /// One file with its bytes.
    async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError>;
    /// One of the files that a job was submitted with.
    async fn input(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(InputInfo, Vec<u8>)>, StoreError>;
    /// How many jobs there are in each state.
    async fn queue_counts(&self) -> Result<QueueCounts, StoreError>;
    /// The jobs that run alone since they were there in crashes of the host.
    async fn suspects(&self) -> Result<Suspects, StoreError>;
    /// The ledger, the newest first: `limit` entries older than `after`.
    async fn ledger(
        &self,
        upstream: UpstreamKind,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, StoreError> {
        Ok(self.ledger_page(upstream, LedgerFilter::default(), after, limit).await?.items)
    }
    /// A page of the ledger, the newest hold first: 1 to 1,000 entries older than `after`.
    async fn ledger_page(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError>;
    /// What the entries of a filter come to.
    async fn ledger_totals(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
    ) -> Result<LedgerTotals, StoreError>;
    /// What has ended between each cut and the next (rising), by agent, API key and model.
    async fn usage(&self, upstream: UpstreamKind, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError>;
    /// Misses of the prompt cache from one time to another, by the hold's time: by agent, API key and kind, the
    /// dearest first.
    async fn cache_misses(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MissSum>, StoreError>;
    /// How the jobs ended that are over since one time and before another, by agent, action and the strongest tier that
    /// answered them: the last 20,000 at most, as far as they are kept.
    async fn tier_sums(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<TierSum>, StoreError>;
    /// What was spent in each minute of the rolling hour in which anything was, the oldest first.
    async fn spent_minutes(
        &self,
        upstream: UpstreamKind,
    ) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError>;
    /// The brake's history as far as it concerns this host's upstream, the newest first.
    async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError>;
    /// What people changed of one kind (`limits`, `brake`, …), the newest first.
    async fn audit_of(&self, kind: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// What people changed, the newest first.
    async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// What a job's agent reads as its settings; none where the job has not begun, or is to begin anew.
    async fn job_settings(&self, job: JobId) -> Result<Option<AgentValues>, StoreError>;
}
