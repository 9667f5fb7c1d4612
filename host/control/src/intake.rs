//! Jobs on their way in.

use crate::bulk_intake::BulkIntake;
use crate::checker::Checker;
use crate::import::Import;
use crate::making::Making;
use crate::parts::ControlParts;
use crate::{Submission, SubmitError, Submitted, Upload};
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::{Enqueued, Store};
use anvil_types::words::InputRefusal;
use anvil_types::{InputLimits, NewInput, PerAgent};
use std::path::PathBuf;
use std::sync::Arc;

/// Jobs on their way in: one, many, or those of another host's export.
pub struct IntakeControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    runner: Runner,
    making: Making,
    inputs: PerAgent<InputLimits>,
    uploads: PathBuf,
}

impl IntakeControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            runner: parts.runner.clone(),
            making: Making::new(parts),
            inputs: parts.settings.inputs.clone(),
            uploads: parts.settings.uploads.clone(),
        }
    }

    /// How much of files a job of this agent may come with.
    pub fn input_limits(&self, agent: &str) -> InputLimits {
        *self.inputs.of(agent)
    }

    /// How much of files a job of any agent may come with: whose it is may be said after its files.
    pub fn widest_inputs(&self) -> InputLimits {
        self.inputs.widest()
    }

    /// Begins to take in the files of a job that is still to be submitted.
    pub fn upload(&self) -> Upload {
        Upload::new(self.widest_inputs(), self.uploads.clone())
    }

    /// Takes a job in.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let submission = self.with_files_of(submission).await?;
        let submission = Checker::new(&self.catalog).check(submission).await?;
        let job = self.making.job(submission, self.making.usual_cost().await?)?;
        Ok(match self.runner.enqueue(job).await? {
            Enqueued::New(job) => Submitted { job, new: true },
            Enqueued::Existing(job) => Submitted { job, new: false },
        })
    }

    /// With the files of the job that it names, but for those in whose place others were sent.
    async fn with_files_of(&self, mut submission: Submission) -> Result<Submission, SubmitError> {
        let Some(id) = submission.files_of else { return Ok(submission) };
        let other = self.store.job(id).await?.ok_or(InputRefusal::NoSuchJob { job: id })?;
        for info in other.inputs {
            if !submission.inputs.iter().any(|sent| sent.info.name == info.name) {
                submission.inputs.push(NewInput { info, bytes: None });
            }
        }
        Ok(submission)
    }

    /// Begins a submission of many jobs, each of which may come after an earlier one by its label.
    pub fn bulk(&self) -> BulkIntake {
        BulkIntake::new(self.store.clone(), Checker::new(&self.catalog), self.making.clone())
    }

    /// Begins to take in the jobs of an export: `by` whom, and `what` it is, for the trace that it leaves.
    pub fn import(&self, by: &str, what: String) -> Import {
        Import::new(self.store.clone(), Checker::new(&self.catalog), self.making.clone(), by, what)
    }
}
