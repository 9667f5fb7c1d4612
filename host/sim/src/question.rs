//! A request to `/v1/messages`, validated and made ready to answer.

use serde_json::{Map, Value};

use crate::cache::Segment;
use crate::content::content_text;
use crate::models::Model;
use crate::prompt::segments;
use crate::refusal::Refusal;
use crate::rng::{FNV_START, fnv};
use crate::validate::{Strictness, validate};

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) model: &'static Model,
    /// 0 where no answer is wanted: the prompt is only read into the cache. 0 also for `count_tokens`, which has none.
    pub(crate) max_tokens: u64,
    pub(crate) stream: bool,
    pub(crate) system: String,
    /// System prompt and all messages, for a script to match on.
    pub(crate) all_text: String,
    pub(crate) last_user: String,
    /// The last message brings results of tools.
    pub(crate) after_tool: bool,
    pub(crate) tools: Vec<Tool>,
    /// The tool that must be used, where `tool_choice` forces one.
    pub(crate) forced_tool: Option<usize>,
    pub(crate) stop_sequences: Vec<String>,
    pub(crate) thinking: bool,
    /// The JSON schema of `output_config.format`.
    pub(crate) schema: Option<Value>,
    pub(crate) geo: Option<String>,
    pub(crate) speed: Option<String>,
    pub(crate) segments: Vec<Segment>,
    /// Hash of the body as it came.
    pub(crate) hash: u64,
}

/// A tool that the request offers.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

impl Question {
    /// Reads and validates a body.
    pub(crate) fn parse(body: &[u8], strictness: Strictness) -> Result<Self, Refusal> {
        let request: Value = serde_json::from_slice(body)
            .map_err(|e| Refusal::invalid(format!("The request body is not valid JSON: {e}")))?;
        let Value::Object(request) = request else {
            return Err(Refusal::invalid("Input should be a valid dictionary"));
        };
        let model = validate(&request, strictness)?;
        Ok(Self::of(&request, model, body))
    }

    fn of(request: &Map<String, Value>, model: &'static Model, body: &[u8]) -> Self {
        let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
        let messages = get("messages").as_array().map_or(&[][..], Vec::as_slice);
        let texts: Vec<String> = messages.iter().map(|m| content_text(&m["content"])).collect();
        let system = content_text(get("system"));
        let mut all_text = system.clone();
        for text in &texts {
            all_text.push('\n');
            all_text.push_str(text);
        }
        let tools: Vec<Tool> = get("tools")
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|t| Tool { name: string(&t["name"]).unwrap_or_default(), schema: t["input_schema"].clone() })
            .collect();
        let choice = get("tool_choice");
        let forced_tool = match choice["type"].as_str() {
            Some("any") if !tools.is_empty() => Some(0),
            Some("tool") => tools.iter().position(|t| choice["name"] == t.name.as_str()),
            _ => None,
        };
        let last = messages.last().unwrap_or(&Value::Null);
        Self {
            model,
            max_tokens: get("max_tokens").as_u64().unwrap_or(0),
            stream: get("stream").as_bool().unwrap_or(false),
            all_text,
            last_user: messages
                .iter()
                .zip(&texts)
                .rev()
                .find(|(m, text)| m["role"] == "user" && !text.is_empty())
                .map(|(_, text)| text.clone())
                .unwrap_or_default(),
            after_tool: blocks(&last["content"]).iter().any(|b| b["type"] == "tool_result"),
            system,
            tools,
            forced_tool,
            stop_sequences: get("stop_sequences")
                .as_array()
                .map(|list| list.iter().filter_map(string).collect())
                .unwrap_or_default(),
            thinking: matches!(get("thinking")["type"].as_str(), Some("enabled" | "adaptive")),
            schema: Some(get("output_config")["format"]["schema"].clone()).filter(Value::is_object),
            geo: string(get("inference_geo")),
            speed: string(get("speed")),
            segments: segments(request, body),
            hash: fnv(FNV_START, body),
        }
    }

    /// Tokens of the whole prompt.
    pub(crate) fn input_tokens(&self) -> u64 {
        self.segments.iter().map(|s| s.tokens).sum()
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn blocks(content: &Value) -> &[Value] {
    content.as_array().map_or(&[][..], Vec::as_slice)
}
