//! What a raw body asks for: as much of it as bounds its cost. What nothing bounds is refused by name.
//!
//! Source of the form: `POST /v1/messages`, `anthropic-version: 2023-06-01`.

use crate::proxy::strict::Strict;
use anvil_budget::{InputSize, asks_for_task_budget};
use anvil_types::{ContentBlock, FreeField, Message, Request, RequestOption, RequestPart, Role, Tool};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What a body asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    pub model: String,
    pub max_tokens: u64,
    pub stream: bool,
    /// Whether it has a task budget.
    pub task_budget: bool,
    pub size: InputSize,
}

/// Why a body goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadBody {
    #[error("the body is no JSON that can be measured: {0}")]
    NotJson(String),
    #[error("{0}")]
    Invalid(String),
    #[error("the cost of a request with `{0}` cannot be bounded beforehand, so it is refused")]
    Field(String),
    #[error("the cost of a tool of the type `{0}` cannot be bounded beforehand, so it is refused")]
    Tool(String),
    #[error("{0}")]
    Block(String),
}

/// Measures a body.
pub(crate) fn measured(body: &[u8]) -> Result<Measured, BadBody> {
    let Strict(body) = serde_json::from_slice(body).map_err(|error| BadBody::NotJson(error.to_string()))?;
    let Value::Object(mut fields) = body else { return Err(invalid("the body is no JSON object")) };
    let has_to_be = |part: RequestPart, what: &str| invalid(&format!("`{part}` has to be {what}"));
    let Some(Value::String(model)) = fields.remove(RequestPart::Model.name()) else {
        return Err(has_to_be(RequestPart::Model, "a text"));
    };
    let max_tokens = fields.remove(RequestPart::MaxTokens.name()).and_then(|most| most.as_u64());
    let Some(max_tokens) = max_tokens.filter(|most| *most > 0) else {
        return Err(has_to_be(RequestPart::MaxTokens, "a whole number above 0"));
    };
    let stream = match fields.remove(RequestPart::Stream.name()) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(stream)) => stream,
        Some(_) => return Err(has_to_be(RequestPart::Stream, "true or false")),
    };
    let request = request(fields)?;
    let size = InputSize::of(&request).map_err(|error| BadBody::Block(error.to_string()))?;
    Ok(Measured { model, max_tokens, stream, task_budget: asks_for_task_budget(&request), size })
}

// The request in the contract's form, for its sizes alone: it is never sent.
fn request(mut fields: Map<String, Value>) -> Result<Request, BadBody> {
    let system = fields.remove(RequestPart::System.name());
    let mut list = |part: RequestPart| match fields.remove(part.name()) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(invalid(&format!("`{part}` has to be a list"))),
    };
    let mut messages = Vec::new();
    for message in list(RequestPart::Messages)? {
        let content = blocks(message.get("content").cloned())?;
        messages.push(Message { role: Role::User, content });
    }
    // Standing instructions are counted as what is said: their framing is one message's at most.
    if let Some(system) = system {
        messages.push(Message { role: Role::User, content: blocks(Some(system))? });
    }
    let tools = list(RequestPart::Tools)?.iter().map(tool).collect::<Result<_, _>>()?;
    let mut options = Vec::new();
    for (name, value) in fields {
        if value.is_null() || FreeField::named(&name).is_some() {
            continue;
        }
        // They bring hidden prompts with them, or none: counted as an agent's options are.
        if RequestOption::in_body(&name).is_none_or(RequestOption::has_a_price) {
            return Err(BadBody::Field(name.chars().take(64).collect()));
        }
        options.push((name, value.to_string()));
    }
    Ok(Request {
        system: None,
        messages,
        tools,
        effort: None,
        max_output_tokens: None,
        stop_sequences: Vec::new(),
        cacheable: false,
        options,
    })
}

fn tool(tool: &Value) -> Result<Tool, BadBody> {
    if let Some(kind) = tool.get("type").filter(|kind| *kind != "custom" && !kind.is_null()) {
        return Err(BadBody::Tool(kind.as_str().unwrap_or("?").chars().take(64).collect()));
    }
    let text = |name: &str| tool.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let schema = tool.get("input_schema").map_or_else(|| "null".to_owned(), Value::to_string);
    Ok(Tool { name: text("name"), description: text("description"), input_schema: schema })
}

// A text, or a list of blocks. Those within a tool's result are counted as if they stood by themselves.
fn blocks(content: Option<Value>) -> Result<Vec<ContentBlock>, BadBody> {
    let list = match content {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => return Ok(vec![ContentBlock::Text { text }]),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(invalid("content has to be a text or a list of blocks")),
    };
    let mut blocks = Vec::new();
    for mut block in list {
        let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let base64 = || block["source"]["type"] == "base64";
        match block["type"].as_str() {
            Some("text") => blocks.push(ContentBlock::Text { text: text("text") }),
            Some("image") if base64() => {
                let data = block["source"]["data"].as_str().unwrap_or_default();
                let data = STANDARD.decode(data).map_err(|_| invalid("an image is no base64"))?;
                blocks.push(ContentBlock::Image { media_type: String::new(), data });
            }
            Some("tool_use") => blocks.push(ContentBlock::ToolUse {
                id: text("id"),
                name: text("name"),
                input: block["input"].to_string(),
            }),
            Some("tool_result") => {
                blocks.push(ContentBlock::Text { text: text("tool_use_id") });
                blocks.extend(self::blocks(block.get_mut("content").map(Value::take))?);
            }
            Some("thinking") => {
                blocks.push(ContentBlock::Thinking { text: text("thinking"), signature: text("signature") });
            }
            _ => blocks.push(ContentBlock::Other { json: block.to_string() }),
        }
    }
    Ok(blocks)
}

fn invalid(message: &str) -> BadBody {
    BadBody::Invalid(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(more: &str) -> Result<Measured, BadBody> {
        measured(format!(r#"{{"model":"m","max_tokens":9{more}}}"#).as_bytes())
    }

    #[test]
    fn what_bounds_a_cost_is_read_out_of_a_raw_body() {
        let body = with(
            r#","stream":true,"system":[{"type":"text","text":"Be short."}],"temperature":0.5,"messages":[
            {"role":"user","content":"Hello."},{"role":"user","content":[
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
            {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"12"}]}]}],
            "tools":[{"name":"a","description":"b","input_schema":{"type":"object"}}]"#,
        );
        let body = body.expect("it can be measured");
        assert_eq!((body.max_tokens, body.stream, body.size.messages), (9, true, 3));
        assert_eq!((body.size.tools, body.size.images, body.size.image_bytes), (1, 1, 4));
        assert!(body.size.hidden_tokens > 0, "tools bring a prompt");
    }

    #[test]
    fn what_nothing_bounds_is_refused_by_name() {
        let content = |block: &str| with(&format!(r#","messages":[{{"role":"user","content":[{block}]}}]"#));
        for (refused, name) in [
            (with(r#","tools":[{"type":"web_search_20250305","name":"web_search"}]"#), "web_search_20250305"),
            (with(r#","mcp_servers":[]"#), "mcp_servers"),
            (with(r#","service_tier":"auto""#), "service_tier"),
            (content(r#"{"type":"document","source":{"type":"url","url":"https://a.example"}}"#), "document"),
            (content(r#"{"type":"image","source":{"type":"url","url":"https://a.example"}}"#), "image"),
            (
                content(r#"{"type":"tool_result","content":[{"type":"search_result","source":"a"}]}"#),
                "search_result",
            ),
            (content(r#"{"type":"document","type":"text","text":"a"}"#), "twice"),
            (with(r#","max_tokens":100000"#), "twice"),
        ] {
            let refused = refused.expect_err(name).to_string();
            assert!(refused.contains(name), "{name}: {refused}");
        }
    }

    #[test]
    fn a_body_without_a_model_a_bound_or_an_object_goes_nowhere() {
        for body in ["", "[]", r#"{"max_tokens":9}"#, r#"{"model":"m"}"#, r#"{"model":"m","max_tokens":0}"#] {
            assert!(measured(body.as_bytes()).is_err(), "{body}");
        }
    }
}
