//! A streamed answer, put together event by event.
//!
//! Source: the Messages API's streaming form. `message_start` brings the final input counts and a small
//! output count; `message_delta` brings the *cumulative* usage, which overwrites and is never added;
//! `ping` may come anywhere, and an `error` event may come after HTTP 200.

use anvil_types::{ContentBlock, Usage};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What has come of an answer so far.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub model: Option<String>,
    pub usage: Usage,
    /// Whether `message_start` brought usage: the input counts are final then.
    pub input_known: bool,
    /// Whether `message_delta` brought usage: the output count is final then.
    pub output_known: bool,
    pub stop_reason: Option<String>,
    /// Whether `message_stop` came.
    pub complete: bool,
    /// An `error` event: its type and message.
    pub error: Option<(String, String)>,
    blocks: Vec<Block>,
}

#[derive(Debug, Default)]
struct Block {
    start: Value,
    text: String,
    signature: String,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    message: Option<Value>,
    index: Option<usize>,
    content_block: Option<Value>,
    // Most events are of these, and each kind of block has a form of its own.
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    usage: Option<Value>,
    error: Option<Value>,
}

/// What a delta may bring.
#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    partial_json: Option<Cow<'a, str>>,
    #[serde(borrow)]
    thinking: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
}

impl<'a> Delta<'a> {
    /// One of a form that came later brings nothing that is known here.
    fn read(raw: Option<&'a RawValue>) -> Self {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

/// The most blocks of one answer; what is beyond is a broken stream.
const MOST_BLOCKS: usize = 10_000;

impl Answer {
    /// Takes one event's data; returns text to show, if it brought any. An event that makes no sense
    /// is an error of the stream.
    pub(crate) fn take(&mut self, data: &str) -> Result<Option<String>, String> {
        let event: Incoming<'_> =
            serde_json::from_str(data).map_err(|error| format!("an event is no JSON: {error}"))?;
        match &*event.kind {
            "message_start" => {
                let message = event.message.unwrap_or_default();
                self.model = message.get("model").and_then(Value::as_str).map(str::to_owned);
                if let Some(usage) = message.get("usage").filter(|usage| usage.is_object()) {
                    self.input_known = take_usage(&mut self.usage, usage).input;
                }
            }
            "content_block_start" => {
                let index = event.index.unwrap_or(self.blocks.len());
                if index >= MOST_BLOCKS {
                    return Err("the answer has too many blocks".to_owned());
                }
                while self.blocks.len() <= index {
                    self.blocks.push(Block::default());
                }
                self.blocks[index].start = event.content_block.unwrap_or_default();
            }
            "content_block_delta" => return Ok(self.delta(event.index, Delta::read(event.delta))),
            "message_delta" => {
                if let Some(reason) = Delta::read(event.delta).stop_reason {
                    self.stop_reason = Some(reason.into_owned());
                }
                if let Some(usage) = event.usage.as_ref().filter(|usage| usage.is_object()) {
                    let told = take_usage(&mut self.usage, usage);
                    self.input_known |= told.input;
                    self.output_known |= told.output;
                }
            }
            "message_stop" => self.complete = true,
            "error" => {
                let error = event.error.unwrap_or_default();
                let field = |name| error.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
                self.error = Some((field("type"), field("message")));
            }
            // `ping`, `content_block_stop`, and kinds that came later.
            _ => {}
        }
        Ok(None)
    }

    fn delta(&mut self, index: Option<usize>, delta: Delta<'_>) -> Option<String> {
        let block = self.blocks.get_mut(index?)?;
        if let Some(signature) = delta.signature {
            block.signature.push_str(&signature);
            return None;
        }
        if let Some(text) = delta.text {
            block.text.push_str(&text);
            return Some(text.into_owned());
        }
        block.text.push_str(&delta.partial_json.or(delta.thinking)?);
        None
    }

    /// Whether the whole usage of a whole answer is known.
    pub(crate) fn usage_arrived(&self) -> bool {
        self.complete && self.input_known && self.output_known
    }

    /// The answer's blocks in the contract's form.
    pub(crate) fn content(&self) -> Vec<ContentBlock> {
        self.blocks.iter().map(Block::content).collect()
    }
}

impl Block {
    fn content(&self) -> ContentBlock {
        let field = |name| self.start.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        match self.start.get("type").and_then(Value::as_str) {
            Some("text") => ContentBlock::Text { text: field("text") + &self.text },
            Some("tool_use") => {
                let input = if self.text.is_empty() {
                    self.start.get("input").map_or_else(|| "{}".to_owned(), Value::to_string)
                } else {
                    self.text.clone()
                };
                ContentBlock::ToolUse { id: field("id"), name: field("name"), input }
            }
            Some("thinking") => ContentBlock::Thinking {
                text: field("thinking") + &self.text,
                signature: field("signature") + &self.signature,
            },
            _ => ContentBlock::Other { json: self.start.to_string() },
        }
    }
}

struct Told {
    input: bool,
    output: bool,
}

/// Overwrites what `reported` tells and leaves what it does not: `message_delta` tells no split of the
/// cache writes, which `message_start` told.
fn take_usage(usage: &mut Usage, reported: &Value) -> Told {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    let input = number(reported, "input_tokens");
    let output = number(reported, "output_tokens");
    if let Some(tokens) = input {
        usage.input_tokens = tokens;
    }
    if let Some(tokens) = output {
        usage.output_tokens = tokens;
    }
    if let Some(tokens) = number(reported, "cache_read_input_tokens") {
        usage.cache_read_tokens = tokens;
    }
    let split = reported.get("cache_creation").filter(|split| split.is_object());
    if let Some(split) = split {
        usage.cache_write_5m_tokens = number(split, "ephemeral_5m_input_tokens").unwrap_or(0);
        usage.cache_write_1h_tokens = number(split, "ephemeral_1h_input_tokens").unwrap_or(0);
    }
    if let Some(written) = number(reported, "cache_creation_input_tokens") {
        let known = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
        if written > known {
            // Writes of unknown lifetime are priced as the dearer kind.
            usage.cache_write_1h_tokens += written - known;
        }
    }
    let text = |name: &str| reported.get(name).and_then(Value::as_str).map(str::to_owned);
    usage.service_tier = text("service_tier").or_else(|| usage.service_tier.take());
    usage.inference_geo = text("inference_geo").or_else(|| usage.inference_geo.take());
    usage.speed = text("speed").or_else(|| usage.speed.take());
    Told { input: input.is_some(), output: output.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cumulative_usage_overwrites_and_keeps_the_split_of_cache_writes() {
        let mut answer = Answer::default();
        for data in [
            r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":10,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5,"cache_creation_input_tokens":7}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
        ] {
            answer.take(data).expect("sense");
        }
        assert!(!answer.usage_arrived(), "message_stop has not come");
        answer.take(r#"{"type":"message_stop"}"#).expect("sense");
        assert!(answer.usage_arrived());
        let usage = &answer.usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (10, 5));
        assert_eq!((usage.cache_write_5m_tokens, usage.cache_write_1h_tokens), (3, 4));
        assert_eq!(answer.content(), vec![ContentBlock::Text { text: "Hi".into() }]);
    }

    #[test]
    fn tool_input_is_put_together_from_its_parts() {
        let mut answer = Answer::default();
        for data in [
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
        ] {
            answer.take(data).expect("sense");
        }
        assert_eq!(
            answer.content(),
            vec![ContentBlock::ToolUse { id: "t".into(), name: "n".into(), input: r#"{"a":1}"#.into() }]
        );
    }
}
