//! About how many tokens a prompt has, by the count that tells how much shorter it was made.

use anvil_compress::about_tokens;
use anvil_types::{ContentBlock, Message, Request};
use serde_json::Value;

/// What framing adds for each message, and for each tool.
const PER_MESSAGE: u64 = 3;
const PER_TOOL: u64 = 10;
/// A count that is so near to what the answer told (in parts of it) is taken as it is.
const NEAR: u64 = 100;
/// What a text can have by the answer, as often as it is counted: tokenizers are not further apart.
const FURTHEST: u128 = 4;

/// Tokens of what stands before the messages.
pub(crate) fn stem(request: &Request) -> u64 {
    let system = request.system.as_deref().map_or(0, about_tokens);
    let tools = request.tools.iter().map(|tool| {
        let schema = compact(&tool.input_schema);
        PER_TOOL + about_tokens(&tool.name) + about_tokens(&tool.description) + about_tokens(&schema)
    });
    system + tools.sum::<u64>()
}

/// Tokens of a message; none where it has a picture, which counts by what is seen in it.
pub(crate) fn message(message: &Message) -> Option<u64> {
    let tokens = message.content.iter().map(|block| match block {
        ContentBlock::Text { text } | ContentBlock::Thinking { text, .. } => Some(about_tokens(text)),
        ContentBlock::ToolUse { name, input, .. } => Some(about_tokens(name) + about_tokens(&compact(input))),
        ContentBlock::ToolResult { content, .. } => Some(about_tokens(content)),
        ContentBlock::Other { json } => Some(about_tokens(&compact(json))),
        ContentBlock::Image { .. } => None,
    });
    tokens.sum::<Option<u64>>().map(|tokens| PER_MESSAGE + tokens)
}

fn compact(json: &str) -> String {
    anvil_compress::minified(json).unwrap_or_else(|| {
        serde_json::from_str::<Value>(json).map_or_else(|_| json.to_owned(), |value| value.to_string())
    })
}

/// What was removed, as the model counts: by what its answer told of a prompt that is counted at `about` here. Where a
/// prompt cannot be counted here, as it is.
pub(crate) fn calibrated(removed: u64, about: Option<u64>, told: u64) -> u64 {
    let Some(about) = about.filter(|about| *about > 0 && about.abs_diff(told) > told / NEAR) else {
        return removed;
    };
    let scaled = u128::from(removed) * u128::from(told) / u128::from(about);
    u64::try_from(scaled.min(u128::from(removed) * FURTHEST)).unwrap_or(u64::MAX)
}
