//! A run of a job as its guest is told of it: the same on every run, live or against the journal alone.

use crate::bounds::Bounds;
use crate::inputs::Inputs;
use crate::journal::{Journal, Next};
use crate::parents::Parents;
use crate::settings::AgentSettings;
use crate::team_run::TeamRun;
use anvil_sandbox::GuestIdentity;
use anvil_store::{JournalEntry, JournalKind, StoreError};
use anvil_types::words::GuestRefusal;
use anvil_types::{InputInfo, Job, Timestamp, clip};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who the guest is, where it is in its journal, and what bounds its questions.
pub(crate) struct Run {
    pub(crate) job: Job,
    pub(crate) agent: AgentSettings,
    parents: Parents,
    inputs: Inputs,
    journal: Mutex<Journal>,
    bounds: Mutex<Bounds>,
    team: Mutex<TeamRun>,
}

impl Run {
    /// A run from its beginning. The guest's clock begins at `began`: where the job's first attempt did, on every run
    /// alike.
    pub(crate) fn new(
        job: Job,
        agent: AgentSettings,
        parents: Parents,
        inputs: Inputs,
        journal: Vec<JournalEntry>,
        began: Timestamp,
    ) -> Self {
        let journal = Mutex::new(Journal::new(journal, began));
        Self { job, agent, parents, inputs, journal, bounds: Mutex::default(), team: Mutex::default() }
    }

    /// Where it is in its journal. Not to be held over a wait.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What bounds its questions. Not to be held over a wait.
    pub(crate) fn bounds(&self) -> MutexGuard<'_, Bounds> {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it has asked other agents to do. Not to be held over a wait.
    pub(crate) fn team(&self) -> MutexGuard<'_, TeamRun> {
        self.team.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on to the next question.
    pub(crate) fn next(&self, kind: JournalKind, request_hash: [u8; 32]) -> Next {
        self.journal().next(kind, request_hash)
    }

    /// Who the guest is.
    pub(crate) fn identity(&self) -> GuestIdentity {
        GuestIdentity {
            job: self.job.id,
            attempt: self.job.attempts,
            tags: self.job.tags.clone(),
            parents: self.parents.results(),
        }
    }

    /// A file of a job that it came after, or why there is none.
    pub(crate) async fn parent_artifact(
        &self,
        parent: &str,
        name: &str,
    ) -> Result<Result<Vec<u8>, String>, StoreError> {
        self.parents.artifact(parent, name).await
    }

    /// The files that it was submitted with.
    pub(crate) fn inputs(&self) -> Arc<[InputInfo]> {
        self.inputs.all()
    }

    /// One of them, or why there is none.
    pub(crate) async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, StoreError> {
        self.inputs.read(name).await
    }

    /// A file of a job that did one of its tasks, or why there is none.
    pub(crate) async fn task_artifact(
        &self,
        job: &str,
        name: &str,
    ) -> Result<Result<Vec<u8>, String>, StoreError> {
        match job.parse().ok().filter(|job| self.team().is_done(*job)) {
            Some(job) => self.parents.file(job, name).await,
            None => Ok(Err(GuestRefusal::NoTask { job: clip(job) }.to_string())),
        }
    }

    /// What the plugin may read of its configuration.
    pub(crate) fn setting(&self, key: &str) -> Option<String> {
        self.agent.values.get(key).map(str::to_owned)
    }

    /// The names of all that it may read.
    pub(crate) fn setting_keys(&self) -> Vec<String> {
        self.agent.values.names().map(str::to_owned).collect()
    }

    /// What its clocks show.
    pub(crate) fn time(&self) -> Timestamp {
        self.journal().time()
    }
}
