//! The host's line protocol, and helpers around it. Nothing here is particular to one agent.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// The host. Tests stand in for it with a Claude of their own.
pub trait Host {
    /// Calls a function of the protocol by its name.
    fn call(&mut self, function: &str, arguments: Value) -> Result<Value, Failure>;
}

/// Why a job has no result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal` are.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub kind: String,
    pub message: String,
}

impl Failure {
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }

    /// The failure for what the host answered under `error`.
    pub fn of_call(error: &Value) -> Self {
        let kind = match error["kind"].as_str().unwrap_or_default() {
            "over-budget" | "calls-exhausted" => "over-budget",
            "too-large" => "invalid-input",
            "invalid-request" | "unbounded-content" => "final",
            _ => "internal",
        };
        Self::new(kind, error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned))
    }
}

/// The payload, or a tool's input, as a type.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| Failure::new("invalid-input", format!("it cannot be read: {e}")))
}

/// A request of one turn.
pub fn request(system: &str, text: &str) -> Value {
    json!({ "system": system, "messages": [{ "role": "user", "content": text }] })
}

/// Asks for a text.
pub fn complete(host: &mut dyn Host, request: Value) -> Result<String, Failure> {
    let reply = host.call("claude.complete", request)?;
    whole(&reply)?;
    Ok(text_of(&reply).to_owned())
}

/// Asks for JSON of a schema, and reads it as `T`.
pub fn complete_json<T: DeserializeOwned>(host: &mut dyn Host, mut request: Value, schema: &Value) -> Result<T, Failure> {
    request["options"]["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
    let text = complete(host, request)?;
    serde_json::from_str(&text).map_err(|e| Failure::new("bad-reply", format!("the answer is not the JSON asked for: {e}")))
}

/// The texts of a reply, joined.
pub fn text_of(reply: &Value) -> &str {
    reply["text"].as_str().unwrap_or_default()
}

/// An answer that was cut or refused is none. The API gains reasons: each but those that are known for an end is a cut.
fn whole(reply: &Value) -> Result<(), Failure> {
    match reply["stop_reason"].as_str().unwrap_or_default() {
        "end_turn" | "stop_sequence" => Ok(()),
        "refusal" => Err(Failure::new("final", "Claude refused to answer")),
        cut => Err(Failure::new("bad-reply", format!("the answer was cut ({cut}); more tokens a call may help"))),
    }
}

/// A tool: what Claude is told of it, and the function that does it. An `Err` is told to Claude, which may try again.
pub struct Tool<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub input_schema: Value,
    pub run: Box<dyn FnMut(&Value) -> Result<String, String> + 'a>,
}

/// Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
///
/// After `max_turns` questions without such an answer the job fails; so it does when its budget is spent.
pub fn tool_loop(
    host: &mut dyn Host,
    mut request: Value,
    tools: &mut [Tool<'_>],
    max_turns: u32,
) -> Result<Value, Failure> {
    let declared = tools.iter().map(|t| json!({ "name": t.name, "description": t.description, "input_schema": t.input_schema }));
    request["tools"] = declared.collect();
    let mut messages = request["messages"].as_array().cloned().unwrap_or_default();
    for _ in 0..max_turns {
        request["messages"] = json!(messages);
        let reply = host.call("claude.complete", request.clone())?;
        let blocks = reply["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        let uses = blocks.iter().filter(|block| block["type"] == "tool_use");
        let results: Vec<Value> = uses.map(|block| used(block, tools)).collect();
        if results.is_empty() {
            whole(&reply)?;
            return Ok(reply);
        }
        messages.push(json!({ "role": "assistant", "content": reply["content"] }));
        messages.push(json!({ "role": "user", "content": results }));
    }
    Err(Failure::new("final", format!("there was no answer after {max_turns} turns")))
}

fn used(block: &Value, tools: &mut [Tool<'_>]) -> Value {
    let result = match tools.iter_mut().find(|tool| block["name"] == tool.name) {
        Some(tool) => (tool.run)(&block["input"]),
        None => Err(format!("there is no tool {}", block["name"].as_str().unwrap_or_default())),
    };
    let is_error = result.is_err();
    let content = result.unwrap_or_else(|error| error);
    json!({ "type": "tool_result", "tool_use_id": block["id"], "content": content, "is_error": is_error })
}

/// Answers the host: says what the agent is, or does its job.
pub fn serve(
    description: &str,
    run: impl FnOnce(&mut dyn Host, &str, Value) -> Result<Value, Failure>,
) -> io::Result<()> {
    let asked = line_in()?;
    let Some(job) = asked.get("run") else {
        return line_out("description", serde_json::from_str(description)?);
    };
    match run(&mut Lines, job["action"].as_str().unwrap_or_default(), job["payload"].clone()) {
        Ok(result) => line_out("done", result),
        Err(failed) => line_out("failed", json!(failed)),
    }
}

/// The real host: one JSON object a line.
struct Lines;

impl Host for Lines {
    fn call(&mut self, function: &str, arguments: Value) -> Result<Value, Failure> {
        let unheard = |e: io::Error| Failure::new("internal", format!("the host was not heard: {e}"));
        line_out(function, arguments).map_err(unheard)?;
        let mut answer = line_in().map_err(unheard)?;
        match answer.get("error") {
            Some(error) => Err(Failure::of_call(error)),
            None => Ok(answer["ok"].take()),
        }
    }
}

fn line_in() -> io::Result<Value> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn line_out(key: &str, value: Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({ key: value }))?;
    out.flush()
}
