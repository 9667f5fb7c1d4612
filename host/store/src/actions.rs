//! Actions on all jobs that match a filter.

use anvil_types::{ActionRun, JobAction, JobActionId, JobFilter, JobId};

/// An action on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAction {
    /// Its id.
    pub id: JobActionId,
    /// What is done.
    pub action: JobAction,
    /// With which jobs; place and length of a page do not count.
    pub filter: JobFilter,
    /// Who wants it.
    pub by: String,
}

/// One batch of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionStep {
    /// How it stands now.
    pub run: ActionRun,
    /// Jobs that were running and are cancelled: their guests are to be stopped.
    pub stopped: Vec<JobId>,
}
