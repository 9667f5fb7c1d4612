//! How many input tokens a request can have at most, and how many it probably has.
//!
//! What is measured is the body that is sent, byte for byte: a token is at least a byte of text. Beside it
//! stands what upstream may make of the body (JSON written anew, in a longer form), and what it adds (the
//! prompts that come with tools, structured output and thinking).

use anvil_types::{ContentBlock, Request, RequestOption};
use serde::{Deserialize, Serialize};

/// Tokens that framing adds for each message, at most: role markers and separators.
const PER_MESSAGE: u64 = 16;
/// Tokens that framing adds for each tool, at most, beside its own text.
const PER_TOOL: u64 = 64;
/// The hidden system prompt that comes with the first tool; the largest that was published is 530.
const TOOL_PROMPT: u64 = 1_024;
/// The hidden prompt that comes with `output_config`; no figure is published. Its schema may be in it once
/// more, so its JSON counts twice.
const FORMAT_PROMPT: u64 = 1_024;
/// The hidden prompt that comes with `thinking`; no figure is published.
const THINKING_PROMPT: u64 = 512;
/// The hidden prompt that comes with a task budget, and what each turn tells of it; no figures are published.
const TASK_PROMPT: u64 = 1_024;
const TASK_PER_MESSAGE: u64 = 64;
/// The most that one picture counts: larger ones are scaled down before they are counted.
const PER_IMAGE: u64 = 6_400;
/// Framing of the whole.
const PER_REQUEST: u64 = 64;
/// The longest that a reader of JSON writes a number with an exponent: `-1.7976931348623157e+308`, or the 21
/// digits that some write for `1e20`.
const LONGEST_NUMBER: u64 = 25;

/// The sizes in a request that its tokens follow from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSize {
    /// UTF-8 bytes of all text.
    pub text_bytes: u64,
    /// Turns.
    pub messages: u64,
    /// Tools.
    pub tools: u64,
    /// Pictures.
    pub images: u64,
    /// What pictures have in the body: their bytes in base64.
    pub image_bytes: u64,
    /// By how much JSON of the request is longer where upstream writes it anew.
    pub rewritten_bytes: u64,
    /// Tokens of hidden prompts that the request brings with it.
    pub hidden_tokens: u64,
}

/// What a request holds whose cost cannot be bounded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the cost of a `{kind}` block cannot be bounded beforehand, so it is refused; send its content as text, an image, or tool results"
)]
pub struct Unbounded {
    /// The block's type.
    pub kind: String,
}

impl InputSize {
    /// The sizes in an agent's request.
    pub fn of(request: &Request) -> Result<Self, Unbounded> {
        let mut size = Self {
            messages: len(request.messages.len()),
            tools: len(request.tools.len()),
            ..Self::default()
        };
        if size.tools > 0 {
            size.hidden_tokens = TOOL_PROMPT;
        }
        size.text(request.system.as_deref().unwrap_or(""));
        for tool in &request.tools {
            size.text(&tool.name);
            size.quoted(&tool.description);
            size.json(&tool.input_schema);
        }
        for (name, value) in &request.options {
            size.text(name);
            size.json(value);
            size.hidden(name, value);
        }
        for block in request.messages.iter().flat_map(|message| &message.content) {
            match block {
                ContentBlock::Text { text } => size.text(text),
                ContentBlock::Image { data, .. } => {
                    size.images += 1;
                    size.image_bytes = size.image_bytes.saturating_add(len(data.len().div_ceil(3) * 4));
                }
                ContentBlock::ToolUse { id, name, input } => {
                    size.quoted(id);
                    size.quoted(name);
                    size.json(input);
                }
                ContentBlock::ToolResult { tool_use_id, content, .. } => {
                    size.text(tool_use_id);
                    size.text(content);
                }
                ContentBlock::Thinking { text, signature } => {
                    size.text(text);
                    size.text(signature);
                }
                ContentBlock::Other { json } => size.other(json)?,
            }
        }
        Ok(size)
    }

    fn task_prompt(&self) -> u64 {
        TASK_PROMPT.saturating_add(self.messages.saturating_mul(TASK_PER_MESSAGE))
    }

    /// The same with a task budget that the request does not have itself.
    #[must_use]
    pub fn with_task_budget(mut self) -> Self {
        self.hidden_tokens =
            self.hidden_tokens.saturating_add(FORMAT_PROMPT).saturating_add(self.task_prompt());
        self
    }

    fn text(&mut self, text: &str) {
        self.text_bytes = self.text_bytes.saturating_add(len(text.len()));
    }

    // Text that is a string of JSON where it gets into the prompt, as a tool's description does.
    fn quoted(&mut self, text: &str) {
        self.text(text);
        let longer = text.chars().map(|char| written_len(char) - len(char.len_utf8())).sum();
        self.rewritten_bytes = self.rewritten_bytes.saturating_add(longer);
    }

    fn json(&mut self, json: &str) {
        self.text(json);
        let longer = rewritten_len(json).saturating_sub(len(json.len()));
        self.rewritten_bytes = self.rewritten_bytes.saturating_add(longer);
    }

    fn hidden(&mut self, option: &str, json: &str) {
        let tokens = match RequestOption::named(option) {
            Some(RequestOption::OutputConfig) => {
                // A task budget may stand in it, and its name be written otherwise.
                let has_budget = json.contains(RequestOption::TaskBudget.name()) || json.contains("\\u");
                let task_prompt = if has_budget { self.task_prompt() } else { 0 };
                FORMAT_PROMPT.saturating_add(rewritten_len(json)).saturating_add(task_prompt)
            }
            Some(RequestOption::Thinking) => THINKING_PROMPT,
            Some(RequestOption::TaskBudget) => self.task_prompt(),
            Some(RequestOption::Tier | RequestOption::ToolChoice | RequestOption::CacheControl) => 0,
            Some(RequestOption::Temperature | RequestOption::TopP | RequestOption::TopK) => 0,
            Some(RequestOption::Metadata | RequestOption::ServiceTier) => 0,
            Some(RequestOption::InferenceGeo | RequestOption::Speed) => 0,
            // One that is not known goes nowhere.
            None => 0,
        };
        self.hidden_tokens = self.hidden_tokens.saturating_add(tokens);
    }

    // Of the blocks that the contract has no case for, only those that are text alone are bounded.
    fn other(&mut self, json: &str) -> Result<(), Unbounded> {
        let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let kind = value.get("type").and_then(serde_json::Value::as_str).unwrap_or("?");
        if kind != "redacted_thinking" {
            return Err(Unbounded { kind: kind.chars().take(64).collect() });
        }
        self.json(json);
        Ok(())
    }
}

fn len(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// How long a character can become in a string of JSON that is written anew. Python escapes what is beyond ASCII, and DEL;
/// Go what means something in HTML.
fn written_len(char: char) -> u64 {
    let stays = char.is_ascii() && !matches!(char, '\u{7f}' | '<' | '>' | '&');
    if stays { 1 } else { 6 * len(char.len_utf16()) }
}

/// How long JSON can become where it is written anew: characters as [`written_len`] says, a space after each comma and colon, numbers with an exponent in any of their forms, others with a `.0`.
fn rewritten_len(json: &str) -> u64 {
    let (mut length, mut rest) = (0_u64, json);
    let (mut in_string, mut escaped) = (false, false);
    while let Some(char) = rest.chars().next() {
        let number = if in_string { "" } else { number_at(rest) };
        if number.is_empty() {
            rest = &rest[char.len_utf8()..];
            length += written_len(char);
            length += u64::from(!in_string && matches!(char, ',' | ':'));
            match char {
                '"' if !escaped => in_string = !in_string,
                '\\' if in_string && !escaped => {
                    escaped = true;
                    continue;
                }
                _ => {}
            }
            escaped = false;
        } else {
            let long = if number.contains(['e', 'E']) { LONGEST_NUMBER } else { 0 };
            // From 16 digits on some write a number with an exponent that had none.
            let more = if number.len() < 16 { 2 } else { 5 };
            length += (len(number.len()) + more).max(long);
            rest = &rest[number.len()..];
        }
    }
    length
}

fn number_at(text: &str) -> &str {
    let is_part = |char: char| char.is_ascii_digit() || matches!(char, '-' | '+' | '.' | 'e' | 'E');
    if !text.starts_with(|char: char| char.is_ascii_digit() || char == '-') {
        return "";
    }
    &text[..text.find(|char| !is_part(char)).unwrap_or(text.len())]
}

/// No request of this size whose body has so many bytes has more input tokens. Money is held by this.
pub fn bound_input_tokens(size: InputSize, body_bytes: usize) -> u64 {
    len(body_bytes)
        .saturating_sub(size.image_bytes)
        .saturating_add(size.rewritten_bytes)
        .saturating_add(size.hidden_tokens)
        .saturating_add(size.messages.saturating_mul(PER_MESSAGE))
        .saturating_add(size.tools.saturating_mul(PER_TOOL))
        .saturating_add(size.images.saturating_mul(PER_IMAGE))
        .saturating_add(PER_REQUEST)
}

/// The least input tokens that a body of so many bytes can have: one, where there are 256 bytes of text in it. An answer
/// that tells fewer can't be true.
pub fn least_input_tokens(size: InputSize, body_bytes: usize) -> u64 {
    u64::from(len(body_bytes).saturating_sub(size.image_bytes) >= 256)
}

/// How many tokens beside its text a request of this size probably has: framing, tools, pictures.
pub fn framing_tokens(size: InputSize) -> u64 {
    size.messages
        .saturating_mul(4)
        .saturating_add(size.tools.saturating_mul(16))
        .saturating_add(if size.tools > 0 { 350 } else { 0 })
        .saturating_add(size.images.saturating_mul(1_600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Tool;

    #[test]
    fn json_is_bounded_in_every_form_that_it_is_written_in() {
        for (json, longest) in [
            ("{}", "{}".len()),
            (r#"{"a":[1,2]}"#, r#"{"a": [1.0, 2.0]}"#.len()),
            (r#"["a,b:c"]"#, r#"["a,b:c"]"#.len()),
            ("\"\u{e9}\u{4f60}\u{1f600}\"", r#""\u00e9\u4f60\ud83d\ude00""#.len()),
            ("\"\u{7f}\"", r#""\u007f""#.len()),
            (r#""<b>&'/""#, r#""\u003cb\u003e\u0026'/""#.len()),
            (r#""\"1e15\\",1e15"#, r#""\"1e15\\", "#.len() + 25),
            ("1e20", 25),
            ("-0.5", "-0.5".len() + 2),
            ("12345678901234567", 17 + 5),
            ("true", 4),
        ] {
            assert_eq!(rewritten_len(json), len(longest), "{json}");
        }
    }

    #[test]
    fn what_comes_with_tools_structured_output_and_thinking_is_bounded() {
        let mut request = Request {
            system: None,
            messages: Vec::new(),
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        };
        let bound = |request: &Request| bound_input_tokens(InputSize::of(request).expect("bounded"), 1_000);
        assert_eq!(bound(&request), 1_000 + PER_REQUEST);
        request.options.push(("thinking".into(), r#"{"type":"adaptive"}"#.into()));
        assert_eq!(bound(&request), 1_000 + PER_REQUEST + THINKING_PROMPT + 1);
        request.options = vec![("output_config".into(), r#"{"format":{"const":1e15}}"#.into())];
        let written = r#"{"format": {"const": }}"#.len() as u64 + 25;
        let longer = written - 25;
        assert_eq!(bound(&request), 1_000 + PER_REQUEST + FORMAT_PROMPT + written + longer);
        request.options.clear();
        let tool = Tool { name: "t".into(), description: String::new(), input_schema: "{}".into() };
        request.tools = vec![tool; 2];
        let with_tools = 1_000 + PER_REQUEST + TOOL_PROMPT + 2 * PER_TOOL;
        assert_eq!(bound(&request), with_tools);
        // A description is a string of the JSON that tells of the tool.
        request.tools[0].description = "\u{fc}\u{4f60}\u{1f600}\u{7f}a".into();
        assert_eq!(bound(&request), with_tools + (6 - 2) + (6 - 3) + (12 - 4) + (6 - 1));
    }

    // As Python writes a number.
    fn python(number: f64) -> String {
        if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
            return format!("{number:?}");
        }
        let (digits, exponent) = with_exponent(number);
        format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    }

    // As JavaScript writes a number.
    fn javascript(number: f64) -> String {
        if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
            return format!("{number}");
        }
        let (digits, exponent) = with_exponent(number);
        format!("{digits}e{exponent:+}")
    }

    fn with_exponent(number: f64) -> (String, i32) {
        let written = format!("{number:e}");
        let (digits, exponent) = written.split_once('e').expect("it has one");
        (digits.to_owned(), exponent.parse().expect("a number"))
    }

    proptest::proptest! {
        #[test]
        fn no_number_is_written_longer_than_its_bound(exponent in -30_i32..30, digits in -9e9..9e9_f64) {
            let number = digits * 10_f64.powi(exponent);
            let forms = [number.to_string(), format!("{number:?}"), format!("{number:e}"), python(number), javascript(number)];
            for given in &forms {
                for written in [python(number), javascript(number)] {
                    proptest::prop_assert!(len(written.len()) <= rewritten_len(given), "{} as {}", given, written);
                }
            }
        }
    }
}
