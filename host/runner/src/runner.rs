//! The facade: what the faces may ask.

use crate::{LimitsView, Status, Submission, SubmitError, Submitted};
use anvil_store::{BrakeState, JobFilter, JobPage, StoreError};
use anvil_types::{
    AgentInfo, ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, Event, Job, JobId, LimitsPatch,
    LogLine, Timestamp,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// The running host without its faces.
pub struct Runner {}

#[expect(unused_variables, clippy::unused_async, reason = "signatures first")]
impl Runner {
    /// Takes a job in.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        todo!()
    }
    /// A job; a queued one says what it waits for.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        todo!()
    }
    /// A page of jobs; queued ones say what they wait for.
    pub async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        todo!()
    }
    /// A job's attempts.
    pub async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        todo!()
    }
    /// A job's calls, the oldest first.
    pub async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        todo!()
    }
    /// Lines of a job's log after a place.
    pub async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        todo!()
    }
    /// A job's files.
    pub async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        todo!()
    }
    /// One file with its bytes.
    pub async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        todo!()
    }
    /// Stops a job.
    pub async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        todo!()
    }
    /// Runs a failed or cancelled job again.
    pub async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        todo!()
    }
    /// Every plugin file and what it says of itself.
    pub fn agents(&self) -> Vec<AgentInfo> {
        todo!()
    }
    /// Switches an agent on or off; `None` where there is no such agent.
    pub async fn set_agent_enabled(
        &self,
        name: &str,
        enabled: bool,
        by: &str,
    ) -> Result<Option<AgentInfo>, StoreError> {
        todo!()
    }
    /// How the host stands.
    pub async fn status(&self) -> Result<Status, StoreError> {
        todo!()
    }
    /// The limits in force and where each comes from.
    pub async fn limits(&self) -> Result<LimitsView, StoreError> {
        todo!()
    }
    /// Changes limits; `reset` names limits that go back to the settings. `SubmitError::Invalid` where
    /// they make no sense together.
    pub async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsView, SubmitError> {
        todo!()
    }
    /// The brake.
    pub async fn brake(&self) -> Result<BrakeState, StoreError> {
        todo!()
    }
    /// Engages or releases the brake by a person's hand.
    pub async fn set_brake(&self, engaged: bool, reason: &str, by: &str) -> Result<BrakeState, StoreError> {
        todo!()
    }
    /// The ledger, the newest first.
    pub async fn ledger(&self, after: Option<CallId>, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        todo!()
    }
    /// Events as they are published.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        todo!()
    }
    /// Events after a place.
    pub async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        todo!()
    }
    /// The place of the newest event.
    pub async fn last_event(&self) -> Result<u64, StoreError> {
        todo!()
    }
    /// The text that streams into a job now: what has come so far, and what follows.
    pub fn live_text(&self, job: JobId) -> Option<(String, broadcast::Receiver<String>)> {
        todo!()
    }
    /// The host's time.
    pub fn now(&self) -> Timestamp {
        todo!()
    }
    /// Drives the host's clock ahead; only with the simulator.
    pub fn drive_clock(&self, by: Duration) -> Result<Timestamp, String> {
        todo!()
    }
}
