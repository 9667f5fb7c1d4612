//! What an agent needs of its host, and helpers around it. Nothing here is particular to one agent.

use crate::wit::anvil::agent::claude::{self, CallError, ContentBlock, Extra, Message, Reply, Request, Role, ToolResult};
use crate::wit::anvil::agent::job;
use crate::wit::exports::anvil::agent::agent_api::{Failure, Job, Outcome};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The host's functions. Tests stand in for it with a Claude of their own; add what your agent uses.
pub trait Host {
    /// Asks Claude and waits for the whole answer.
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError>;
    /// Tells how far the job is: a fraction from 0 to 1 and a line.
    fn progress(&mut self, fraction: f64, line: &str);
}

/// The real host, seen from inside the sandbox.
pub struct Sandbox;

impl Host for Sandbox {
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError> {
        claude::complete(request)
    }

    fn progress(&mut self, fraction: f64, line: &str) {
        job::progress(fraction, line);
    }
}

/// Runs one action: reads the payload as `I`, writes the result from `O`.
pub fn action<I: DeserializeOwned, O: Serialize>(
    host: &mut dyn Host,
    job: &Job,
    act: impl FnOnce(&mut dyn Host, I) -> Result<O, Failure>,
) -> Result<Outcome, Failure> {
    let input = serde_json::from_str(&job.payload)
        .map_err(|e| failure("invalid-input", format!("the payload cannot be read: {e}")))?;
    let output = act(host, input)?;
    let result = serde_json::to_string(&output).map_err(|e| failure("internal", e.to_string()))?;
    Ok(Outcome { result, extras: Vec::new() })
}

/// A failure of the job. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal` are.
pub fn failure(kind: &str, message: impl Into<String>) -> Failure {
    Failure { kind: kind.to_owned(), message: message.into(), extras: Vec::new() }
}

/// A call without a reply, as the failure of the job: `host.ask(&request)?` does it by itself.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let kind = match error.kind.as_str() {
            "over-budget" | "calls-exhausted" => "over-budget",
            "too-large" => "invalid-input",
            "invalid-request" | "unbounded-content" => "final",
            _ => "internal",
        };
        failure(kind, error.message)
    }
}

/// A request of one turn. Change its fields for more.
pub fn request(system: &str, text: impl Into<String>) -> Request {
    Request {
        system: Some(system.to_owned()),
        messages: vec![Message { role: Role::User, content: vec![ContentBlock::Text(text.into())] }],
        tools: Vec::new(),
        effort: None,
        max_output_tokens: None,
        stop_sequences: Vec::new(),
        cacheable: true,
        options: Vec::new(),
    }
}

/// Asks for a text and gives a text.
pub fn complete(host: &mut dyn Host, system: &str, text: &str) -> Result<String, Failure> {
    let reply = host.ask(&request(system, text))?;
    whole(&reply)?;
    Ok(text_of(&reply))
}

/// Asks for JSON of a schema, and reads it as `T`.
pub fn complete_json<T: DeserializeOwned>(
    host: &mut dyn Host,
    mut request: Request,
    schema: &Value,
) -> Result<T, Failure> {
    let format = serde_json::json!({ "format": { "type": "json_schema", "schema": schema } });
    request.options.push(Extra { name: "output_config".to_owned(), value: format.to_string() });
    let reply = host.ask(&request)?;
    whole(&reply)?;
    serde_json::from_str(&text_of(&reply)).map_err(|e| failure("bad-reply", format!("the answer is not the JSON asked for: {e}")))
}

/// The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning.
pub fn text_of(reply: &Reply) -> String {
    let text = |block: &ContentBlock| if let ContentBlock::Text(text) = block { Some(text.clone()) } else { None };
    reply.content.iter().filter_map(text).collect()
}

/// An answer that was cut or refused is none. The API gains reasons: each but those that are known for an end is a cut.
fn whole(reply: &Reply) -> Result<(), Failure> {
    match reply.stop_reason.as_str() {
        "end_turn" | "stop_sequence" => Ok(()),
        "refusal" => Err(failure("final", "Claude refused to answer")),
        cut => Err(failure("bad-reply", format!("the answer was cut ({cut}); more tokens a call may help"))),
    }
}

/// A tool: what Claude is told of it, and the function that does it. An `Err` is told to Claude, which may try again.
pub struct Tool<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub input_schema: Value,
    pub run: Box<dyn FnMut(Value) -> Result<String, String> + 'a>,
}

/// Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
///
/// After `max_turns` questions without such an answer the job fails; so it does when its budget is spent.
pub fn tool_loop(
    host: &mut dyn Host,
    mut request: Request,
    tools: &mut [Tool<'_>],
    max_turns: u32,
) -> Result<Reply, Failure> {
    request.tools = tools.iter().map(declared).collect();
    for _ in 0..max_turns {
        let reply = host.ask(&request)?;
        let results: Vec<_> = reply.content.iter().filter_map(|block| used(block, tools)).collect();
        if results.is_empty() {
            whole(&reply)?;
            return Ok(reply);
        }
        request.messages.push(Message { role: Role::Assistant, content: reply.content });
        request.messages.push(Message { role: Role::User, content: results });
    }
    Err(failure("final", format!("there was no answer after {max_turns} turns")))
}

fn declared(tool: &Tool<'_>) -> claude::Tool {
    claude::Tool {
        name: tool.name.to_owned(),
        description: tool.description.to_owned(),
        input_schema: tool.input_schema.to_string(),
    }
}

/// The result of a block that uses a tool.
fn used(block: &ContentBlock, tools: &mut [Tool<'_>]) -> Option<ContentBlock> {
    let ContentBlock::ToolUse(call) = block else { return None };
    let result = match tools.iter_mut().find(|tool| tool.name == call.name) {
        Some(tool) => serde_json::from_str(&call.input).map_err(|e| e.to_string()).and_then(&mut tool.run),
        None => Err(format!("there is no tool {}", call.name)),
    };
    let is_error = result.is_err();
    let content = result.unwrap_or_else(|error| error);
    Some(ContentBlock::ToolResult(ToolResult { tool_use_id: call.id.clone(), content, is_error }))
}
