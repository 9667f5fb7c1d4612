//! The host's side of a job that is run once more against its journal: nothing is spent, sent or written.

use crate::attempt;
use crate::inputs::Inputs;
use crate::journal::{Answer, Next, hash, read};
use crate::parents::Parents;
use crate::run::Run;
use crate::settings::AgentSettings;
use crate::shared::Shared;
use crate::state_question::question;
use anvil_sandbox::{AttemptEnd, GuestIdentity, HandedOver, JobHost, Plugin, Stop, WallClock};
use anvil_store::{JournalEntry, JournalKind, StoreError};
use anvil_types::{
    ArtifactName, AskError, InputInfo, Job, Json, LogLevel, Origin, PersonAnswer, QuestionText, Remaining,
    Request, StateAnswer, StateAsk, TeamAnswer, TeamTask, Timestamp,
};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};

/// What the guest asked at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The place.
    pub position: u32,
    /// What is asked for.
    pub kind: JournalKind,
    /// The request, where it is one to Claude, to people, to the agent's state or to another agent.
    pub request: Option<Json>,
    /// Whether the journal has the answer to just this.
    pub known: bool,
}

/// What is run once more.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// The job, as it ended.
    pub job: &'a Job,
    /// Its journal.
    pub journal: &'a [JournalEntry],
    /// When the run began that came to the job's end. What was answered before, it had out of the journal too, and was
    /// told so.
    pub live_since: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Rehearsed {
    /// All that was asked, in its order.
    pub asked: Vec<Asked>,
    /// How it ended.
    pub end: AttemptEnd,
}

/// Runs a past job on a plugin.
pub(crate) async fn run(shared: &Shared, plugin: &Arc<Plugin>, past: &Past<'_>) -> Rehearsed {
    let job = past.job;
    let failed = |error: StoreError| {
        let end = AttemptEnd::Stopped(Stop::Store(error.to_string()));
        Rehearsed { asked: Vec::new(), end }
    };
    let mut agent = shared.settings.agent(&job.agent);
    match shared.store.job_settings(job.id).await {
        // What it read then.
        Ok(Some(pinned)) => agent.values = pinned,
        Ok(None) => {}
        Err(error) => return failed(error),
    }
    let limits = attempt::limits(shared, plugin, &agent);
    let parents = match Parents::load(&shared.store, job).await {
        Ok(parents) => parents,
        Err(error) => return failed(error),
    };
    let host = Arc::new(Rehearsal::new(past, agent, parents, Inputs::of(job, &shared.store)));
    let cancel = shared.shutdown.child_token();
    let ran = shared.sandbox.run(plugin, &job.action, &job.payload, host.clone(), limits, &cancel).await;
    Rehearsed { asked: host.asked(), end: ran.end }
}

/// Answers from the journal, and refuses the first question that is not in it.
struct Rehearsal {
    run: Run,
    live_since: Timestamp,
    asked: Mutex<Vec<Asked>>,
}

impl Rehearsal {
    fn new(past: &Past<'_>, agent: AgentSettings, parents: Parents, inputs: Inputs) -> Self {
        let job = past.job.clone();
        let began = job.started_at.unwrap_or(job.created_at);
        Self {
            run: Run::new(job, agent, parents, inputs, past.journal.to_vec(), began),
            live_since: past.live_since,
            asked: Mutex::default(),
        }
    }

    /// All that was asked, in its order.
    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    // The journal's entry for a question; none where there is no such entry.
    fn place(&self, kind: JournalKind, hash: [u8; 32], request: Option<Json>) -> Option<JournalEntry> {
        let (position, entry) = {
            let mut journal = self.run.journal();
            let position = journal.position();
            match journal.next(kind, hash) {
                Next::Known(entry) => (position, Some(entry)),
                Next::Live { .. } => (position, None),
            }
        };
        let asked = Asked { position, kind, request, known: entry.is_some() };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        entry
    }

    fn call(&self, request: &Request) -> Option<JournalEntry> {
        self.place(JournalKind::Call, hash(request), Some(Json::of(request)))
    }

    fn answer(&self, entry: Option<JournalEntry>) -> Result<Answer, Stop> {
        let entry = entry.ok_or(Stop::Parked)?;
        let mut answer: Answer = read(&entry)?;
        self.run.bounds().answered(&answer);
        if let Ok(reply) = &mut answer
            && entry.at < self.live_since
        {
            reply.origin = Origin::Journal;
        }
        Ok(answer)
    }
}

#[async_trait]
impl JobHost for Rehearsal {
    async fn complete(&self, request: Request, _clock: WallClock) -> Result<Answer, Stop> {
        if let Some(error) = self.run.bounds().exhausted() {
            return Ok(Err(error));
        }
        self.answer(self.call(&request))
    }

    async fn complete_many(&self, requests: Vec<Request>, _clock: WallClock) -> Result<Vec<Answer>, Stop> {
        if let Some(error) = self.run.bounds().exhausted() {
            return Ok(vec![Err(error); requests.len()]);
        }
        // Each is looked at, so that all that differ are told.
        let entries: Vec<_> = requests.iter().map(|request| self.call(request)).collect();
        entries.into_iter().map(|entry| self.answer(entry)).collect()
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        if let Some(last) = self.run.bounds().last_allowance() {
            return Ok(last);
        }
        let entry = self.place(JournalKind::Allowance, hash("allowance"), None).ok_or(Stop::Parked)?;
        let remaining: Remaining = read(&entry)?;
        self.run.bounds().allowed(&remaining);
        Ok(remaining)
    }

    // Nobody is asked: what the journal does not have ends it, as a call does.
    async fn ask(
        &self,
        text: QuestionText,
        _clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop> {
        let request = Some(Json::of(&text));
        let entry = self.place(JournalKind::Question, hash(&text), request).ok_or(Stop::Parked)?;
        read(&entry)
    }

    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        if let Some(refusal) = self.run.bounds().state_spent() {
            return Ok(StateAnswer::Refused(refusal.into()));
        }
        let question = question(&ask);
        let entry = self.place(JournalKind::State, hash(&question), Some(question)).ok_or(Stop::Parked)?;
        let answer = read(&entry)?;
        self.run.bounds().state_told(&answer);
        Ok(answer)
    }

    async fn team(&self, tasks: Vec<TeamTask>, _clock: WallClock) -> Result<Vec<TeamAnswer>, Stop> {
        // Each is looked at, so that all that differ are told; nothing is handed over.
        let mut entries = Vec::with_capacity(tasks.len());
        for task in &tasks {
            let request_hash = hash(task);
            let asked = self.run.team().ask(request_hash);
            entries.push(match asked {
                Ok(_) => Ok(self.place(JournalKind::Team, request_hash, Some(Json::of(task)))),
                Err(failure) => Err(failure),
            });
        }
        let mut answers: Vec<TeamAnswer> = Vec::with_capacity(entries.len());
        for entry in entries {
            answers.push(match entry {
                Ok(entry) => read(&entry.ok_or(Stop::Parked)?)?,
                Err(failure) => Err(failure),
            });
        }
        self.run.team().answered(&answers);
        Ok(answers)
    }

    async fn task_artifact(&self, job: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.task_artifact(job, name).await.map_err(|error| Stop::Store(error.to_string()))
    }

    fn progress(&self, _fraction: f64, _line: String) {}

    // As a first run has it: nothing is written.
    fn handed_over(&self) -> HandedOver {
        HandedOver::default()
    }

    fn log(&self, _source: &'static str, _level: LogLevel, _line: String) {}

    async fn artifact(
        &self,
        _name: ArtifactName,
        _media_type: String,
        _bytes: Vec<u8>,
    ) -> Result<bool, Stop> {
        Ok(true)
    }

    fn identity(&self) -> GuestIdentity {
        self.run.identity()
    }

    async fn parent_artifact(&self, parent: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.parent_artifact(parent, name).await.map_err(|error| Stop::Store(error.to_string()))
    }

    fn inputs(&self) -> Arc<[InputInfo]> {
        self.run.inputs()
    }

    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.input(name).await.map_err(|error| Stop::Store(error.to_string()))
    }

    fn setting(&self, key: &str) -> Option<String> {
        self.run.setting(key)
    }

    fn setting_keys(&self) -> Vec<String> {
        self.run.setting_keys()
    }

    fn guest_time(&self) -> Timestamp {
        self.run.time()
    }
}
