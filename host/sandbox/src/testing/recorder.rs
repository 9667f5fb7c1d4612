//! A job's host that writes down what its guest does.

use crate::{GuestIdentity, HandedOver, JobHost, Stop, WallClock};
use anvil_types::words::{StateRefusal, TeamRefusal};
use anvil_types::{
    ArtifactName, AskError, CallError, ContentBlock, InputDigest, InputInfo, JobId, Json, LogLevel,
    Nanodollars, Origin, PersonAnswer, QuestionText, Remaining, Reply, Request, StateAnswer, StateAsk,
    StatePage, TeamAnswer, TeamFailure, TeamTask, Timestamp, Usage,
};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the recorder does when it is asked.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It replies `hi` after this long.
    Reply(Duration),
    /// It never replies.
    Never,
    /// It ends the attempt.
    Stop(Stop),
}

/// A job's host that writes down what its guest does.
#[derive(Debug)]
pub struct Recorder {
    job: JobId,
    answer: Answer,
    store_delay: Duration,
    before: HandedOver,
    inputs: Vec<(InputInfo, Vec<u8>)>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<Request>,
    questions: Vec<QuestionText>,
    log: Vec<(&'static str, LogLevel, String)>,
    artifacts: Vec<(String, String, usize)>,
    state: Vec<StateAsk>,
    asked: i64,
    inputs_read: u32,
}

impl Recorder {
    /// The host of the job with this number.
    pub fn new(job: u128, answer: Answer) -> Self {
        let job = JobId::new(Timestamp::from_secs(1_700_000_000), job);
        Self {
            job,
            answer,
            store_delay: Duration::ZERO,
            before: HandedOver::default(),
            inputs: Vec::new(),
            seen: Mutex::default(),
        }
    }

    /// Takes this long to store a file.
    #[must_use]
    pub fn storing_for(mut self, delay: Duration) -> Self {
        self.store_delay = delay;
        self
    }

    /// The job has handed this over before.
    #[must_use]
    pub fn having_handed_over(mut self, before: HandedOver) -> Self {
        self.before = before;
        self
    }

    /// The job was submitted with these files.
    #[must_use]
    pub fn submitted_with(mut self, files: &[(&str, &[u8])]) -> Self {
        let input = |(name, bytes): &(&str, &[u8])| {
            let info = InputInfo {
                name: name.parse().expect("a file's name"),
                media_type: "text/plain".to_owned(),
                size: bytes.len() as u64,
                digest: InputDigest(*blake3::hash(bytes).as_bytes()),
            };
            (info, bytes.to_vec())
        };
        self.inputs = files.iter().map(input).collect();
        self
    }

    /// How many of its files it has read.
    pub fn inputs_read(&self) -> u32 {
        self.seen().inputs_read
    }

    /// The questions.
    pub fn requests(&self) -> Vec<Request> {
        self.seen().requests.clone()
    }

    /// The questions to people.
    pub fn questions(&self) -> Vec<QuestionText> {
        self.seen().questions.clone()
    }

    /// The log: source, level and line.
    pub fn log_lines(&self) -> Vec<(&'static str, LogLevel, String)> {
        self.seen().log.clone()
    }

    /// The artifacts: name, media type and size.
    pub fn artifacts(&self) -> Vec<(String, String, usize)> {
        self.seen().artifacts.clone()
    }

    /// What was asked of the agent's state.
    pub fn state_asks(&self) -> Vec<StateAsk> {
        self.seen().state.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self) -> Result<Reply, Stop> {
        match &self.answer {
            Answer::Reply(delay) => tokio::time::sleep(*delay).await,
            Answer::Never => std::future::pending().await,
            Answer::Stop(stop) => return Err(stop.clone()),
        }
        self.seen().asked += 1;
        Ok(Reply {
            content: vec![ContentBlock::Text { text: "hi".to_owned() }],
            stop_reason: "end_turn".to_owned(),
            model: "test".to_owned(),
            usage: Usage::default(),
            cost: Nanodollars::new(1),
            origin: Origin::Live,
            extras: Vec::new(),
        })
    }
}

#[async_trait]
impl JobHost for Recorder {
    async fn complete(&self, request: Request, clock: WallClock) -> Result<Result<Reply, CallError>, Stop> {
        self.seen().requests.push(request);
        let _waits = clock.waits();
        self.answer().await.map(Ok)
    }

    async fn complete_many(
        &self,
        requests: Vec<Request>,
        clock: WallClock,
    ) -> Result<Vec<Result<Reply, CallError>>, Stop> {
        let mut replies = Vec::new();
        for request in requests {
            replies.push(self.complete(request, clock.clone()).await?);
        }
        Ok(replies)
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        Ok(Remaining {
            job: Nanodollars::new(1),
            window: Nanodollars::new(1),
            calls: 1,
            max_input_tokens: 1,
            max_output_tokens: 1,
            pressure: 0.0,
        })
    }

    async fn ask(
        &self,
        question: QuestionText,
        _clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop> {
        self.seen().questions.push(question);
        match &self.answer {
            Answer::Reply(delay) => tokio::time::sleep(*delay).await,
            Answer::Never => std::future::pending().await,
            Answer::Stop(stop) => return Err(stop.clone()),
        }
        let at = self.guest_time();
        Ok(Ok(PersonAnswer { value: Json::of("yes"), who: Some("ann".to_owned()), at }))
    }

    /// It takes five keys, and keeps none.
    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        const MOST: u64 = 5;
        let mut seen = self.seen();
        seen.state.push(ask.clone());
        let asked = seen.state.len() as u64;
        Ok(match ask {
            StateAsk::Get { .. } => StateAnswer::Value(None),
            StateAsk::Set { .. } | StateAsk::CompareAndSet { .. } if asked > MOST => {
                StateAnswer::Refused(StateRefusal::KeysFull { keys: MOST, most: MOST }.into())
            }
            StateAsk::Set { .. } | StateAsk::CompareAndSet { .. } => StateAnswer::Set(asked),
            StateAsk::Delete { .. } => StateAnswer::Deleted(false),
            StateAsk::List { .. } => StateAnswer::Page(StatePage { items: Vec::new(), next: None }),
        })
    }

    fn progress(&self, _fraction: f64, _line: String) {}

    fn handed_over(&self) -> HandedOver {
        self.before.clone()
    }

    fn log(&self, source: &'static str, level: LogLevel, line: String) {
        self.seen().log.push((source, level, line));
    }

    async fn artifact(&self, name: ArtifactName, media_type: String, bytes: Vec<u8>) -> Result<bool, Stop> {
        tokio::time::sleep(self.store_delay).await;
        self.seen().artifacts.push((name.into(), media_type, bytes.len()));
        Ok(true)
    }

    fn identity(&self) -> GuestIdentity {
        GuestIdentity { job: self.job, attempt: 1, tags: Vec::new(), parents: Arc::new([]) }
    }

    fn inputs(&self) -> Arc<[InputInfo]> {
        self.inputs.iter().map(|(info, _)| info.clone()).collect()
    }

    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.seen().inputs_read += 1;
        let found = self.inputs.iter().find(|(info, _)| info.name.as_str() == name);
        Ok(found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| format!("there is no file `{name}`")))
    }

    async fn parent_artifact(&self, _parent: &str, _name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        Ok(Err("this job came after no other".to_owned()))
    }

    /// Every task fails: this job has no team.
    async fn team(&self, tasks: Vec<TeamTask>, _clock: WallClock) -> Result<Vec<TeamAnswer>, Stop> {
        let refused =
            |task: TeamTask| Err(TeamFailure::of(&TeamRefusal::NoAgent { agent: &task.agent }, None));
        Ok(tasks.into_iter().map(refused).collect())
    }

    async fn task_artifact(&self, _job: &str, _name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        Ok(Err("this job has handed over no task".to_owned()))
    }

    fn setting(&self, _key: &str) -> Option<String> {
        None
    }

    fn setting_keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Five seconds pass with each answer.
    fn guest_time(&self) -> Timestamp {
        Timestamp::from_secs(1_000 + 5 * self.seen().asked)
    }
}
