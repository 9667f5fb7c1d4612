//! A desk that tells of every step, and counts what crosses it.

use crate::desk::Desk;
use crate::journal::Answer;
use crate::stand_in::{StandIn, TrialStep};
use anvil_sandbox::{GuestIdentity, HandedOver, JobHost, Stop, WallClock};
use anvil_types::{
    ArtifactName, AskError, CallError, InputInfo, Json, LogLevel, PersonAnswer, QuestionText, Remaining,
    Request, StateAnswer, StateAsk, TeamAnswer, TeamTask, Timestamp,
};
use async_trait::async_trait;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A desk that tells of every step. What is said of the job goes to whoever watches, and not into a log.
pub(super) struct Watched {
    desk: Arc<Desk>,
    stand_in: Arc<dyn StandIn>,
    claude: Option<CallError>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Watched {
    pub(super) fn new(desk: Arc<Desk>, stand_in: Arc<dyn StandIn>, claude: Option<CallError>) -> Self {
        Self { desk, stand_in, claude, bytes_in: AtomicU64::new(0), bytes_out: AtomicU64::new(0) }
    }

    /// So many bytes went to the guest.
    pub(super) fn came_in(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// So many bytes came from the guest.
    pub(super) fn went_out(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes to the guest, and from it.
    pub(super) fn crossed(&self) -> (u64, u64) {
        (self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }

    fn told<Q: Serialize, A: Serialize>(&self, asked: &Q, answered: &A, step: TrialStep<'_>) {
        self.went_out(length(asked));
        self.came_in(length(answered));
        self.stand_in.told(step);
    }

    fn read(&self, name: &str, read: &Result<Vec<u8>, String>) {
        self.went_out(name.len());
        self.came_in(read.as_ref().map_or_else(String::len, Vec::len));
    }
}

/// How long a value is as JSON.
fn length(value: &impl Serialize) -> usize {
    Json::of(value).as_str().len()
}

#[async_trait]
impl JobHost for Watched {
    async fn complete(&self, request: Request, clock: WallClock) -> Result<Answer, Stop> {
        let began = Instant::now();
        let answer = match &self.claude {
            Some(error) => Err(error.clone()),
            None => self.desk.complete(request.clone(), clock).await?,
        };
        let step = TrialStep::Call { request: &request, answer: &answer, took: began.elapsed() };
        self.told(&request, &answer, step);
        Ok(answer)
    }

    async fn complete_many(&self, requests: Vec<Request>, clock: WallClock) -> Result<Vec<Answer>, Stop> {
        let began = Instant::now();
        let answers = match &self.claude {
            Some(error) => vec![Err(error.clone()); requests.len()],
            None => self.desk.complete_many(requests.clone(), clock).await?,
        };
        for (request, answer) in requests.iter().zip(&answers) {
            self.told(request, answer, TrialStep::Call { request, answer, took: began.elapsed() });
        }
        Ok(answers)
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        let remaining = self.desk.allowance().await?;
        self.told(&(), &remaining, TrialStep::Allowance(&remaining));
        Ok(remaining)
    }

    async fn ask(
        &self,
        question: QuestionText,
        clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop> {
        let answer = self.desk.ask(question.clone(), clock).await?;
        self.told(&question, &answer, TrialStep::Question { question: &question, answer: &answer });
        Ok(answer)
    }

    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        let answer = self.desk.state(ask.clone()).await?;
        let out = match &ask {
            StateAsk::Set { value, .. } | StateAsk::CompareAndSet { value, .. } => value.len(),
            _ => 0,
        };
        self.went_out(out);
        self.came_in(answer.bytes());
        self.stand_in.told(TrialStep::State { ask: &ask, answer: &answer });
        Ok(answer)
    }

    async fn team(&self, tasks: Vec<TeamTask>, clock: WallClock) -> Result<Vec<TeamAnswer>, Stop> {
        let answers = self.desk.team(tasks.clone(), clock).await?;
        for (task, answer) in tasks.iter().zip(&answers) {
            self.told(task, answer, TrialStep::Task { task, answer });
        }
        Ok(answers)
    }

    async fn task_artifact(&self, job: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        let read = self.desk.task_artifact(job, name).await?;
        self.read(name, &read);
        Ok(read)
    }

    fn progress(&self, fraction: f64, line: String) {
        self.went_out(line.len());
        self.stand_in.told(TrialStep::Progress { fraction, line: &line });
    }

    fn handed_over(&self) -> HandedOver {
        self.desk.handed_over()
    }

    fn log(&self, source: &'static str, level: LogLevel, line: String) {
        self.went_out(line.len());
        self.stand_in.told(TrialStep::Log { source, level, line: &line });
    }

    async fn artifact(&self, name: ArtifactName, media_type: String, bytes: Vec<u8>) -> Result<bool, Stop> {
        self.went_out(name.as_str().len() + media_type.len() + bytes.len());
        self.stand_in.told(TrialStep::Artifact {
            name: name.as_str(),
            media_type: &media_type,
            bytes: &bytes,
        });
        self.desk.artifact(name, media_type, bytes).await
    }

    fn identity(&self) -> GuestIdentity {
        self.desk.identity()
    }

    async fn parent_artifact(&self, parent: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        let read = self.desk.parent_artifact(parent, name).await?;
        self.read(name, &read);
        Ok(read)
    }

    fn inputs(&self) -> Arc<[InputInfo]> {
        self.desk.inputs()
    }

    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        let read = self.desk.input(name).await?;
        self.read(name, &read);
        let bytes = read.as_ref().ok().map(Vec::len);
        self.stand_in.told(TrialStep::Input { name, bytes });
        Ok(read)
    }

    fn setting(&self, key: &str) -> Option<String> {
        let value = self.desk.setting(key);
        self.came_in(value.as_ref().map_or(0, String::len));
        value
    }

    fn setting_keys(&self) -> Vec<String> {
        self.desk.setting_keys()
    }

    fn guest_time(&self) -> Timestamp {
        self.desk.guest_time()
    }
}
