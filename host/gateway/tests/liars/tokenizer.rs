//! The most tokens that an honest tokenizer counts in a body: one for each byte that came, for what JSON of the
//! agent's is longer when it is written anew, and for the prompts that upstream adds.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The largest prompt for tools that was published.
const TOOL_PROMPT: u64 = 530;
/// Role markers and separators, for each message and each tool.
const FRAMING: u64 = 8;

/// What of a body the test looks at.
#[derive(Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub model: Cow<'a, str>,
    pub max_tokens: u64,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    tools: Vec<Tool<'a>>,
    #[serde(borrow)]
    output_config: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_choice: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    description: &'a RawValue,
    #[serde(borrow)]
    input_schema: &'a RawValue,
}

impl Body<'_> {
    /// Of the whole body, which has so many bytes.
    pub(crate) fn most_tokens(&self, bytes: u64) -> u64 {
        let anew = |json: &&RawValue| {
            let value: Value = serde_json::from_str(json.get()).expect("what is sent is JSON");
            (dumped(&value) as u64).saturating_sub(json.get().len() as u64)
        };
        let schemas = self.tools.iter().flat_map(|tool| [tool.description, tool.input_schema]);
        let options = [self.output_config, self.thinking, self.tool_choice].into_iter().flatten();
        let inputs =
            self.messages.iter().flat_map(|message| &message.content).filter_map(|block| block.input);
        let longer: u64 = schemas.chain(inputs).chain(options).map(|json| anew(&json)).sum();
        let hidden = if self.tools.is_empty() { 0 } else { TOOL_PROMPT };
        let framed = (self.messages.len() + self.tools.len()) as u64 * FRAMING;
        // A schema for the answer stands in its prompt once more.
        let format = self.output_config.map_or(0, |json| json.get().len() as u64);
        bytes + longer + hidden + framed + format
    }
}

// How long JSON is as Python writes it.
fn dumped(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number
            .as_f64()
            .filter(|_| number.is_f64())
            .map_or_else(|| number.to_string().len(), |number| python(number).len()),
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let inner: usize = values.iter().map(dumped).sum();
            2 + inner + 2 * values.len().saturating_sub(1)
        }
        Value::Object(members) => {
            let inner: usize = members.iter().map(|(key, value)| quoted(key) + 2 + dumped(value)).sum();
            2 + inner + 2 * members.len().saturating_sub(1)
        }
    }
}

fn quoted(text: &str) -> usize {
    let char = |char: char| match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        ' '..='~' => 1,
        _ => 6 * char.len_utf16(),
    };
    2 + text.chars().map(char).sum::<usize>()
}

fn python(number: f64) -> String {
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let written = format!("{number:e}");
    let (digits, exponent) = written.split_once('e').expect("it has one");
    let exponent: i32 = exponent.parse().expect("a number");
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}
