//! A job that is tried on a plugin, apart from any queue: what a guest may ask is answered as in a host, by the same desk
//! and within the same limits, but for people and other agents, for whom somebody stands in.

mod watched;

use crate::attempt;
use crate::rehearsal::{self, Past, Rehearsed};
use crate::runner::{RunnerParts, shared};
use crate::shared::Shared;
use crate::stand_in::StandIn;
use crate::then::Then;
use anvil_sandbox::{AttemptEnd, CancellationToken, Plugin, Ran};
use anvil_store::{Claim, Claimed, Finish, JournalEntry, ReadyAgent, StoreError};
use anvil_types::words::JobFault;
use anvil_types::{AgentValues, AttemptUse, CallError, Job, JobError, NewJob};
use std::sync::Arc;
use std::time::Duration;
use watched::Watched;

/// How long a job that is tried is held: nobody else takes it.
const HELD: Duration = Duration::from_hours(24 * 7);

/// What is tried.
#[derive(Clone, Debug)]
pub struct TrialJob {
    /// The job, as it would be submitted.
    pub job: NewJob,
    /// What its agent reads as its settings.
    pub settings: AgentValues,
    /// What it is answered for as long as it asks just this.
    pub journal: Vec<JournalEntry>,
    /// The job that it is like: it has that one's clock, tags and attempt.
    pub like: Option<Job>,
    /// What every question to Claude is answered, where nobody is to be asked.
    pub claude: Option<CallError>,
}

/// What came of it.
#[derive(Debug)]
pub struct TrialEnd {
    /// How it ended.
    pub end: AttemptEnd,
    /// What a host would wait for at its end, where it would wait: for people to read.
    pub waits: Option<String>,
    /// What it has used.
    pub used: AttemptUse,
    /// Units of fuel that it burnt, where the engine counts them.
    pub fuel: Option<u64>,
    /// Bytes that the host handed to the guest: texts and JSON as they are, files by their bytes.
    pub bytes_in: u64,
    /// Bytes that the guest handed to the host, counted likewise.
    pub bytes_out: u64,
    /// The job, with its money and calls.
    pub job: Job,
}

/// A place where jobs are tried, one after the other. The parts are those of a runner; no queue is looked at.
#[derive(Clone)]
pub struct Trial {
    shared: Arc<Shared>,
}

impl Trial {
    /// Over these parts, whose store is the trial's own.
    pub async fn new(parts: RunnerParts) -> Result<Self, StoreError> {
        Ok(Self { shared: shared(parts).await? })
    }

    /// Tries a job on a plugin. It ends within the limits of a host, or when it is cancelled.
    pub async fn run(
        &self,
        plugin: &Arc<Plugin>,
        tried: TrialJob,
        stand_in: Arc<dyn StandIn>,
        cancel: &CancellationToken,
    ) -> Result<TrialEnd, StoreError> {
        let claude = tried.claude.clone();
        let claimed = self.begin(plugin, tried).await?;
        let (job, lease) = (claimed.job.clone(), claimed.lease);
        let desk = attempt::desk(&self.shared, claimed, plugin, Some(stand_in.clone())).await;
        let (desk, limits) = match desk {
            Ok(desk) => desk,
            Err(then) => return self.not_begun(job, then).await,
        };
        let watched = Arc::new(Watched::new(desk.clone(), stand_in, claude));
        watched.came_in(job.action.len() + job.payload.as_str().len());
        let sandbox = &self.shared.sandbox;
        let run = sandbox.run(plugin, &job.action, &job.payload, watched.clone(), limits, cancel);
        let Ran { end, used, fuel } = run.await;
        let waits = match desk.park_reason() {
            Some(Then::Park(wait)) => Some(wait.detail),
            _ => None,
        };
        let finish = match &end {
            AttemptEnd::Succeeded { result, .. } => {
                watched.went_out(result.as_str().len());
                Finish::Succeeded { result: result.clone() }
            }
            AttemptEnd::Failed(error) | AttemptEnd::Broke(error) => {
                watched.went_out(error.kind.len() + error.message.len());
                Finish::Failed { error: error.clone() }
            }
            AttemptEnd::Stopped(stop) => {
                Finish::Failed { error: JobError { kind: "stopped".to_owned(), message: stop.to_string() } }
            }
        };
        self.shared.store.finish(lease, finish).await?;
        let (bytes_in, bytes_out) = watched.crossed();
        Ok(TrialEnd { end, waits, used, fuel, bytes_in, bytes_out, job: self.as_it_is(job).await? })
    }

    /// Runs a past job on a plugin against its journal alone: nothing is asked of anybody. `tried` is what the past job was
    /// given.
    pub async fn rehearse(
        &self,
        plugin: &Arc<Plugin>,
        tried: TrialJob,
        past: &Past<'_>,
    ) -> Result<Rehearsed, StoreError> {
        let claimed = self.begin(plugin, tried).await?;
        let rehearsed = rehearsal::run(&self.shared, plugin, past).await;
        let over = JobError { kind: "rehearsed".to_owned(), message: String::new() };
        self.shared.store.finish(claimed.lease, Finish::Failed { error: over }).await?;
        Ok(rehearsed)
    }

    // Takes the job in, for the trial alone.
    async fn begin(&self, plugin: &Arc<Plugin>, tried: TrialJob) -> Result<Claimed, StoreError> {
        let TrialJob { job, settings, journal, like, claude: _ } = tried;
        let agent =
            ReadyAgent { name: job.agent.clone(), digest: plugin.digest().to_owned(), settings, warm: false };
        let claim = Claim {
            agents: vec![agent],
            upstream: self.shared.settings.upstream,
            most: 1,
            critical_only: false,
            alive: Vec::new(),
            lease_for: HELD,
        };
        let id = job.id;
        let (_, claimed) = self.shared.store.enqueue_and_claim(job, claim).await?;
        let mut claimed =
            claimed.into_iter().find(|claimed| claimed.job.id == id).ok_or(StoreError::NoSuchJob(id))?;
        claimed.journal = journal;
        if let Some(like) = like {
            claimed.job.started_at = like.started_at;
            claimed.job.created_at = like.created_at;
            claimed.job.attempts = like.attempts.max(1);
            claimed.job.tags = like.tags;
        }
        Ok(claimed)
    }

    async fn not_begun(&self, job: Job, then: Then) -> Result<TrialEnd, StoreError> {
        let error = match then {
            Then::Finish(Finish::Failed { error }) => error,
            _ => JobFault::Died.into(),
        };
        let end = AttemptEnd::Failed(error);
        let used = AttemptUse::default();
        Ok(TrialEnd {
            end,
            waits: None,
            used,
            fuel: None,
            bytes_in: 0,
            bytes_out: 0,
            job: self.as_it_is(job).await?,
        })
    }

    async fn as_it_is(&self, job: Job) -> Result<Job, StoreError> {
        Ok(self.shared.store.job(job.id).await?.unwrap_or(job))
    }
}
