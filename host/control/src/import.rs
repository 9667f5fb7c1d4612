//! Jobs from another host's export.

use crate::checker::Checker;
use crate::making::Making;
use crate::{Submission, SubmitError};
use anvil_store::{FinishedJob, Imported, ImportedJob, Store, StoreError};
use anvil_types::words::BadValue;
use anvil_types::{Job, Json, MOST_PARENTS, Nanodollars, NewJob, check_tags};
use std::sync::Arc;

fn of_unfinished(given: &(bool, FinishedJob)) -> Option<(&str, &str, &Json)> {
    let job = &given.1.job;
    given.0.then_some((&job.agent, &job.action, &job.payload))
}

/// An import of many jobs. It ends with its value; what was taken in stays.
pub struct Import {
    store: Arc<dyn Store>,
    checker: Checker,
    making: Making,
    by: String,
    /// What is imported, until the first batch has told it.
    what: Option<String>,
}

impl Import {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        checker: Checker,
        making: Making,
        by: &str,
        what: String,
    ) -> Self {
        Self { store, checker, making, by: by.to_owned(), what: Some(what) }
    }

    /// Takes jobs in, in one transaction; an answer for each, in their order. Finished ones are history and
    /// may be of agents that are not here; the others are submitted, and checked as any submission. An error
    /// of the whole says that none was taken.
    pub async fn take(
        &mut self,
        jobs: Vec<FinishedJob>,
    ) -> Result<Vec<Result<Imported, SubmitError>>, StoreError> {
        let usual = self.making.usual_cost().await?;
        let mut made = Vec::with_capacity(jobs.len());
        let mut accepted = Vec::with_capacity(jobs.len());
        // Finished ones are history, and checked against nothing.
        let unfinished = |job: &FinishedJob| !job.job.state.is_final();
        let given: Vec<_> = jobs.into_iter().map(|job| (unfinished(&job), job)).collect();
        for ((_, job), checked) in self.checker.all(given, of_unfinished).await {
            let checked = self.check(job, checked, usual);
            made.push(checked.map(|job| accepted.push(job)));
        }
        if accepted.is_empty() {
            return Ok(made
                .into_iter()
                .map(|made| Err(made.err().unwrap_or(StoreError::Closed.into())))
                .collect());
        }
        let note = self.what.as_deref().map(|what| (self.by.as_str(), what));
        let mut taken = self.store.import_jobs(accepted, note).await?.into_iter();
        self.what = None;
        let mut next = || taken.next().unwrap_or(Err(StoreError::Closed)).map_err(SubmitError::from);
        Ok(made.into_iter().map(|made| made.and_then(|()| next())).collect())
    }

    fn check(
        &self,
        job: FinishedJob,
        checked: Result<(), SubmitError>,
        usual: Nanodollars,
    ) -> Result<ImportedJob, SubmitError> {
        if job.job.after.len() > MOST_PARENTS {
            return Err(BadValue::TooManyParents.into());
        }
        check_tags(&job.job.tags).map_err(SubmitError::Invalid)?;
        if job.job.state.is_final() {
            return Ok(ImportedJob::Finished(Box::new(job)));
        }
        if let Some(lead) = job.job.lead {
            return Err(BadValue::Led { lead }.into());
        }
        let Job { id, schedule, upstream, .. } = job.job;
        let submission = Submission {
            agent: job.job.agent,
            action: job.job.action,
            payload: job.job.payload,
            priority: job.job.priority,
            run_at: job.job.run_at,
            idempotency_key: None,
            max_cost: Some(job.job.max_cost),
            tags: job.job.tags,
            economy: job.job.economy,
            after: job.job.after,
            inputs: job.inputs,
            files_of: None,
        };
        checked?;
        let new = self.making.job(submission, usual)?;
        // It stays the job that it was, and spends on the upstream that it was meant for alone.
        Ok(ImportedJob::Unfinished(Box::new(NewJob { id, schedule, upstream, ..new })))
    }
}
