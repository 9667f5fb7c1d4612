//! Content blocks of a request: their text and their tokens.

use serde_json::Value;

use crate::tokens::count_tokens;

/// Tokens of an image whose size cannot be seen (one given by URL), and the most that any image counts.
const IMAGE_TOKENS: u64 = 1_600;

/// Tokens of one block. At most the UTF-8 bytes of the block as JSON, but for images and documents given by URL, which
/// nobody can bound from the request.
pub(crate) fn block_tokens(block: &Value) -> u64 {
    let text_of = |name: &str| block[name].as_str().map_or(0, count_tokens);
    match block["type"].as_str() {
        Some("text") => text_of("text"),
        Some("thinking") => text_of("thinking"),
        Some("tool_use") => text_of("name") + count_tokens(&block["input"].to_string()),
        Some("tool_result") => content_tokens(&block["content"]),
        Some("image") => source_tokens(&block["source"]).min(IMAGE_TOKENS),
        Some("document") => text_of("title") + text_of("context") + source_tokens(&block["source"]),
        _ => count_tokens(&without_mark(block).to_string()),
    }
}

/// A block or a tool without its mark, which is no text of the prompt.
pub(crate) fn without_mark(block: &Value) -> Value {
    let mut bare = block.clone();
    if let Some(fields) = bare.as_object_mut() {
        fields.remove("cache_control");
    }
    bare
}

fn source_tokens(source: &Value) -> u64 {
    match source["type"].as_str() {
        Some("base64") => source["data"].as_str().map_or(0, |data| data.len() as u64 / 16),
        Some("text") => source["data"].as_str().map_or(0, count_tokens),
        Some("content") => content_tokens(&source["content"]),
        _ => IMAGE_TOKENS,
    }
}

/// Tokens of a `content`: a string or a list of blocks.
pub(crate) fn content_tokens(content: &Value) -> u64 {
    match content {
        Value::String(text) => count_tokens(text),
        Value::Array(blocks) => blocks.iter().map(block_tokens).sum(),
        _ => 0,
    }
}

/// The text of a `content`, its blocks one to a line; tool results included.
pub(crate) fn content_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<String> = blocks
                .iter()
                .filter_map(|block| match block["type"].as_str() {
                    Some("text") => block["text"].as_str().map(str::to_owned),
                    Some("tool_result") => Some(content_text(&block["content"])),
                    Some("document") => block["source"]["data"].as_str().map(str::to_owned),
                    _ => None,
                })
                .collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
