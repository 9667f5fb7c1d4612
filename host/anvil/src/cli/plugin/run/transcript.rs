//! What a plugin does, step by step, as it does it.

use super::people::People;
use crate::failure::Failure;
use crate::show::{clean, first_line, print, size};
use anvil_runner::{StandIn, TrialStep};
use anvil_types::words::TeamRefusal;
use anvil_types::{
    ArtifactInfo, AskError, CallError, Clock, ContentBlock, JobId, Json, LogLevel, Nanodollars, PersonAnswer,
    QuestionText, Reply, Request, Role, ShownMicros, StateAnswer, StateAsk, TeamAnswer, TeamDone,
    TeamFailure, TeamTask,
};
use async_trait::async_trait;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Characters of a text that stand on one line.
const SHOWN: usize = 96;

/// Tells each step: as lines at once, or as JSON at the end.
pub(super) struct Transcript {
    people: People,
    lead: String,
    tasks: BTreeMap<String, Json>,
    clock: Arc<dyn Clock>,
    calls: AtomicU32,
    /// The steps as JSON, where that is wished.
    steps: Option<Mutex<Vec<Value>>>,
    /// What went wrong with telling.
    failure: Mutex<Option<Failure>>,
}

impl Transcript {
    /// Of a run of the agent `lead`, for which these agents have these results.
    pub(super) fn new(
        people: People,
        lead: String,
        tasks: BTreeMap<String, Json>,
        json: bool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let steps = json.then(Mutex::default);
        Self { people, lead, tasks, clock, calls: AtomicU32::new(0), steps, failure: Mutex::default() }
    }

    /// Whether all was told, and people answered as they can.
    pub(super) fn told_all(&self) -> Result<(), Failure> {
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        self.people.misuse().map_or(Ok(()), |misuse| Err(Failure::Usage(misuse)))
    }

    /// The steps as JSON.
    pub(super) fn steps(&self) -> Vec<Value> {
        let taken = |steps: &Mutex<Vec<Value>>| {
            std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.steps.as_ref().map(taken).unwrap_or_default()
    }

    fn tell(&self, step: &TrialStep<'_>) -> Result<(), Failure> {
        match &self.steps {
            Some(steps) => {
                steps.lock().unwrap_or_else(PoisonError::into_inner).push(as_json(step));
                Ok(())
            }
            None => print(&lines(step, || self.calls.fetch_add(1, Ordering::Relaxed) + 1)),
        }
    }
}

#[async_trait]
impl StandIn for Transcript {
    async fn person(&self, question: &QuestionText) -> Result<PersonAnswer, AskError> {
        self.people.answer(question, &*self.clock).await
    }

    async fn agent(&self, task: &TeamTask) -> TeamAnswer {
        match self.tasks.get(&task.agent) {
            Some(result) => Ok(TeamDone {
                job: JobId::new(self.clock.now(), rand::rng().random()),
                agent: task.agent.clone(),
                result: result.as_str().to_owned(),
                artifacts: Vec::<ArtifactInfo>::new(),
                cost: Nanodollars::ZERO,
            }),
            None => {
                let refusal = TeamRefusal::NotAllowed { lead: &self.lead, agent: &task.agent };
                Err(TeamFailure::of(&refusal, None))
            }
        }
    }

    fn told(&self, step: TrialStep<'_>) {
        if let Err(failure) = self.tell(&step) {
            // Nobody reads any more: the run is over.
            self.people.stop().cancel();
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        }
    }
}

/// A step in a line or two. `number` counts calls.
fn lines(step: &TrialStep<'_>, number: impl FnOnce() -> u32) -> String {
    match step {
        TrialStep::Call { request, answer, took } => {
            let asked = format!("{:<10}{}. {}", "claude", number(), asked(request));
            let took = ShownMicros(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            format!("{asked}\n{:<10}-> {}, {took}", "", answered(answer))
        }
        TrialStep::Allowance(left) => {
            format!("{:<10}{} left for the job, {} calls", "allowance", left.job, left.calls)
        }
        TrialStep::Question { question, answer } => {
            let prompt = first_line(&question.prompt, SHOWN);
            let answer = match answer {
                Ok(answer) => first_line(answer.value.as_str(), SHOWN),
                Err(error) => format!("{}: {}", clean(&error.kind), clean(&error.message)),
            };
            format!("{:<10}{prompt}\n{:<10}-> {answer}", "person", "")
        }
        TrialStep::State { ask, answer } => format!("{:<10}{} -> {}", "state", kept(ask), state(answer)),
        TrialStep::Task { task, answer } => {
            let payload = first_line(task.payload.as_str(), SHOWN);
            let answer = match answer {
                Ok(done) => format!("done: {}", first_line(&done.result, SHOWN)),
                Err(failure) => format!("{}: {}", clean(&failure.kind), clean(&failure.message)),
            };
            let (agent, action) = (clean(&task.agent), clean(&task.action));
            format!("{:<10}{agent}/{action} {payload}\n{:<10}-> {answer}", "task", "")
        }
        TrialStep::Progress { fraction, line } => {
            format!("{:<10}{:.0} % {}", "progress", fraction * 100.0, clean(line))
        }
        TrialStep::Log { source, level, line } => {
            let level = if *source == "guest" { format!("{} ", level_name(*level)) } else { String::new() };
            let source = if *source == "guest" { "log" } else { *source };
            format!("{source:<10}{level}{}", clean(line))
        }
        TrialStep::Artifact { name, media_type, bytes } => {
            format!("{:<10}{} ({}, {})", "file", clean(name), size(bytes.len() as u64), clean(media_type))
        }
        TrialStep::Input { name, bytes } => {
            let read = bytes.map_or_else(|| "there is none".to_owned(), |bytes| size(bytes as u64));
            format!("{:<10}{} -> {read}", "reads", clean(name))
        }
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// What Claude is asked, in a line: how hard it is, how long, and the end of what is said.
fn asked(request: &Request) -> String {
    let effort = match request.effort {
        None => "the agent's effort",
        Some(effort) => effort.name(),
    };
    let turns = request.messages.len();
    let tools = request.tools.len();
    let mut out = format!("{effort}, {turns} {}", if turns == 1 { "turn" } else { "turns" });
    if tools > 0 {
        let _ = write!(out, ", {tools} {}", if tools == 1 { "tool" } else { "tools" });
    }
    let last = request.messages.iter().rev().find(|message| message.role == Role::User);
    let said = last.map(|message| said(&message.content)).unwrap_or_default();
    format!("{out}: {said}")
}

/// The first text of some content, or what stands there in its place.
fn said(content: &[ContentBlock]) -> String {
    let shown = |block: &ContentBlock| match block {
        ContentBlock::Text { text } => Some(first_line(text, SHOWN)),
        ContentBlock::ToolUse { name, input, .. } => {
            Some(format!("{} {}", clean(name), first_line(input, SHOWN)))
        }
        ContentBlock::ToolResult { content, .. } => Some(format!("result {}", first_line(content, SHOWN))),
        ContentBlock::Image { media_type, data } => {
            Some(format!("[{}, {}]", clean(media_type), size(data.len() as u64)))
        }
        ContentBlock::Thinking { .. } => None,
        ContentBlock::Other { json } => Some(first_line(json, SHOWN)),
    };
    content.iter().find_map(shown).unwrap_or_default()
}

fn answered(answer: &Result<Reply, CallError>) -> String {
    match answer {
        Ok(reply) => {
            let usage = &reply.usage;
            let cached = usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
            let cached = if cached > 0 { format!(", {cached} cached") } else { String::new() };
            format!(
                "{} ({}, {}, {} tokens in{cached}, {} out, {}, {})",
                said(&reply.content),
                clean(&reply.stop_reason),
                clean(&reply.model),
                usage.input_tokens,
                usage.output_tokens,
                reply.cost,
                reply.origin.name(),
            )
        }
        Err(error) => format!("{}: {}", error.kind.name(), clean(&error.message)),
    }
}

fn kept(ask: &StateAsk) -> String {
    let key = |key: &anvil_types::StateKey| clean(key.as_str());
    match ask {
        StateAsk::Get { key: of } => format!("get {}", key(of)),
        StateAsk::Set { key: of, value } => format!("set {} ({})", key(of), size(value.len() as u64)),
        StateAsk::CompareAndSet { key: of, expected, value } => {
            let at = expected.map_or_else(|| "absent".to_owned(), |version| format!("version {version}"));
            format!("set {} if {at} ({})", key(of), size(value.len() as u64))
        }
        StateAsk::Delete { key: of } => format!("delete {}", key(of)),
        StateAsk::List { prefix, .. } => format!("list {}", clean(prefix)),
    }
}

fn state(answer: &StateAnswer) -> String {
    match answer {
        StateAnswer::Value(None) => "no such key".to_owned(),
        StateAnswer::Value(Some(value)) => {
            format!("{}, version {}", size(value.value.len() as u64), value.version)
        }
        StateAnswer::Set(version) => format!("version {version}"),
        StateAnswer::Deleted(true) => "deleted".to_owned(),
        StateAnswer::Deleted(false) => "no such key".to_owned(),
        StateAnswer::Page(page) => format!("{} keys", page.items.len()),
        StateAnswer::Refused(fault) => format!("{}: {}", clean(&fault.kind), clean(&fault.message)),
    }
}

fn as_json(step: &TrialStep<'_>) -> Value {
    match step {
        TrialStep::Call { request, answer, took } => {
            let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            json!({ "step": "call", "request": request, "answer": answer, "took_ms": took })
        }
        TrialStep::Allowance(left) => json!({ "step": "allowance", "answer": left }),
        TrialStep::Question { question, answer } => {
            json!({ "step": "question", "question": question, "answer": answer })
        }
        TrialStep::State { ask, answer } => {
            json!({ "step": "state", "asked": kept(ask), "answer": state(answer) })
        }
        TrialStep::Task { task, answer } => json!({ "step": "task", "task": task, "answer": answer }),
        TrialStep::Progress { fraction, line } => {
            json!({ "step": "progress", "fraction": fraction, "line": line })
        }
        TrialStep::Log { source, level, line } => {
            json!({ "step": "log", "source": source, "level": level_name(*level), "line": line })
        }
        TrialStep::Artifact { name, media_type, bytes } => {
            json!({ "step": "file", "name": name, "media_type": media_type, "size": bytes.len() })
        }
        TrialStep::Input { name, bytes } => json!({ "step": "input", "name": name, "size": bytes }),
    }
}
