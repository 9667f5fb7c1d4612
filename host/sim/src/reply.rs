//! An answer before it is sent: content blocks, cut to what the request allows.

use serde_json::{Value, json};

use crate::question::Question;
use crate::tokens::{count_tokens, token_pieces};

/// One content block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Text(String),
    Thinking {
        text: String,
        signature: String,
    },
    /// `input` is JSON text; cut at `max_tokens` it may be incomplete.
    ToolUse {
        id: String,
        name: String,
        input: String,
    },
}

impl Block {
    /// Reads a block of a script; a kind that the simulator doesn't know becomes its JSON text.
    pub(crate) fn from_api(block: &Value) -> Self {
        let text = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        match block["type"].as_str() {
            Some("text") => Self::Text(text("text")),
            Some("thinking") => Self::Thinking { text: text("thinking"), signature: text("signature") },
            Some("tool_use") => Self::ToolUse {
                id: block["id"].as_str().unwrap_or("toolu_sim").to_owned(),
                name: text("name"),
                input: block["input"].to_string(),
            },
            _ => Self::Text(block.to_string()),
        }
    }

    /// The block in a whole message.
    pub(crate) fn to_api(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::Thinking { text, signature } => {
                json!({"type": "thinking", "thinking": text, "signature": signature})
            }
            Self::ToolUse { id, name, input } => {
                let input: Value = serde_json::from_str(input).unwrap_or_else(|_| json!({}));
                json!({"type": "tool_use", "id": id, "name": name, "input": input})
            }
        }
    }

    /// The text that is streamed and counted.
    pub(crate) fn streamed(&self) -> &str {
        match self {
            Self::Text(text) | Self::Thinking { text, .. } => text,
            Self::ToolUse { input, .. } => input,
        }
    }

    fn truncate(&mut self, bytes: usize) {
        match self {
            Self::Text(text) | Self::Thinking { text, .. } => text.truncate(bytes),
            Self::ToolUse { input, .. } => input.truncate(bytes),
        }
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) blocks: Vec<Block>,
    pub(crate) stop_reason: String,
    pub(crate) stop_sequence: Option<String>,
    /// Tokens of all streamed text.
    pub(crate) tokens: u64,
}

impl Reply {
    /// Cuts the blocks at the first stop sequence and at `max_tokens`, whichever comes first. Where that is 0, there are
    /// none at all.
    pub(crate) fn fit(mut blocks: Vec<Block>, question: &Question) -> Self {
        if question.max_tokens == 0 {
            let stop_reason = "max_tokens".to_owned();
            return Self { blocks: Vec::new(), stop_reason, stop_sequence: None, tokens: 0 };
        }
        let uses_tool = blocks.iter().any(|b| matches!(b, Block::ToolUse { .. }));
        let mut reason = if uses_tool { "tool_use" } else { "end_turn" };
        let mut sequence = None;
        for i in 0..blocks.len() {
            let Block::Text(text) = &mut blocks[i] else { continue };
            let found =
                question.stop_sequences.iter().filter_map(|s| text.find(s.as_str()).map(|at| (at, s)));
            if let Some((at, stop)) = found.min_by_key(|(at, _)| *at) {
                text.truncate(at);
                blocks.truncate(i + 1);
                reason = "stop_sequence";
                sequence = Some(stop.clone());
                break;
            }
        }
        let mut left = question.max_tokens;
        for i in 0..blocks.len() {
            let all = count_tokens(blocks[i].streamed());
            if all > left {
                let keep =
                    token_pieces(blocks[i].streamed()).take(usize::try_from(left).unwrap_or(usize::MAX));
                let bytes = keep.map(str::len).sum();
                blocks[i].truncate(bytes);
                blocks.truncate(if bytes == 0 && i > 0 { i } else { i + 1 });
                left = 0;
                reason = "max_tokens";
                sequence = None;
                break;
            }
            left -= all;
        }
        Self {
            blocks,
            stop_reason: reason.to_owned(),
            stop_sequence: sequence,
            tokens: question.max_tokens - left,
        }
    }
}
