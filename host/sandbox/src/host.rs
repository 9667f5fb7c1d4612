//! What a running guest may ask of the rest of the house.

use crate::wall::WallClock;
use anvil_types::{
    ArtifactName, AskError, CallError, InputInfo, JobId, LogLevel, ParentResult, PersonAnswer, QuestionText,
    Remaining, Reply, Request, StateAnswer, StateAsk, TeamAnswer, TeamTask, Timestamp,
};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;

/// The attempt ends here, by no fault of the guest: the host function does not return to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The job has been parked; it will run again and get its journal back.
    #[error("the job is parked")]
    Parked,
    /// A person cancelled the job.
    #[error("the job is cancelled")]
    Cancelled,
    /// Another attempt holds a newer lease.
    #[error("the attempt's lease is lost")]
    LeaseLost,
    /// The host shuts down; the job goes on at the next start.
    #[error("the host shuts down")]
    Shutdown,
    /// The store failed; what the guest did since cannot be kept.
    #[error("the store failed: {0}")]
    Store(String),
}

/// Who a guest's job is.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestIdentity {
    /// The job.
    pub job: JobId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Its tags.
    pub tags: Vec<String>,
    /// The jobs that it came after.
    pub parents: Arc<[ParentResult]>,
}

/// What a job has handed over before its guest begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// The sizes of its files, by name.
    pub files: HashMap<ArtifactName, usize>,
    /// Bytes that this attempt has written already, in runs before this one; also of files that were replaced.
    pub written: usize,
}

/// The one way out of a guest, one for each attempt.
///
/// `sandbox` calls it, `runner` implements it over the gateway and the store. A `Stop` ends the guest
/// at once; every other answer goes back into it.
#[async_trait]
pub trait JobHost: Send + Sync + 'static {
    /// Asks Claude, from the journal where the job has asked this before. `clock` stands for as long as the
    /// question really waits for Claude, pace or money; all else that a guest asks runs on its own time.
    async fn complete(&self, request: Request, clock: WallClock) -> Result<Result<Reply, CallError>, Stop>;

    /// Asks several questions at once; the answers in the order of the questions.
    async fn complete_many(
        &self,
        requests: Vec<Request>,
        clock: WallClock,
    ) -> Result<Vec<Result<Reply, CallError>>, Stop>;

    /// What the job may still spend; journalled, so many times as the host bounds.
    async fn allowance(&self) -> Result<Remaining, Stop>;

    /// Asks a person, from the journal where the job has asked this before. The question is within its bounds. `clock`
    /// stands for as long as somebody thinks; as a rule the attempt is parked meanwhile.
    async fn ask(
        &self,
        question: QuestionText,
        clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop>;

    /// Asks the agent's own state; journalled, so many times as the host bounds.
    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop>;

    /// How far the job is: `fraction` already clamped to 0..=1, `line` already cut. Never blocks: only the
    /// newest of those that come in quick succession is kept.
    fn progress(&self, fraction: f64, line: String);

    /// A line for the job's log; never blocks. `source` is `guest`, `stdout` or `stderr`.
    fn log(&self, source: &'static str, level: LogLevel, line: String);

    /// What the job has handed over so far, in this attempt and those before it.
    fn handed_over(&self) -> HandedOver;

    /// Takes a file. The sandbox has already checked the name and the job's limits. Answers whether it was
    /// written; not where the job has just this file already.
    async fn artifact(&self, name: ArtifactName, media_type: String, bytes: Vec<u8>) -> Result<bool, Stop>;

    /// Who the job is.
    fn identity(&self) -> GuestIdentity;

    /// A parent's file, or why there is none.
    async fn parent_artifact(&self, parent: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop>;

    /// The files that the job was submitted with, by name.
    fn inputs(&self) -> Arc<[InputInfo]>;

    /// One of them, or why there is none. They never change, so that they are read anew and not journalled.
    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop>;

    /// Has other agents do tasks, all at once; the answers in the order of the tasks, from the journal where the job has
    /// asked for them before. `clock` stands for as long as they are looked at; while they are under way the attempt is
    /// parked.
    async fn team(&self, tasks: Vec<TeamTask>, clock: WallClock) -> Result<Vec<TeamAnswer>, Stop>;

    /// A file of a task that was done, or why there is none.
    async fn task_artifact(&self, job: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop>;

    /// One of the agent's own settings.
    fn setting(&self, key: &str) -> Option<String>;

    /// The names of all of the agent's settings, sorted.
    fn setting_keys(&self) -> Vec<String>;

    /// The time that the guest's clocks show: it moves only when `complete`, `complete_many`, `allowance`, `team` or
    /// `state` return, and a replay gives the same times.
    fn guest_time(&self) -> Timestamp;
}
