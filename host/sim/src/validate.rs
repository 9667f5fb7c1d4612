//! What the API refuses with 400 and 404, in its own words.

use serde_json::{Map, Value};

use crate::content::content_tokens;
use crate::marks::check_marks;
use crate::models::{self, Model};
use crate::refusal::Refusal;

/// How a body is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strictness {
    /// Which endpoint it came to.
    pub(crate) purpose: Purpose,
    /// Beta requests may have fields that the simulator doesn't know.
    pub(crate) fields: Fields,
    /// Whether the request was let in to task budgets by its beta header.
    pub(crate) task_budgets: bool,
    /// Whether `anthropic-version` is 2026-10-21 or later, under which sampling parameters are errors.
    pub(crate) sampling: Sampling,
}

/// The endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Message,
    BatchItem,
    Count,
}

/// What happens to fields that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    Known,
    Any,
}

/// Whether the version allows sampling parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampling {
    Allowed,
    Refused,
}

const KNOWN: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "stop_sequences",
    "stream",
    "service_tier",
    "cache_control",
    "temperature",
    "top_p",
    "top_k",
    "inference_geo",
    "speed",
    "container",
    "context_management",
    "mcp_servers",
    "betas",
];

/// Checks a request and names its model.
pub(crate) fn validate(request: &Map<String, Value>, strict: Strictness) -> Result<&'static Model, Refusal> {
    let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
    let id = match get("model") {
        Value::Null => return Err(Refusal::invalid("model: Field required")),
        Value::String(id) if !id.is_empty() => id,
        _ => return Err(Refusal::invalid("model: Input should be a valid string")),
    };
    if strict.purpose == Purpose::BatchItem {
        check_batched(request)?;
    }
    if strict.purpose != Purpose::Count {
        check_max_tokens(get("max_tokens"))?;
        check_without_answer(request)?;
    }
    check_marks(request, strict.fields)?;
    check_messages(get("messages"))?;
    if !matches!(get("system"), Value::Null | Value::String(_) | Value::Array(_)) {
        return Err(Refusal::invalid("system: Input should be a valid string or a list of text blocks"));
    }
    if !matches!(get("stream"), Value::Null | Value::Bool(_)) {
        return Err(Refusal::invalid("stream: Input should be a valid boolean"));
    }
    if let Some(name) =
        request.keys().find(|k| strict.fields == Fields::Known && !KNOWN.contains(&k.as_str()))
    {
        return Err(Refusal::invalid(format!("{name}: Extra inputs are not permitted")));
    }
    check_stop_sequences(get("stop_sequences"))?;
    check_tools(get("tools"), get("tool_choice"))?;
    check_choices(request)?;
    let model =
        models::find(id).ok_or_else(|| Refusal::new(404, "not_found_error", format!("model: {id}")))?;
    check_for_model(request, model, strict)?;
    Ok(model)
}

fn check_max_tokens(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Null => Err(Refusal::invalid("max_tokens: Field required")),
        v if v.is_u64() => Ok(()),
        v if v.is_i64() => Err(Refusal::invalid("max_tokens: Input should be greater than or equal to 0")),
        _ => Err(Refusal::invalid("max_tokens: Input should be a valid integer")),
    }
}

/// `max_tokens: 0` reads the prompt into the cache and answers nothing, so nothing may be set that wants an answer.
fn check_without_answer(request: &Map<String, Value>) -> Result<(), Refusal> {
    let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
    if get("max_tokens") != 0 {
        return Ok(());
    }
    let choice = get("tool_choice")["type"].as_str();
    let wants = [
        (get("stream") == true, "stream: true"),
        (get("thinking")["type"] == "enabled", "thinking.type: enabled"),
        (!get("output_config")["format"].is_null(), "output_config.format"),
        (matches!(choice, Some("any" | "tool")), "a forced tool_choice"),
    ];
    match wants.iter().find(|(set, _)| *set) {
        Some((_, what)) => Err(Refusal::invalid(format!("max_tokens: 0 is not supported with {what}"))),
        None => Ok(()),
    }
}

/// What can't be asked for in a batch.
fn check_batched(request: &Map<String, Value>) -> Result<(), Refusal> {
    let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
    if get("max_tokens") == 0 {
        return Err(Refusal::invalid("max_tokens: must be greater than or equal to 1"));
    }
    let unsupported = [(get("stream") == true, "stream=True"), (!get("speed").is_null(), "speed")];
    match unsupported.iter().find(|(set, _)| *set) {
        Some((_, what)) => {
            Err(Refusal::invalid(format!("\"{what}\" is not supported in the Message Batches API")))
        }
        None => Ok(()),
    }
}

fn check_messages(value: &Value) -> Result<(), Refusal> {
    let messages = match value {
        Value::Null => return Err(Refusal::invalid("messages: Field required")),
        Value::Array(list) => list,
        _ => return Err(Refusal::invalid("messages: Input should be a valid list")),
    };
    if messages.is_empty() {
        return Err(Refusal::invalid("messages: at least one message is required"));
    }
    let last = messages.len() - 1;
    for (i, message) in messages.iter().enumerate() {
        match message["role"].as_str() {
            Some("user" | "assistant" | "system") => {}
            Some(_) => {
                return Err(Refusal::invalid(format!(
                    "messages.{i}.role: Input should be 'user' or 'assistant'"
                )));
            }
            None => return Err(Refusal::invalid(format!("messages.{i}.role: Field required"))),
        }
        check_content(i, &message["content"], i == last && message["role"] == "assistant")?;
    }
    if messages[0]["role"] != "user" {
        return Err(Refusal::invalid("messages: first message must use the \"user\" role"));
    }
    Ok(())
}

fn check_content(i: usize, content: &Value, may_be_empty: bool) -> Result<(), Refusal> {
    let empty = match content {
        Value::Null => return Err(Refusal::invalid(format!("messages.{i}.content: Field required"))),
        Value::String(text) => text.is_empty(),
        Value::Array(blocks) => {
            for (j, block) in blocks.iter().enumerate() {
                let Some(kind) = block["type"].as_str() else {
                    return Err(Refusal::invalid(format!("messages.{i}.content.{j}.type: Field required")));
                };
                if kind == "text" && block["text"].as_str().is_none_or(str::is_empty) {
                    return Err(Refusal::invalid("messages: text content blocks must be non-empty"));
                }
            }
            blocks.is_empty()
        }
        _ => {
            return Err(Refusal::invalid(format!(
                "messages.{i}.content: Input should be a valid string or list"
            )));
        }
    };
    if empty && !may_be_empty {
        return Err(Refusal::invalid(format!(
            "messages.{i}: all messages must have non-empty content except for the optional final assistant message"
        )));
    }
    Ok(())
}

fn check_stop_sequences(value: &Value) -> Result<(), Refusal> {
    let bad = match value {
        Value::Null => false,
        Value::Array(list) => list.iter().any(|s| s.as_str().is_none_or(|s| s.trim().is_empty())),
        _ => true,
    };
    if bad {
        return Err(Refusal::invalid(
            "stop_sequences: each stop sequence must be text with more than whitespace",
        ));
    }
    Ok(())
}

fn check_tools(tools: &Value, choice: &Value) -> Result<(), Refusal> {
    let list = tools.as_array().map_or(&[][..], Vec::as_slice);
    for (i, tool) in list.iter().enumerate() {
        if tool["name"].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::invalid(format!("tools.{i}.name: Field required")));
        }
        let own = matches!(tool["type"].as_str(), None | Some("custom"));
        if own && !tool["input_schema"].is_object() {
            return Err(Refusal::invalid(format!("tools.{i}.custom.input_schema: Field required")));
        }
    }
    match choice["type"].as_str() {
        Some("tool") if !list.iter().any(|t| t["name"] == choice["name"]) => Err(Refusal::invalid(format!(
            "Tool '{}' not found in provided tools",
            choice["name"].as_str().unwrap_or("")
        ))),
        Some("any" | "tool" | "auto") if list.is_empty() => {
            Err(Refusal::invalid("tool_choice: may only be specified while providing tools"))
        }
        _ => Ok(()),
    }
}

fn check_choices(request: &Map<String, Value>) -> Result<(), Refusal> {
    let one_of = |name: &str, allowed: &[&str]| match request.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(|v| allowed.contains(&v)) => Ok(()),
        Some(_) => Err(Refusal::invalid(format!("{name}: Input should be one of {}", allowed.join(", ")))),
    };
    one_of("inference_geo", &["global", "us"])?;
    one_of("service_tier", &["auto", "standard_only"])?;
    one_of("speed", &["standard", "fast"])?;
    Ok(())
}

/// The least tokens of a task budget.
const LEAST_TASK_BUDGET: u64 = 20_000;

fn check_task_budget(budget: &Value, model: &Model, strict: Strictness) -> Result<(), Refusal> {
    let refuse = |what: String| Err(Refusal::invalid(format!("output_config.task_budget{what}")));
    if budget.is_null() {
        return Ok(());
    }
    if !strict.task_budgets {
        return refuse(": Extra inputs are not permitted".to_owned());
    }
    if budget["type"] != "tokens" {
        return refuse(".type: Input should be 'tokens'".to_owned());
    }
    if budget["total"].as_u64().is_none_or(|total| total < LEAST_TASK_BUDGET) {
        return refuse(format!(".total: Input should be greater than or equal to {LEAST_TASK_BUDGET}"));
    }
    if !model.takes_task_budget() {
        return refuse(format!(" is not supported by {}", model.id));
    }
    Ok(())
}

fn check_for_model(request: &Map<String, Value>, model: &Model, strict: Strictness) -> Result<(), Refusal> {
    let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
    let refuse = |what: &str| Err(Refusal::invalid(format!("{what} is not supported by {}", model.id)));
    let max = get("max_tokens").as_u64().unwrap_or(0);
    if max > model.max_output {
        return Err(Refusal::invalid(format!(
            "max_tokens: {max} > {}, which is the maximum allowed number of output tokens for {}",
            model.max_output, model.id
        )));
    }
    let prompt = content_tokens(get("system"))
        + get("messages")
            .as_array()
            .map_or(0, |list| list.iter().map(|m| content_tokens(&m["content"])).sum());
    if prompt > model.context {
        return Err(Refusal::invalid(format!(
            "prompt is too long: {prompt} tokens > {} maximum",
            model.context
        )));
    }
    for name in ["temperature", "top_p", "top_k"] {
        let given = !get(name).is_null();
        let default = name != "top_k" && get(name).as_f64().is_some_and(|v| (v - 1.0).abs() < 1e-9);
        if given && (strict.sampling == Sampling::Refused || (model.rejects.sampling && !default)) {
            return refuse(name);
        }
    }
    let last = get("messages").as_array().and_then(|list| list.last()).unwrap_or(&Value::Null);
    if model.rejects.prefill && last["role"] == "assistant" {
        return refuse("A last message by the assistant (prefill)");
    }
    let thinking = get("thinking")["type"].as_str();
    if model.rejects.thinking_off && thinking == Some("disabled") {
        return refuse("thinking.type: disabled");
    }
    if model.rejects.effort && (thinking == Some("adaptive") || !get("output_config")["effort"].is_null()) {
        return refuse("effort or adaptive thinking");
    }
    if model.rejects.forced_tool && matches!(get("tool_choice")["type"].as_str(), Some("any" | "tool")) {
        return refuse("A forced tool_choice");
    }
    check_task_budget(&get("output_config")["task_budget"], model, strict)?;
    if get("speed") == "fast" && model.id != "claude-opus-5-5" {
        return refuse("speed: fast");
    }
    Ok(())
}
