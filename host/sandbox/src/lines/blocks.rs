//! Blocks of content in lines, as the Messages API has them.

use crate::bindings::anvil::agent::claude as wit;
use anvil_types::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

/// Which block it is.
#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolUse {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    id: String,
    name: String,
    input: Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolResult {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    tool_use_id: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    is_error: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasoning {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    thinking: String,
    signature: String,
}

#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Source {
    Base64 { media_type: String, data: String },
}

/// A block that a program is told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told<'a> {
    Text { text: &'a str },
    Image { source: Source },
    ToolUse { id: &'a str, name: &'a str, input: Json },
    ToolResult { tool_use_id: &'a str, content: &'a str, is_error: bool },
    Thinking { thinking: &'a str, signature: &'a str },
}

/// What a program says: a text, which is one block, or a list of blocks. Another value is one block of another kind, for
/// the request's own check to refuse.
pub(super) fn said(content: &Json) -> Vec<wit::ContentBlock> {
    if let Ok(text) = serde_json::from_str(content.as_str()) {
        return vec![wit::ContentBlock::Text(text)];
    }
    match serde_json::from_str::<Vec<Json>>(content.as_str()) {
        Ok(blocks) => blocks.iter().map(|said| block(said).unwrap_or_else(|| other(said))).collect(),
        Err(_) => vec![other(content)],
    }
}

fn other(said: &Json) -> wit::ContentBlock {
    wit::ContentBlock::Other(said.as_str().to_owned())
}

/// A block of the contract. What has a field that the contract's block lacks is none: it goes on whole, and is judged by
/// whoever bounds what it costs.
fn block(said: &Json) -> Option<wit::ContentBlock> {
    Some(match read::<Kind>(said)?.r#type.as_str() {
        "text" => wit::ContentBlock::Text(read::<Text>(said)?.text),
        "image" => {
            let Source::Base64 { media_type, data } = read::<Image>(said)?.source;
            wit::ContentBlock::Image(wit::Image { media_type, data: STANDARD.decode(data).ok()? })
        }
        "tool_use" => {
            let ToolUse { id, name, input, .. } = read(said)?;
            wit::ContentBlock::ToolUse(wit::ToolUse { id, name, input: input.as_str().to_owned() })
        }
        "tool_result" => {
            let ToolResult { tool_use_id, content, is_error, .. } = read(said)?;
            wit::ContentBlock::ToolResult(wit::ToolResult { tool_use_id, content, is_error })
        }
        "thinking" => {
            let Reasoning { thinking, signature, .. } = read(said)?;
            wit::ContentBlock::Thinking(wit::Thinking { text: thinking, signature })
        }
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(said: &Json) -> Option<T> {
    serde_json::from_str(said.as_str()).ok()
}

/// A block that a program is told.
pub(super) fn told(block: &wit::ContentBlock) -> Json {
    let block = match block {
        wit::ContentBlock::Text(text) => Told::Text { text },
        wit::ContentBlock::Image(wit::Image { media_type, data }) => {
            let source = Source::Base64 { media_type: media_type.clone(), data: STANDARD.encode(data) };
            Told::Image { source }
        }
        wit::ContentBlock::ToolUse(wit::ToolUse { id, name, input }) => {
            Told::ToolUse { id, name, input: input.parse().unwrap_or_else(|_| Json::null()) }
        }
        wit::ContentBlock::ToolResult(wit::ToolResult { tool_use_id, content, is_error }) => {
            Told::ToolResult { tool_use_id, content, is_error: *is_error }
        }
        wit::ContentBlock::Thinking(wit::Thinking { text, signature }) => {
            Told::Thinking { thinking: text, signature }
        }
        wit::ContentBlock::Other(json) => return json.parse().unwrap_or_else(|_| Json::of(json)),
    };
    Json::of(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_in_and_come_out_as_the_api_has_them() {
        for same in [
            r#"{"type":"text","text":"hi"}"#,
            r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAE="}}"#,
            r#"{"type":"tool_use","id":"a","name":"look","input":{"n":1e2}}"#,
            r#"{"type":"tool_result","tool_use_id":"a","content":"42","is_error":false}"#,
            r#"{"type":"thinking","thinking":"hm","signature":"s"}"#,
            r#"{"type":"document","source":{"type":"text","data":"x"}}"#,
        ] {
            let list: Json = format!("[{same}]").parse().expect("JSON");
            let blocks = said(&list);
            assert_eq!(blocks.len(), 1);
            let is_other = matches!(blocks[0], wit::ContentBlock::Other(_));
            assert_eq!(is_other, same.contains("document"), "{same}");
            let back = blocks.iter().map(told).next().expect("one");
            assert_eq!(back.as_str(), same);
        }
    }

    #[test]
    fn a_text_is_one_block_and_a_block_with_more_fields_goes_on_whole() {
        let text = said(&Json::of("hi"));
        assert!(matches!(text.as_slice(), [wit::ContentBlock::Text(text)] if text == "hi"));
        let marked = r#"[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]"#;
        let marked = said(&marked.parse().expect("JSON"));
        let [wit::ContentBlock::Other(json)] = marked.as_slice() else { panic!("it lost its mark") };
        assert!(json.contains("cache_control"));
        assert!(matches!(said(&Json::of(&7)).as_slice(), [wit::ContentBlock::Other(_)]));
    }
}
