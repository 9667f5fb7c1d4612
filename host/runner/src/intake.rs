//! Jobs on their way in: one, or many in few transactions.

use crate::dispatch;
use crate::schedules::key;
use crate::shared::Shared;
use crate::submit::{Checker, of_submission};
use crate::{After, BulkJob, BulkTaken, Runner, Submission, SubmitError, Submitted};
use anvil_store::{Enqueued, JobEdit, StoreError, Taken};
use anvil_types::{Job, JobId, MOST_PARENTS, Nanodollars, NewJob, Schedule, Timestamp, check_tags};
use rand::RngExt as _;
use std::collections::HashMap;
use std::sync::Arc;

/// Keys with this beginning belong to schedules.
pub(crate) const SCHEDULE_KEY: &str = "schedule:";
/// The longest label and idempotency key, in bytes.
const LONGEST_NAME: usize = 255;

impl Runner {
    /// Takes a job in.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let submission = Checker::new(&self.shared.catalog).check(submission).await?;
        let usual = self.shared.store.limits().await?.limits.job_usd;
        let job = new_job(&self.shared, submission, usual)?;
        Ok(match dispatch::enqueue(&self.shared, job).await? {
            Enqueued::New(job) => Submitted { job, new: true },
            Enqueued::Existing(job) => Submitted { job, new: false },
        })
    }

    /// Changes a job that waits. A new payload has to match the schema of the agent of today.
    pub async fn edit_job(&self, id: JobId, edit: JobEdit, by: &str) -> Result<Job, SubmitError> {
        if let Some(tags) = &edit.tags {
            check_tags(tags).map_err(SubmitError::Invalid)?;
        }
        if let Some(payload) = edit.payload.clone() {
            let job = self.shared.store.job(id).await?.ok_or(StoreError::NoSuchJob(id))?;
            let checker = Checker::new(&self.shared.catalog);
            let given = vec![(job.agent, job.action, payload)];
            let mut checked = checker
                .all(given, |(agent, action, payload)| Some((agent.as_str(), action.as_str(), payload)))
                .await;
            checked.pop().map_or(Ok(()), |(_, checked)| checked)?;
        }
        Ok(self.shared.store.edit_job(id, edit, by).await?)
    }

    /// Checks what would be submitted, without submitting it.
    pub(crate) async fn check(&self, submission: Submission) -> Result<(), SubmitError> {
        check_tags(&submission.tags).map_err(SubmitError::Invalid)?;
        Checker::new(&self.shared.catalog).check(submission).await.map(drop)
    }

    /// Begins a submission of many jobs, each of which may come after an earlier one by its label.
    pub fn bulk(&self) -> Bulk {
        Bulk {
            shared: self.shared.clone(),
            checker: Checker::new(&self.shared.catalog),
            labels: HashMap::new(),
        }
    }
}

/// Makes the job of a submission whose payload was checked.
pub(crate) fn new_job(
    shared: &Shared,
    submission: Submission,
    usual: Nanodollars,
) -> Result<NewJob, SubmitError> {
    check_tags(&submission.tags).map_err(SubmitError::Invalid)?;
    let invalid = |why: String| Err(SubmitError::Invalid(why));
    let max_cost = submission.max_cost.unwrap_or(usual);
    if max_cost <= Nanodollars::ZERO {
        return invalid("max_cost_usd must be above 0".to_owned());
    }
    if let Some(key) = &submission.idempotency_key {
        if key.is_empty() || key.len() > LONGEST_NAME {
            return invalid(format!(
                "an idempotency key has 1 to {LONGEST_NAME} bytes; this one has {}",
                key.len()
            ));
        }
        if key.trim().is_empty() || key.chars().any(char::is_control) {
            return invalid(
                "an idempotency key has a character that shows, and no control character".to_owned(),
            );
        }
        if key.starts_with(SCHEDULE_KEY) {
            return invalid(format!("idempotency keys that begin with `{SCHEDULE_KEY}` belong to schedules"));
        }
    }
    let mut after = Vec::with_capacity(submission.after.len().min(MOST_PARENTS));
    for parent in submission.after {
        if !after.contains(&parent) {
            after.push(parent);
        }
        if after.len() > MOST_PARENTS {
            return invalid(format!("a job comes after at most {MOST_PARENTS} others"));
        }
    }
    Ok(NewJob {
        id: JobId::new(shared.clock.now(), rand::rng().random()),
        agent: submission.agent,
        action: submission.action,
        payload: submission.payload,
        priority: submission.priority,
        run_at: submission.run_at,
        idempotency_key: submission.idempotency_key,
        max_cost,
        tags: submission.tags,
        after,
        schedule: None,
        upstream: shared.settings.upstream,
    })
}

/// The job of a schedule: of one of its times, or of none where a person asked for it. It is not checked
/// against the agent of today: one that is gone is waited for.
pub(crate) fn template_job(
    shared: &Shared,
    schedule: &Schedule,
    usual: Nanodollars,
    time: Option<Timestamp>,
) -> NewJob {
    let job = &schedule.job;
    NewJob {
        id: JobId::new(shared.clock.now(), rand::rng().random()),
        agent: job.agent.clone(),
        action: job.action.clone(),
        payload: job.payload.clone(),
        priority: job.priority,
        run_at: time,
        idempotency_key: time.map(|time| key(schedule, time)),
        max_cost: job.max_cost.unwrap_or(usual),
        tags: job.tags.clone(),
        after: Vec::new(),
        schedule: Some(schedule.name.clone()),
        upstream: shared.settings.upstream,
    }
}

/// A job that has a label.
struct Labelled {
    line: u64,
    /// None where the job was refused.
    job: Option<JobId>,
    /// The id that it would have had where the store refused it: lines of the same batch name that one.
    gone: Option<JobId>,
}

/// A submission of many jobs. It ends with its value; what was taken in stays.
pub struct Bulk {
    shared: Arc<Shared>,
    checker: Checker,
    labels: HashMap<String, Labelled>,
}

impl Bulk {
    /// Takes jobs in, in one transaction; an answer for each, in their order. One that is refused takes
    /// nobody along but those that come after it. An error of the whole says that none was taken.
    pub async fn take(
        &mut self,
        jobs: Vec<BulkJob>,
    ) -> Result<Vec<Result<BulkTaken, SubmitError>>, StoreError> {
        let usual = self.shared.store.limits().await?.limits.job_usd;
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
            if accepted.is_empty() { Vec::new() } else { self.shared.store.enqueue_many(accepted).await? }
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
        let invalid = |why: String| Err(SubmitError::Invalid(why));
        if let Some(label) = &job.label {
            if label.is_empty() || label.len() > LONGEST_NAME {
                return invalid(format!(
                    "a `ref` has 1 to {LONGEST_NAME} bytes; this one has {}",
                    label.len()
                ));
            }
            if let Some(first) = self.labels.get(label) {
                return invalid(format!("the `ref` `{label}` is that of line {} already", first.line));
            }
        }
        let mut submission = job.submission;
        for after in job.after {
            submission.after.push(match after {
                After::Job(id) => id,
                After::Label(label) => match self.labels.get(&label) {
                    Some(Labelled { job: Some(id), .. }) => *id,
                    Some(Labelled { line, .. }) => return Err(refused(&label, *line)),
                    None => {
                        return invalid(format!(
                            "there is no earlier line with the `ref` `{label}`; a job comes after lines above it"
                        ));
                    }
                },
            });
        }
        checked?;
        new_job(&self.shared, submission, usual)
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
    SubmitError::Invalid(format!("line {line} (`{label}`), which this job comes after, was refused"))
}
