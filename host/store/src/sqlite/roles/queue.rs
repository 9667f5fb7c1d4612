use crate::reading::jobs;
use crate::rules::agents;
use crate::rules::jobs::{claim, edit, enqueue, finish, import, pause, transition};
use crate::rules::tx::Tx;
use crate::sqlite::SqliteStore;
use crate::{
    Claim, Claimed, Enqueued, Finish, Imported, ImportedJob, JobEdit, LostLeases, QueuePause, QueueStore,
    StoreError, Taken,
};
use anvil_types::{Job, JobId, JobState, Lease, NewJob, Timestamp, Wait, WaitReason};
use async_trait::async_trait;
use std::time::Duration;

#[async_trait]
impl QueueStore for SqliteStore {
    async fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError> {
        if job.inputs.is_empty() {
            return self.write(move |tx| enqueue::enqueue(tx, &job)).await;
        }
        self.write_alone(move |tx| enqueue::enqueue(tx, &job)).await
    }

    async fn enqueue_and_claim(
        &self,
        job: NewJob,
        claim: Claim,
    ) -> Result<(Enqueued, Vec<Claimed>), StoreError> {
        let alone = !job.inputs.is_empty();
        let work = move |tx: &mut Tx<'_>| Ok((enqueue::enqueue(tx, &job)?, claim::beside(tx, &claim)?));
        if alone { self.write_alone(work).await } else { self.write(work).await }
    }

    async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Result<Taken, StoreError>>, StoreError> {
        self.write(move |tx| enqueue::enqueue_many(tx, jobs)).await
    }

    async fn import_jobs(
        &self,
        jobs: Vec<ImportedJob>,
        note: Option<(&str, &str)>,
    ) -> Result<Vec<Result<Imported, StoreError>>, StoreError> {
        let note = note.map(|(by, what)| (by.to_owned(), what.to_owned()));
        self.write_alone(move |tx| {
            import::import(tx, &jobs, note.as_ref().map(|(by, what)| (by.as_str(), what.as_str())))
        })
        .await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |tx| claim::claim(tx, &claim)).await
    }

    async fn heartbeat(&self, leases: Vec<Lease>, lease_for: Duration) -> Result<LostLeases, StoreError> {
        self.write(move |tx| finish::heartbeat(tx, &leases, lease_for)).await
    }

    async fn park(&self, lease: Lease, wait: Wait) -> Result<(), StoreError> {
        self.write(move |tx| finish::park(tx, lease, &wait)).await
    }

    async fn finish(&self, lease: Lease, finish: Finish) -> Result<JobState, StoreError> {
        self.write(move |tx| finish::finish(tx, lease, &finish)).await
    }

    async fn finish_and_claim(
        &self,
        lease: Lease,
        finish: Finish,
        claim: Claim,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |tx| {
            finish::finish(tx, lease, &finish)?;
            claim::beside(tx, &claim)
        })
        .await
    }

    async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::cancel(tx, job, &by)).await
    }

    async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::retry(tx, job, &by)).await
    }

    async fn resume_job(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::resume_one(tx, job, &by)).await
    }

    async fn edit_job(&self, job: JobId, edit: JobEdit, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| edit::edit(tx, job, &edit, &by)).await
    }

    async fn resume(&self, reasons: &[WaitReason], agent: Option<&str>) -> Result<u64, StoreError> {
        let (reasons, agent) = (reasons.to_vec(), agent.map(str::to_owned));
        self.write(move |tx| transition::resume(tx, &reasons, agent.as_deref())).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| jobs::next_due(db, upstream)).await
    }

    async fn set_queue_pause(
        &self,
        reason: Option<&str>,
        by: &str,
    ) -> Result<Option<QueuePause>, StoreError> {
        let (reason, by) = (reason.map(str::to_owned), by.to_owned());
        self.write(move |tx| pause::set(tx, reason.as_deref(), &by)).await
    }

    async fn queue_pause(&self) -> Result<Option<QueuePause>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| pause::get(db, upstream)).await
    }

    async fn disabled_agents(&self) -> Result<Vec<String>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| agents::disabled(db, upstream)).await
    }

    async fn set_agent_disabled(&self, agent: &str, disabled: bool, by: &str) -> Result<(), StoreError> {
        let (agent, by) = (agent.to_owned(), by.to_owned());
        self.write(move |tx| agents::set_disabled(tx, &agent, disabled, &by)).await
    }

    async fn pinned_plugins(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(agents::pinned_plugins).await
    }
}
