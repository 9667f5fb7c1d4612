//! How many input tokens a request can have at most, and how many it probably has.

use anvil_types::{ContentBlock, Request};

/// Tokens that framing adds for each message, at most: role markers and separators.
const PER_MESSAGE: u64 = 16;
/// Tokens that framing adds for each tool, at most, beside its own text.
const PER_TOOL: u64 = 64;
/// The hidden system prompt that comes with the first tool; the largest that was published is 530.
const TOOL_PROMPT: u64 = 1_024;
/// The most that one picture counts: larger ones are scaled down before they are counted.
const PER_IMAGE: u64 = 6_400;
/// Framing of the whole.
const PER_REQUEST: u64 = 64;

/// The sizes in a request that its tokens follow from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputSize {
    /// UTF-8 bytes of all text.
    pub text_bytes: u64,
    /// Turns.
    pub messages: u64,
    /// Tools.
    pub tools: u64,
    /// Pictures.
    pub images: u64,
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
        size.text(request.system.as_deref().unwrap_or(""));
        for tool in &request.tools {
            size.text(&tool.name);
            size.text(&tool.description);
            size.text(&tool.input_schema);
        }
        for (name, value) in &request.options {
            size.text(name);
            size.text(value);
        }
        for block in request.messages.iter().flat_map(|message| &message.content) {
            match block {
                ContentBlock::Text { text } => size.text(text),
                ContentBlock::Image { .. } => size.images += 1,
                ContentBlock::ToolUse { id, name, input } => {
                    size.text(id);
                    size.text(name);
                    size.text(input);
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

    fn text(&mut self, text: &str) {
        self.text_bytes = self.text_bytes.saturating_add(len(text.len()));
    }

    // Of the blocks that the contract has no case for, only those that are text alone are bounded.
    fn other(&mut self, json: &str) -> Result<(), Unbounded> {
        let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let kind = value.get("type").and_then(serde_json::Value::as_str).unwrap_or("?");
        if kind != "redacted_thinking" {
            return Err(Unbounded { kind: kind.chars().take(64).collect() });
        }
        self.text(json);
        Ok(())
    }
}

fn len(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// No request of this size has more input tokens: a token is at least a byte of text, and framing is
/// bounded. Money is held by this.
pub fn bound_input_tokens(size: InputSize) -> u64 {
    size.text_bytes
        .saturating_add(size.messages.saturating_mul(PER_MESSAGE))
        .saturating_add(size.tools.saturating_mul(PER_TOOL))
        .saturating_add(if size.tools > 0 { TOOL_PROMPT } else { 0 })
        .saturating_add(size.images.saturating_mul(PER_IMAGE))
        .saturating_add(PER_REQUEST)
}

/// How many tokens beside its text a request of this size probably has: framing, tools, pictures.
pub fn framing_tokens(size: InputSize) -> u64 {
    size.messages
        .saturating_mul(4)
        .saturating_add(size.tools.saturating_mul(16))
        .saturating_add(if size.tools > 0 { 350 } else { 0 })
        .saturating_add(size.images.saturating_mul(1_600))
}
