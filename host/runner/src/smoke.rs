//! A smoke call: the version of an agent that is in force describes itself and runs one action against a played Claude.
//! Nothing is sent, spent or kept.

use crate::attempt;
use crate::shared::Runner;
use anvil_api::{SmokeEnd, SmokeReport};
use anvil_sandbox::{AttemptEnd, GuestIdentity, HandedOver, JobHost, Plugin, Stop, WallClock, example};
use anvil_types::words::{GuestRefusal, PlayedAnswer, SmokeRefusal, TeamRefusal};
use anvil_types::{
    AgentValues, ArtifactName, AskError, CallError, CallErrorKind, Clock, ContentBlock, InputInfo, JobError,
    JobId, Json, LogLevel, Nanodollars, Origin, PersonAnswer, QuestionText, Remaining, Reply, Request,
    RequestOption, StateAnswer, StateAsk, StatePage, TeamAnswer, TeamFailure, TeamTask, Timestamp, Usage,
};
use async_trait::async_trait;
use rand::RngExt as _;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines of its log that are told.
const LINES: usize = 100;

impl Runner {
    /// Tries the version of an agent that is in force: with this action, or its first, and this payload, or an example
    /// of what its schema asks for.
    pub async fn smoke(
        &self,
        agent: &str,
        action: Option<&str>,
        payload: Option<Json>,
    ) -> Result<SmokeReport, SmokeRefusal> {
        let shared = &self.shared;
        let named = || agent.to_owned();
        let plugin = shared.catalog.get(agent).ok_or_else(|| SmokeRefusal::NotReady { agent: named() })?;
        let action = match action {
            Some(action) => plugin.info.actions.iter().find(|one| one.name == action),
            None => plugin.info.actions.first(),
        };
        let action = action.ok_or_else(|| SmokeRefusal::NoAction { agent: named() })?;
        let payload = payload.unwrap_or_else(|| of_schema(&action.input_schema));
        let own = shared.settings.agent(agent);
        let limits = attempt::limits(shared, &plugin, &own);
        let calls = own.calls.unwrap_or(shared.settings.calls);
        let described = shared.catalog.describes(&plugin).await.map_err(|error| error.to_string());
        let played = Arc::new(Played::new(own.values, calls, shared.clock.clone()));
        let cancel = shared.shutdown.child_token();
        let ran = shared.sandbox.run(&plugin, &action.name, &payload, played.clone(), limits, &cancel).await;
        Ok(played.report(&plugin, &action.name, payload, described.err(), ran.end, ran.used))
    }
}

/// An example of what a schema asks for.
fn of_schema(schema: &Json) -> Json {
    let schema: Value = serde_json::from_str(schema.as_str()).unwrap_or_default();
    Json::of(&example(&schema))
}

/// Answers a guest as Claude, people and the store would, of its own.
struct Played {
    job: JobId,
    began: Timestamp,
    values: AgentValues,
    most_calls: u32,
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: u32,
    questions: u32,
    tasks: u32,
    lines: Vec<String>,
    files: Vec<(String, u64)>,
}

impl Played {
    fn new(values: AgentValues, most_calls: u32, clock: Arc<dyn Clock>) -> Self {
        let began = clock.now();
        let job = JobId::new(began, rand::rng().random());
        Self { job, began, values, most_calls, clock, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(
        &self,
        plugin: &Plugin,
        action: &str,
        payload: Json,
        described: Option<String>,
        end: AttemptEnd,
        used: anvil_types::AttemptUse,
    ) -> SmokeReport {
        let (end, result, error) = match end {
            AttemptEnd::Succeeded { result, .. } => (SmokeEnd::Succeeded, Some(result), None),
            AttemptEnd::Failed(error) => (SmokeEnd::Failed, None, Some(error)),
            AttemptEnd::Broke(error) => (SmokeEnd::Broke, None, Some(error)),
            AttemptEnd::Stopped(stop) => {
                let error = JobError { kind: "stopped".to_owned(), message: stop.to_string() };
                (SmokeEnd::Stopped, None, Some(error))
            }
        };
        let mut seen = self.seen();
        SmokeReport {
            agent: plugin.info.name.clone(),
            version: plugin.info.version.clone(),
            digest: plugin.digest().to_owned(),
            action: action.to_owned(),
            payload,
            end,
            result,
            error,
            description_fault: described,
            calls: seen.calls,
            questions: seen.questions,
            tasks: seen.tasks,
            files: seen.files.len() as u64,
            file_bytes: seen.files.iter().map(|(_, size)| size).sum(),
            log: std::mem::take(&mut seen.lines),
            used,
        }
    }

    /// The played answer: in the form that the request asks for, or a sentence.
    fn reply(&self, request: &Request) -> Result<Reply, CallError> {
        let mut seen = self.seen();
        if seen.calls >= self.most_calls {
            let spent = GuestRefusal::CallsSpent { most: self.most_calls };
            return Err(CallError::unsent(CallErrorKind::CallsExhausted, spent.to_string()));
        }
        seen.calls += 1;
        let form = request.option(RequestOption::OutputConfig).and_then(|config| {
            let config: Value = serde_json::from_str(config).ok()?;
            Some(example(config.get("format")?.get("schema")?).to_string())
        });
        Ok(Reply {
            content: vec![ContentBlock::Text { text: form.unwrap_or_else(|| PlayedAnswer.to_string()) }],
            stop_reason: "end_turn".to_owned(),
            model: "played".to_owned(),
            usage: Usage::default(),
            cost: Nanodollars::ZERO,
            origin: Origin::Live,
            extras: Vec::new(),
        })
    }
}

#[async_trait]
impl JobHost for Played {
    async fn complete(&self, request: Request, _clock: WallClock) -> Result<Result<Reply, CallError>, Stop> {
        Ok(self.reply(&request))
    }

    async fn complete_many(
        &self,
        requests: Vec<Request>,
        _clock: WallClock,
    ) -> Result<Vec<Result<Reply, CallError>>, Stop> {
        Ok(requests.iter().map(|request| self.reply(request)).collect())
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        let dollar = Nanodollars::from_dollars(1);
        let calls = self.most_calls.saturating_sub(self.seen().calls);
        let (max_input_tokens, max_output_tokens) = (8_000, 2_000);
        Ok(Remaining {
            job: dollar,
            window: dollar,
            calls,
            max_input_tokens,
            max_output_tokens,
            pressure: 0.0,
        })
    }

    /// The first choice, or an example of what is asked for.
    async fn ask(
        &self,
        question: QuestionText,
        _clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop> {
        self.seen().questions += 1;
        let value = match (question.choices.first(), &question.schema) {
            (Some(choice), _) => Json::of(&choice.value),
            (None, Some(schema)) => of_schema(schema),
            (None, None) => Json::of(&PlayedAnswer.to_string()),
        };
        Ok(Ok(PersonAnswer { value, who: None, at: self.clock.now() }))
    }

    /// There is nothing in it, and nothing is kept.
    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        Ok(match ask {
            StateAsk::Get { .. } => StateAnswer::Value(None),
            StateAsk::Set { .. } | StateAsk::CompareAndSet { .. } => StateAnswer::Set(1),
            StateAsk::Delete { .. } => StateAnswer::Deleted(false),
            StateAsk::List { .. } => StateAnswer::Page(StatePage { items: Vec::new(), next: None }),
        })
    }

    fn progress(&self, _fraction: f64, _line: String) {}

    fn log(&self, source: &'static str, _level: LogLevel, line: String) {
        let mut seen = self.seen();
        if seen.lines.len() < LINES {
            seen.lines.push(format!("{source}: {line}"));
        }
    }

    fn handed_over(&self) -> HandedOver {
        HandedOver::default()
    }

    async fn artifact(&self, name: ArtifactName, _media_type: String, bytes: Vec<u8>) -> Result<bool, Stop> {
        self.seen().files.push((name.to_string(), bytes.len() as u64));
        Ok(true)
    }

    fn identity(&self) -> GuestIdentity {
        GuestIdentity { job: self.job, attempt: 1, tags: Vec::new(), parents: Arc::new([]) }
    }

    async fn parent_artifact(&self, parent: &str, _name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        Ok(Err(GuestRefusal::NoTask { job: anvil_types::clip(parent) }.to_string()))
    }

    fn inputs(&self) -> Arc<[InputInfo]> {
        Arc::new([])
    }

    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        Ok(Err(GuestRefusal::NoInput { name: anvil_types::clip(name) }.to_string()))
    }

    /// Nobody is there that work could be handed to.
    async fn team(&self, tasks: Vec<TeamTask>, _clock: WallClock) -> Result<Vec<TeamAnswer>, Stop> {
        self.seen().tasks += u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let refused =
            |task: &TeamTask| Err(TeamFailure::of(&TeamRefusal::NoAgent { agent: &task.agent }, None));
        Ok(tasks.iter().map(refused).collect())
    }

    async fn task_artifact(&self, job: &str, _name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        Ok(Err(GuestRefusal::NoTask { job: anvil_types::clip(job) }.to_string()))
    }

    fn setting(&self, key: &str) -> Option<String> {
        self.values.get(key).map(str::to_owned)
    }

    fn setting_keys(&self) -> Vec<String> {
        self.values.names().map(str::to_owned).collect()
    }

    fn guest_time(&self) -> Timestamp {
        self.began
    }
}
