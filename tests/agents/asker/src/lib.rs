//! An agent for tests: asks as often as its payload says, and tells what it got.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{SystemTime, UNIX_EPOCH};
use wit::anvil::agent::claude::{
    self, CallError, ContentBlock, Effort, Extra, Message, Reply, Request, Role,
};
use wit::anvil::agent::{job, people, settings, state, team};
use wit::exports::anvil::agent::agent_api::{Action, Description, Failure, Guest, Job, Outcome};

/// What `wit/` says, as Rust.
#[expect(missing_docs, clippy::pedantic, reason = "generated; the words are documented in wit/")]
pub mod wit {
    wit_bindgen::generate!({ path: "../../../wit", world: "agent" });
}

/// The payload; its schema stands beside this file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "what a test asks for, each by its name in JSON")]
struct Payload {
    prompt: String,
    #[serde(default = "once")]
    calls: u32,
    #[serde(default)]
    together: bool,
    #[serde(default)]
    prompt_bytes: usize,
    max_output_tokens: Option<u32>,
    /// The same for every call but the first.
    later_max_output_tokens: Option<u32>,
    effort: Option<String>,
    /// Whether an earlier reply may answer.
    #[serde(default)]
    cacheable: bool,
    /// Whether Claude has spoken before.
    #[serde(default)]
    conversation: bool,
    /// Options of the request, by name.
    #[serde(default)]
    options: BTreeMap<String, serde_json::Value>,
    /// A reply that contains this is no good.
    reject: Option<String>,
    /// Whether to look at clock and allowance before each call and after the last.
    #[serde(default)]
    look: bool,
    /// How many turns to spin when all is answered.
    #[serde(default)]
    spin: u64,
    /// Files to hand over, text by name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Questions to people, asked one after the other when all else is done.
    #[serde(default)]
    people: Vec<ToPeople>,
    /// Whether to tell the agent's settings, as they are read when all is answered.
    #[serde(default)]
    settings: bool,
    /// A key of the agent's state that counts the runs, before anything is asked.
    count: Option<String>,
    /// Whether to tell what the jobs that it came after gave.
    #[serde(default)]
    parents: bool,
    /// Whether to tell of the files that it was submitted with.
    #[serde(default)]
    inputs: bool,
    /// What other agents are to do when all is answered.
    #[serde(default)]
    tasks: Vec<Errand>,
}

/// What another agent is to do.
#[derive(Debug, Deserialize)]
struct Errand {
    agent: String,
    action: String,
    payload: serde_json::Value,
}

/// A question to people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToPeople {
    prompt: String,
    details: Option<String>,
    #[serde(default)]
    choices: Vec<String>,
    schema: Option<serde_json::Value>,
    time_limit_ms: Option<u64>,
    default: Option<serde_json::Value>,
}

fn once() -> u32 {
    1
}

/// One reply in the result.
#[derive(Debug, Serialize)]
struct Told {
    text: String,
    model: String,
    cost_nanodollars: u64,
    origin: String,
    extras: BTreeMap<String, serde_json::Value>,
}

/// What a job that it came after gave.
#[derive(Debug, Serialize)]
struct Given {
    id: String,
    agent: String,
    result: serde_json::Value,
    files: BTreeMap<String, String>,
}

/// A file that the job was submitted with.
#[derive(Debug, Serialize)]
struct Input {
    name: String,
    media_type: String,
    digest: String,
    text: String,
}

/// What the guest sees of time and money at one moment.
#[derive(Debug, Serialize)]
struct Look {
    time_ns: u64,
    job_nanodollars: u64,
    window_nanodollars: u64,
    calls: u32,
    pressure: f64,
}

/// The plugin.
#[derive(Debug)]
pub struct Asker;

impl Guest for Asker {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            actions: vec![Action {
                name: "ask".to_owned(),
                summary: "Asks.".to_owned(),
                input_schema: include_str!("payload.json").to_owned(),
                output_schema: r#"{"type": "object"}"#.to_owned(),
            }],
            model_floor: None,
            effort: Effort::Simple,
            extras: Vec::new(),
        }
    }

    fn run(job: Job) -> Result<Outcome, Failure> {
        let payload: Payload =
            serde_json::from_str(&job.payload).map_err(|e| failure("invalid-input", e.to_string()))?;
        let counted = payload.count.as_deref().map(count).transpose()?;
        let given = if payload.parents { given()? } else { Vec::new() };
        let inputs = if payload.inputs { inputs()? } else { Vec::new() };
        let requests: Vec<Request> = (1..=payload.calls).map(|number| request(&payload, number)).collect();
        let mut looks = Vec::new();
        let replies = if payload.together {
            at_once(&payload, &requests)?
        } else {
            in_turn(&payload, &requests, &mut looks)?
        };
        let team = errands(&payload.tasks);
        for (name, text) in &payload.files {
            job::artifact(name, "text/plain", text.as_bytes()).map_err(|error| failure("final", error))?;
        }
        let answers: Vec<_> = payload.people.iter().map(answer).collect();
        let spun = (0..payload.spin).fold(0_u64, |sum, turn| black_box(sum ^ turn));
        let cost: u64 = replies.iter().map(|told| told.cost_nanodollars).sum();
        let result = serde_json::json!({
            "replies": replies, "cost_nanodollars": cost, "looks": looks, "spun": spun,
            "parents": given, "inputs": inputs, "answers": answers, "counted": counted, "team": team,
            "settings": payload.settings.then(settings),
        });
        Ok(Outcome { result: result.to_string(), extras: Vec::new() })
    }
}

/// What people answered, or why they did not.
fn answer(asked: &ToPeople) -> serde_json::Value {
    let choice = |value: &String| people::Choice { value: value.clone(), label: None, extras: Vec::new() };
    let question = people::Question {
        prompt: asked.prompt.clone(),
        details: asked.details.clone(),
        choices: asked.choices.iter().map(choice).collect(),
        schema: asked.schema.as_ref().map(serde_json::Value::to_string),
        time_limit_ms: asked.time_limit_ms,
        default: asked.default.as_ref().map(serde_json::Value::to_string),
        extras: Vec::new(),
    };
    match people::ask(&question) {
        Ok(answer) => serde_json::json!({
            "value": serde_json::from_str::<serde_json::Value>(&answer.value).unwrap_or_default(),
            "who": answer.who, "at": answer.at,
        }),
        Err(error) => serde_json::json!({ "error": error.kind, "message": error.message }),
    }
}

fn settings() -> BTreeMap<String, Option<String>> {
    settings::keys().into_iter().map(|key| (key.clone(), settings::get(&key))).collect()
}

/// Counts one more in a key, whoever else does so.
fn count(key: &str) -> Result<u64, Failure> {
    let refused = |error: state::StateError| failure("final", format!("{}: {}", error.kind, error.message));
    for _ in 0..100 {
        let stands = state::get(key).map_err(refused)?;
        let text = stands.as_ref().map(|entry| String::from_utf8_lossy(&entry.value).into_owned());
        let next = text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) + 1;
        let expected = stands.map(|entry| entry.version);
        match state::compare_and_set(key, expected, next.to_string().as_bytes()) {
            Ok(_) => return Ok(next),
            Err(error) if error.kind == "conflict" => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(failure("internal", "somebody else always counted".to_owned()))
}

/// Has them all done, as many at once as may be, and tells what became of each.
fn errands(errands: &[Errand]) -> Vec<serde_json::Value> {
    let tasks: Vec<team::Task> = errands
        .iter()
        .map(|errand| team::Task {
            agent: errand.agent.clone(),
            action: errand.action.clone(),
            payload: errand.payload.to_string(),
            max_cost_nanodollars: None,
            extras: Vec::new(),
        })
        .collect();
    let answers = tasks.chunks(32).flat_map(team::run_many);
    let tell = |answer: Result<team::Done, team::Failure>| match answer {
        Ok(done) => {
            let result: serde_json::Value = serde_json::from_str(&done.result).unwrap_or_default();
            serde_json::json!({"job": done.job_id, "result": result, "cost_nanodollars": done.cost_nanodollars})
        }
        Err(failure) => {
            serde_json::json!({"kind": failure.kind, "message": failure.message, "job": failure.job_id})
        }
    };
    answers.map(tell).collect()
}

fn given() -> Result<Vec<Given>, Failure> {
    let read = |parent: job::Parent| {
        let files = parent.artifacts.iter().map(|file| {
            let bytes =
                job::parent_artifact(&parent.id, &file.name).map_err(|error| failure("final", error))?;
            Ok((file.name.clone(), String::from_utf8_lossy(&bytes).into_owned()))
        });
        let files = files.collect::<Result<_, Failure>>()?;
        let result = serde_json::from_str(&parent.result).map_err(|e| failure("final", e.to_string()))?;
        Ok(Given { id: parent.id, agent: parent.agent, result, files })
    };
    job::whoami().parents.into_iter().map(read).collect()
}

fn inputs() -> Result<Vec<Input>, Failure> {
    let read = |file: job::InputRef| {
        let bytes = job::input(&file.name).map_err(|error| failure("final", error))?;
        if bytes.len() as u64 != file.size {
            return Err(failure(
                "final",
                format!("`{}` has {} bytes, not {}", file.name, bytes.len(), file.size),
            ));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Input { name: file.name, media_type: file.media_type, digest: file.digest, text })
    };
    job::inputs().into_iter().map(read).collect()
}

fn request(payload: &Payload, number: u32) -> Request {
    let mut text = format!("{} ({number} of {})", payload.prompt, payload.calls);
    let missing = payload.prompt_bytes.saturating_sub(text.len());
    text.push_str(&" word".repeat(missing.div_ceil(5))[..missing]);
    let turn = |role, text| Message { role, content: vec![ContentBlock::Text(text)] };
    let mut messages = vec![turn(Role::User, text)];
    if payload.conversation {
        messages.push(turn(Role::Assistant, "What else?".to_owned()));
        messages.push(turn(Role::User, "Go on, and say what follows from it.".to_owned()));
    }
    Request {
        system: None,
        messages,
        tools: Vec::new(),
        effort: payload.effort.as_deref().map(|effort| match effort {
            "complex" => Effort::Complex,
            "standard" => Effort::Standard,
            _ => Effort::Simple,
        }),
        max_output_tokens: payload
            .later_max_output_tokens
            .filter(|_| number > 1)
            .or(payload.max_output_tokens),
        stop_sequences: Vec::new(),
        cacheable: payload.cacheable,
        options: payload
            .options
            .iter()
            .map(|(name, value)| Extra { name: name.clone(), value: value.to_string() })
            .collect(),
    }
}

fn in_turn(payload: &Payload, requests: &[Request], looks: &mut Vec<Look>) -> Result<Vec<Told>, Failure> {
    let calls = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    let mut told: Vec<Told> = Vec::new();
    for (number, request) in (1..).zip(requests) {
        looks.extend(payload.look.then(look));
        told.push(tell(payload, claude::complete(request))?);
        job::progress(f64::from(number) / f64::from(calls), "asking");
    }
    looks.extend(payload.look.then(look));
    Ok(told)
}

fn look() -> Look {
    let allowance = claude::allowance();
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let look = Look {
        time_ns: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
        job_nanodollars: allowance.job_nanodollars,
        window_nanodollars: allowance.window_nanodollars,
        calls: allowance.calls,
        pressure: allowance.pressure,
    };
    job::log(job::Level::Info, &serde_json::to_string(&look).unwrap_or_default());
    look
}

fn at_once(payload: &Payload, requests: &[Request]) -> Result<Vec<Told>, Failure> {
    claude::complete_many(requests).into_iter().map(|answer| tell(payload, answer)).collect()
}

fn tell(payload: &Payload, answer: Result<Reply, CallError>) -> Result<Told, Failure> {
    let reply = answer.map_err(|error| {
        // What waiting or money cannot mend is final; anything else is worth another attempt.
        let kind = match error.kind.as_str() {
            "over-budget" | "calls-exhausted" => "over-budget",
            "invalid-request" | "too-large" | "unbounded-content" => "final",
            _ => "internal",
        };
        failure(kind, format!("{}: {}", error.kind, error.message))
    })?;
    let text = reply.content.iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let text: String = text.collect();
    if payload.reject.as_ref().is_some_and(|bad| text.contains(bad)) {
        return Err(failure("bad-reply", format!("`{text}` is no good")));
    }
    Ok(Told {
        text,
        model: reply.model,
        cost_nanodollars: reply.cost_nanodollars,
        origin: reply.origin,
        extras: reply
            .extras
            .into_iter()
            .map(|extra| (extra.name, serde_json::from_str(&extra.value).unwrap_or_default()))
            .collect(),
    })
}

fn failure(kind: &str, message: String) -> Failure {
    Failure { kind: kind.to_owned(), message, extras: Vec::new() }
}

// Natively there is nobody to export to, and the exports' names are no valid symbols.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of a component are raw symbols")]
mod export {
    use super::{Asker, wit};
    wit::export!(Asker with_types_in wit);
}
