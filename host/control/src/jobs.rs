//! Jobs that there are: what they did, and what people do with them.

use crate::SubmitError;
use crate::checker::Checker;
use crate::foreign;
use crate::limit_use::LimitUses;
use crate::parts::ControlParts;
use crate::waits::Waits;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::{JobEdit, JobFilter, JobPage, Store, StoreError};
use anvil_types::{
    ArtifactInfo, ArtifactName, Attempt, Branch, CallRecord, InputInfo, Job, JobId, LimitUsed, LogLine,
    Relatives, UpstreamKind, check_tags,
};
use std::sync::Arc;

/// Jobs.
pub struct JobControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    catalog: Catalog,
    runner: Runner,
    upstream: UpstreamKind,
    waits: Waits,
    limit_uses: LimitUses,
}

impl JobControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            catalog: parts.catalog.clone(),
            runner: parts.runner.clone(),
            upstream: parts.settings.upstream,
            waits: Waits::new(parts),
            limit_uses: LimitUses::new(parts),
        }
    }

    /// A job; one that waits says for what.
    pub async fn get(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let Some(mut job) = self.store.job(id).await? else { return Ok(None) };
        self.waits.explain(std::slice::from_mut(&mut job)).await?;
        Ok(Some(job))
    }

    /// A page of jobs; those that wait say for what. It may come short where jobs of another upstream are left out.
    pub async fn page(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        let (asked, filter) = foreign::widened(filter);
        let mut page = self.store.jobs(filter).await?;
        page.items.retain(|job| foreign::is_asked(&asked, job, self.upstream));
        self.waits.explain(&mut page.items).await?;
        Ok(page)
    }

    /// The jobs that a job comes after, and those that come after it.
    pub async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError> {
        let mut relatives = self.store.relatives(job).await?;
        let Some(job) = self.store.job(job).await? else { return Ok(relatives) };
        // They are of its own upstream.
        if job.upstream != self.upstream {
            let all = relatives.after.iter_mut().chain(&mut relatives.followed_by);
            all.for_each(|relative| relative.state = foreign::shown(relative.state));
        }
        Ok(relatives)
    }

    /// The jobs of the tree that a job stands in, each before those that it leads; none where it stands alone.
    pub async fn tree(&self, job: JobId) -> Result<Vec<Branch>, StoreError> {
        let mut tree = self.store.tree(job).await?;
        let Some(root) = tree.first() else { return Ok(tree) };
        // They are of one upstream.
        if self.store.job(root.id).await?.is_some_and(|root| root.upstream != self.upstream) {
            for branch in &mut tree {
                branch.state = foreign::shown(branch.state);
            }
        }
        Ok(tree)
    }

    /// The limits of a job as they are now, each beside what its latest attempt, or the job, used of it.
    pub async fn limit_use(&self, job: &Job) -> Result<Vec<LimitUsed>, StoreError> {
        self.limit_uses.of_job(job).await
    }

    /// A job's attempts.
    pub async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        self.store.attempts(job).await
    }

    /// A job's calls, the oldest first.
    pub async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        self.store.calls(job).await
    }

    /// Lines of a job's log after a place.
    pub async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        self.store.log(job, after, limit).await
    }

    /// A job's files.
    pub async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.store.artifacts(job).await
    }

    /// One file with its bytes.
    pub async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        self.store.artifact(job, name).await
    }

    /// One of the files that a job was submitted with.
    pub async fn input(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(InputInfo, Vec<u8>)>, StoreError> {
        self.store.input(job, name).await
    }

    /// Stops a job, and all that it leads: a running guest within a tick.
    pub async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let cancelled = self.store.cancel(job, by).await?;
        self.runner.stop(job);
        self.gateway.jobs_stopped();
        Ok(cancelled)
    }

    /// Lets a parked job go on now, by a person's hand: what the upstream told earlier is asked anew. The limits and the
    /// brake stay in force.
    pub async fn resume(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        self.gateway.look_again();
        self.store.resume_job(job, by).await
    }

    /// Runs a failed or cancelled job again, its paid work kept, and with it those that failed since they
    /// come after it.
    pub async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        self.store.retry(job, by).await
    }

    /// Changes a job that waits. A new payload has to match the schema of the agent of today.
    pub async fn edit(&self, id: JobId, edit: JobEdit, by: &str) -> Result<Job, SubmitError> {
        if let Some(tags) = &edit.tags {
            check_tags(tags).map_err(SubmitError::Invalid)?;
        }
        if let Some(payload) = edit.payload.clone() {
            let job = self.store.job(id).await?.ok_or(StoreError::NoSuchJob(id))?;
            let given = vec![(job.agent, job.action, payload)];
            let mut checked = Checker::new(&self.catalog)
                .all(given, |(agent, action, payload)| Some((agent.as_str(), action.as_str(), payload)))
                .await;
            checked.pop().map_or(Ok(()), |(_, checked)| checked)?;
        }
        Ok(self.store.edit_job(id, edit, by).await?)
    }
}
