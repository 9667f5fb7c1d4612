//! Jobs on their way in.

use crate::bulk_intake::BulkIntake;
use crate::checker::Checker;
use crate::import::Import;
use crate::making::Making;
use crate::parts::ControlParts;
use crate::{Submission, SubmitError, Submitted};
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::{Enqueued, Store};
use std::sync::Arc;

/// Jobs on their way in: one, many, or those of another host's export.
pub struct IntakeControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    runner: Runner,
    making: Making,
}

impl IntakeControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            runner: parts.runner.clone(),
            making: Making::new(parts),
        }
    }

    /// Takes a job in.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let submission = Checker::new(&self.catalog).check(submission).await?;
        let job = self.making.job(submission, self.making.usual_cost().await?)?;
        Ok(match self.runner.enqueue(job).await? {
            Enqueued::New(job) => Submitted { job, new: true },
            Enqueued::Existing(job) => Submitted { job, new: false },
        })
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
