//! A submission of many jobs, each of which may come after an earlier one by its label.

use crate::checker::{Checker, of_submission};
use crate::making::{LONGEST_NAME, Making};
use crate::{After, BulkJob, BulkTaken, SubmitError};
use anvil_store::{Store, StoreError, Taken};
use anvil_types::words::BadValue;
use anvil_types::{JobId, Nanodollars, NewJob};
use std::collections::HashMap;
use std::sync::Arc;

/// A job that has a label.
struct Labelled {
    line: u64,
    /// None where the job was refused.
    job: Option<JobId>,
    /// The id that it would have had where the store refused it: lines of the same batch name that one.
    gone: Option<JobId>,
}

/// A submission of many jobs. It ends with its value; what was taken in stays.
pub struct BulkIntake {
    store: Arc<dyn Store>,
    checker: Checker,
    making: Making,
    labels: HashMap<String, Labelled>,
}

impl BulkIntake {
    pub(crate) fn new(store: Arc<dyn Store>, checker: Checker, making: Making) -> Self {
        Self { store, checker, making, labels: HashMap::new() }
    }

    /// Takes jobs in, in one transaction; an answer for each, in their order. One that is refused takes
    /// nobody along but those that come after it. An error of the whole says that none was taken.
    pub async fn take(
        &mut self,
        jobs: Vec<BulkJob>,
    ) -> Result<Vec<Result<BulkTaken, SubmitError>>, StoreError> {
        let usual = self.making.usual_cost().await?;
        let mut made = Vec::with_capacity(jobs.len());
        let mut accepted = Vec::with_capacity(jobs.len());
        for (job, checked) in self.checker.all(jobs, |job| of_submission(&job.submission)).await {
            let own = job.label.clone();
            let (line, new) = (job.line, self.make(job, checked, usual));
            let id = new.as_ref().ok().map(|job| job.id);
            if let Some(label) = own.clone().filter(|label| !self.labels.contains_key(label)) {
                self.labels.insert(label, Labelled { line, job: id, gone: None });
            }
            made.push(match new {
                Ok(job) => {
                    accepted.push(job);
                    Ok((accepted[accepted.len() - 1].id, own))
                }
                Err(error) => Err(error),
            });
        }
        let mut taken =
            if accepted.is_empty() { Vec::new() } else { self.store.enqueue_many(accepted).await? }
                .into_iter();
        let mut answers = Vec::with_capacity(made.len());
        for made in made {
            let answer = match made {
                Err(error) => Err(error),
                Ok((id, label)) => {
                    let taken = taken.next().unwrap_or(Err(StoreError::Closed));
                    self.settle(id, label.as_deref(), taken)
                }
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    fn make(
        &mut self,
        job: BulkJob,
        checked: Result<(), SubmitError>,
        usual: Nanodollars,
    ) -> Result<NewJob, SubmitError> {
        if let Some(label) = &job.label {
            if label.is_empty() || label.len() > LONGEST_NAME {
                return Err(BadValue::RefLength { most: LONGEST_NAME, bytes: label.len() }.into());
            }
            if let Some(first) = self.labels.get(label) {
                return Err(BadValue::RefTaken { label: label.clone(), line: first.line }.into());
            }
        }
        let mut submission = job.submission;
        for after in job.after {
            submission.after.push(match after {
                After::Job(id) => id,
                After::Label(label) => match self.labels.get(&label) {
                    Some(Labelled { job: Some(id), .. }) => *id,
                    Some(Labelled { line, .. }) => return Err(refused(&label, *line)),
                    None => return Err(BadValue::RefUnknown { label }.into()),
                },
            });
        }
        checked?;
        self.making.job(submission, usual)
    }

    /// What became of a job, and its label with it.
    fn settle(
        &mut self,
        id: JobId,
        label: Option<&str>,
        taken: Result<Taken, StoreError>,
    ) -> Result<BulkTaken, SubmitError> {
        let taken = taken.map_err(|error| self.explain(error));
        if let Some(own) =
            label.and_then(|label| self.labels.get_mut(label)).filter(|own| own.job == Some(id))
        {
            own.job = taken.as_ref().ok().map(|taken| taken.id);
            own.gone = own.job.is_none().then_some(id);
        }
        taken.map(|Taken { id, state, new }| BulkTaken { id, state, new })
    }

    /// A parent that is not there since its own line was refused is told of by its label.
    fn explain(&self, error: StoreError) -> SubmitError {
        if let StoreError::BadParent { parent, .. } = &error
            && let Some((label, line)) = self.labels.iter().find(|(_, other)| other.gone == Some(*parent))
        {
            return refused(label, line.line);
        }
        error.into()
    }
}

fn refused(label: &str, line: u64) -> SubmitError {
    BadValue::RefRefused { label: label.to_owned(), line }.into()
}
