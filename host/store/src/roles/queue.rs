//! The queue: jobs come in, are taken out to run under a lease, wait, and end.

use crate::{
    Claim, Claimed, Enqueued, Finish, Imported, ImportedJob, JobEdit, LostLeases, QueuePause, StoreError,
    Taken,
};
use anvil_types::{Job, JobId, JobState, Lease, NewJob, Timestamp, Wait, WaitReason};
use async_trait::async_trait;
use std::time::Duration;

/// The queue: jobs come in, are taken out to run under a lease, wait, and end.
#[async_trait]
pub trait QueueStore: Send + Sync {
    /// Takes a job in, durably: refused when as many jobs are unfinished as may wait, and when a job that
    /// it is to come after is not there, failed or was cancelled. A job with others to come after starts
    /// when all of them have succeeded, and fails when one of them does not.
    async fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError>;
    /// Takes a job in and takes jobs out to run, in one step: an idle runner has one commit before a job
    /// starts. The answer shows the job as it was taken in. Where it is refused, nothing is taken out.
    async fn enqueue_and_claim(
        &self,
        job: NewJob,
        claim: Claim,
    ) -> Result<(Enqueued, Vec<Claimed>), StoreError>;
    /// Takes many jobs in, in one transaction; an answer for each, in their order. One that is refused takes
    /// nobody along. A job may come after an earlier one of them, by the id that it was sent with.
    async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Result<Taken, StoreError>>, StoreError>;
    /// Takes jobs of another host's export in, in one transaction; an answer for each, in their order. One
    /// that is refused takes nobody along. A finished one becomes history under its own id: no sum of the
    /// ledger moves, and its log says what it cost elsewhere. Any other is submitted under its own id, once.
    /// `note` says who imports what, for the first of several batches: it is audited.
    async fn import_jobs(
        &self,
        jobs: Vec<ImportedJob>,
        note: Option<(&str, &str)>,
    ) -> Result<Vec<Result<Imported, StoreError>>, StoreError>;
    /// Takes jobs out to run, the most urgent first, first come first served within a priority. Ten
    /// minutes of waiting raise a job by one priority, up to high; after nine critical jobs that
    /// overtook others, the one that waits longest has its turn. Jobs whose time has come, and jobs
    /// whose lease has run out, are put into the queue first. Pins each job to its agent's plugin, unless
    /// it has a journal already: that belongs to the plugin that it was written with, until a person runs the job
    /// again. One that cannot be read is set aside by itself. A job that was there in three crashes runs alone.
    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError>;
    /// Keeps leases alive, and tells which are lost.
    async fn heartbeat(&self, leases: Vec<Lease>, lease_for: Duration) -> Result<LostLeases, StoreError>;
    /// Puts a running job aside until its reason to wait is gone. Fenced. Where it is gone already (the
    /// brake is off, nothing is held, the agent came after `refused_at`), the job goes straight back into
    /// the queue; jobs that wait for holds do so when the last hold of the upstream ends.
    async fn park(&self, lease: Lease, wait: Wait) -> Result<(), StoreError>;
    /// Ends an attempt; answers where the job stands now. Fenced.
    async fn finish(&self, lease: Lease, finish: Finish) -> Result<JobState, StoreError>;
    /// Ends an attempt and takes jobs out to run in its place, in one step: a busy runner has one commit
    /// for each job. Fenced as [`QueueStore::finish`] is; where that is refused, nothing is taken.
    async fn finish_and_claim(
        &self,
        lease: Lease,
        finish: Finish,
        claim: Claim,
    ) -> Result<Vec<Claimed>, StoreError>;
    /// Stops a job, whatever it does.
    async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Runs a failed or cancelled job again, with as many attempts as a new one, its paid work kept, on the version
    /// that is in force then; the reply that the guest failed on is asked for anew. Jobs that failed since they come after it wait
    /// for it again. Refused while a job that it comes after itself has failed.
    async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Puts a parked job back into the queue, whatever it waits for, and audits who wanted it: it is judged anew. Refused
    /// for a job that is not parked.
    async fn resume_job(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Changes a job that waits. A time that is still to come makes a queued job wait for it; [`Start::Now`](crate::Start::Now)
    /// and a time that has passed put one that waits for its time into the queue, and one that comes after
    /// others goes on waiting for them. The payload changes only while the journal is empty, and the cap never
    /// to less than what is spent, held and unknown.
    async fn edit_job(&self, job: JobId, edit: JobEdit, by: &str) -> Result<Job, StoreError>;
    /// Puts jobs that are parked for one of these reasons back into the queue; of one agent where
    /// that is given. Answers how many.
    async fn resume(&self, reasons: &[WaitReason], agent: Option<&str>) -> Result<u64, StoreError>;
    /// When the next scheduled or parked job is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
    /// Pauses the queue for a reason, or ends the pause where there is none: no job is claimed while it
    /// lasts, what runs goes on. Kept over a restart, audited. Answers the pause as it is.
    async fn set_queue_pause(&self, reason: Option<&str>, by: &str)
    -> Result<Option<QueuePause>, StoreError>;
    /// The pause of the queue, where there is one.
    async fn queue_pause(&self) -> Result<Option<QueuePause>, StoreError>;
    /// Agents that a person switched off.
    async fn disabled_agents(&self) -> Result<Vec<String>, StoreError>;
    /// Switches an agent off or on.
    async fn set_agent_disabled(&self, agent: &str, disabled: bool, by: &str) -> Result<(), StoreError>;
    /// The digests of the plugins that unfinished jobs are pinned to.
    async fn pinned_plugins(&self) -> Result<Vec<String>, StoreError>;
}
