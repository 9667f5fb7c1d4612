//! A request in the Messages API's form.
//!
//! Source of the form: `POST /v1/messages`, `anthropic-version: 2023-06-01`.

use anvil_types::{ContentBlock, Request, Role};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Options that a request may carry beside its own fields, passed on as they are.
const PASSED_ON: [&str; 4] = ["tool_choice", "thinking", "output_config", "cache_control"];

/// A field of a request that is not what it has to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("the request has no messages")]
    NoMessages,
    #[error("the first message must be the user's")]
    FirstTurn,
    #[error("message {0} has no content")]
    EmptyMessage(usize),
    #[error("{0} is no JSON: {1}")]
    NotJson(String, String),
    #[error(
        "the option `{0}` is not known; known are: tier, tool_choice, thinking, output_config, cache_control"
    )]
    UnknownOption(String),
    #[error("the option `tier` is {0}; it names haiku, sonnet or opus")]
    Tier(String),
}

/// The body of a streamed request.
pub(crate) fn messages_body(request: &Request, model: &str, max_tokens: u64) -> Result<Value, BadRequest> {
    check_turns(request)?;
    let mut body = Map::new();
    body.insert("model".into(), json!(model));
    body.insert("max_tokens".into(), json!(max_tokens));
    body.insert("stream".into(), json!(true));
    if let Some(system) = &request.system {
        body.insert("system".into(), json!(system));
    }
    let messages: Result<Vec<_>, _> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let content: Result<Vec<_>, _> = message.content.iter().map(block).collect();
            Ok(json!({ "role": role, "content": content? }))
        })
        .collect();
    body.insert("messages".into(), Value::Array(messages?));
    if !request.tools.is_empty() {
        let tools: Result<Vec<_>, BadRequest> = request
            .tools
            .iter()
            .map(|tool| {
                let schema = parse("a tool's input schema", &tool.input_schema)?;
                Ok(json!({ "name": tool.name, "description": tool.description, "input_schema": schema }))
            })
            .collect();
        body.insert("tools".into(), Value::Array(tools?));
    }
    if !request.stop_sequences.is_empty() {
        body.insert("stop_sequences".into(), json!(request.stop_sequences));
    }
    for (name, value) in &request.options {
        if PASSED_ON.contains(&name.as_str()) {
            body.insert(name.clone(), parse(&format!("the option `{name}`"), value)?);
        } else if name != "tier" {
            return Err(BadRequest::UnknownOption(name.clone()));
        }
    }
    Ok(Value::Object(body))
}

/// The tier that the request names, if it does.
pub(crate) fn named_tier(request: &Request) -> Result<Option<anvil_types::Tier>, BadRequest> {
    let Some((_, value)) = request.options.iter().find(|(name, _)| name == "tier") else { return Ok(None) };
    serde_json::from_str(value).map(Some).map_err(|_| BadRequest::Tier(value.chars().take(64).collect()))
}

fn check_turns(request: &Request) -> Result<(), BadRequest> {
    let first = request.messages.first().ok_or(BadRequest::NoMessages)?;
    if first.role != Role::User {
        return Err(BadRequest::FirstTurn);
    }
    match request.messages.iter().position(|message| message.content.is_empty()) {
        Some(at) => Err(BadRequest::EmptyMessage(at)),
        None => Ok(()),
    }
}

fn block(block: &ContentBlock) -> Result<Value, BadRequest> {
    Ok(match block {
        ContentBlock::Text { text } => json!({ "type": "text", "text": text }),
        ContentBlock::Image { media_type, data } => json!({
            "type": "image",
            "source": { "type": "base64", "media_type": media_type, "data": STANDARD.encode(data) },
        }),
        ContentBlock::ToolUse { id, name, input } => json!({
            "type": "tool_use", "id": id, "name": name, "input": parse("a tool's input", input)?,
        }),
        ContentBlock::ToolResult { tool_use_id, content, is_error } => json!({
            "type": "tool_result", "tool_use_id": tool_use_id, "content": content, "is_error": is_error,
        }),
        ContentBlock::Thinking { text, signature } => json!({
            "type": "thinking", "thinking": text, "signature": signature,
        }),
        ContentBlock::Other { json } => parse("a content block", json)?,
    })
}

fn parse(what: &str, text: &str) -> Result<Value, BadRequest> {
    serde_json::from_str(text).map_err(|error| BadRequest::NotJson(what.to_owned(), error.to_string()))
}
