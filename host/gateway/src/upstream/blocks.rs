//! The blocks of an answer, put together from their deltas.

use crate::upstream::halves::{Text, mended};
use crate::upstream::object::{Object, text, text_bytes};
use crate::upstream::words::{MOST_WORD_BYTES, clean};
use anvil_types::ContentBlock;
use serde_json::{Map, Value, json};

/// The longest id or name of a tool's use that is kept. They are repeated in later requests.
const MOST_ID_BYTES: usize = 256;

/// One block.
#[derive(Debug)]
pub(crate) struct Block {
    kind: Kind,
    text: Text,
    signature: Text,
    /// As it began, where it is of a kind that the contract has no case for.
    start: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    ToolUse { id: String, name: String, input: String },
    Other,
}

impl Block {
    /// A block as `content_block_start`, or a whole message, gives it.
    pub(crate) fn begin(json: &str) -> Result<Self, String> {
        let fields =
            Object::read(json).map_err(|error| format!("a block of the answer is unreadable: {error}"))?;
        let kind = fields.text("type").ok_or("a block of the answer has no type")?;
        let part = |name: &str| match fields.get(name) {
            None => Ok(Text::default()),
            Some(json) => {
                let bytes = text_bytes(json).ok_or_else(|| format!("a block's `{name}` is no text"))?;
                let mut text = Text::default();
                text.push(&bytes);
                Ok::<_, String>(text)
            }
        };
        let id = |name: &str| {
            let id = fields.get(name).and_then(text).ok_or_else(|| format!("a `tool_use` without {name}"))?;
            Ok::<_, String>(clean(&id, MOST_ID_BYTES))
        };
        let mut block = Self {
            kind: Kind::Other,
            text: Text::default(),
            signature: Text::default(),
            start: String::new(),
        };
        match kind.as_ref() {
            "text" => (block.kind, block.text) = (Kind::Text, part("text")?),
            "thinking" => {
                (block.kind, block.text, block.signature) =
                    (Kind::Thinking, part("thinking")?, part("signature")?);
            }
            "tool_use" => {
                let input = fields.get("input").unwrap_or("{}").to_owned();
                block.kind = Kind::ToolUse { id: id("id")?, name: id("name")?, input };
            }
            _ => json.clone_into(&mut block.start),
        }
        Ok(block)
    }

    /// Some upstreams leave out that a text begins.
    pub(crate) fn of_delta(kind: &str) -> Option<Self> {
        let kind = match kind {
            "text_delta" => Kind::Text,
            "thinking_delta" => Kind::Thinking,
            _ => return None,
        };
        Some(Self { kind, text: Text::default(), signature: Text::default(), start: String::new() })
    }

    /// Adds a delta. Answers the text to show, if it brought any. One of a known kind that can't be read
    /// is an error: what it brought was paid for. Kinds that came later bring nothing that is known here.
    pub(crate) fn add(&mut self, kind: &str, delta: &Object<'_>) -> Result<Option<String>, String> {
        let field = match kind {
            "text_delta" => "text",
            "thinking_delta" => "thinking",
            "signature_delta" => "signature",
            "input_json_delta" => "partial_json",
            _ => return Ok(None),
        };
        let fits = matches!(
            (&self.kind, kind),
            (Kind::Other, _)
                | (Kind::Text, "text_delta")
                | (Kind::Thinking, "thinking_delta" | "signature_delta")
                | (Kind::ToolUse { .. }, "input_json_delta")
        );
        if !fits {
            return Err(format!("a `{kind}` came in a block of another kind"));
        }
        let bytes = delta.get(field).and_then(text_bytes);
        let bytes = bytes
            .ok_or_else(|| format!("a `{kind}` of the answer is unreadable: its `{field}` is no text"))?;
        if kind == "signature_delta" {
            self.signature.push(&bytes);
            return Ok(None);
        }
        let new = self.text.push(&bytes);
        Ok((kind == "text_delta").then(|| new.to_owned()))
    }

    /// Whether it holds anything that Claude produced.
    pub(crate) fn is_empty(&self) -> bool {
        match self.kind {
            Kind::Text | Kind::Thinking => self.text.is_empty() && self.signature.is_empty(),
            Kind::ToolUse { .. } | Kind::Other => false,
        }
    }

    /// Its text as far as it came; nothing for other kinds than text.
    pub(crate) fn shown(&self) -> &str {
        if self.kind == Kind::Text { self.text.as_str() } else { "" }
    }

    /// In the contract's form; none for a text without a character, which no later turn may hold.
    pub(crate) fn content(self) -> Option<ContentBlock> {
        let empty = self.is_empty();
        let text = self.text.finish();
        Some(match self.kind {
            Kind::Text if empty => return None,
            Kind::Text => ContentBlock::Text { text },
            Kind::Thinking => ContentBlock::Thinking { text, signature: self.signature.finish() },
            Kind::ToolUse { id, name, input } => {
                let input = mended(if text.is_empty() { &input } else { &text }).into_owned();
                if is_object(&input) {
                    ContentBlock::ToolUse { id, name, input }
                } else {
                    // It was cut, or is nested or numbered beyond what readers take: told as what it is.
                    let partial =
                        json!({ "type": "tool_use", "id": id, "name": name, "partial_input": input });
                    ContentBlock::Other { json: partial.to_string() }
                }
            }
            Kind::Other => ContentBlock::Other { json: other(&mended(&self.start), &text) },
        })
    }
}

/// Whether every reader takes it for a JSON object.
fn is_object(json: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(json).is_ok()
}

/// A block of an unknown kind with what its deltas brought.
fn other(start: &str, text: &str) -> String {
    if text.is_empty() {
        return start.to_owned();
    }
    let Ok(mut block) = serde_json::from_str::<Map<String, Value>>(start) else { return start.to_owned() };
    if block.contains_key("input") {
        let input = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        block.insert("input".to_owned(), input);
    } else {
        let begun = block.get("text").and_then(Value::as_str).unwrap_or_default();
        let whole = format!("{begun}{text}");
        block.insert("text".to_owned(), whole.into());
    }
    Value::Object(block).to_string()
}

/// What kind a delta is of: as it says, or by the field that it has.
pub(crate) fn delta_kind(delta: &Object<'_>) -> Result<String, String> {
    if let Some(kind) = delta.text("type") {
        return Ok(clean(&kind, MOST_WORD_BYTES));
    }
    let known = [
        ("text", "text_delta"),
        ("thinking", "thinking_delta"),
        ("signature", "signature_delta"),
        ("partial_json", "input_json_delta"),
    ];
    let found = known.iter().find(|(field, _)| delta.get(field).is_some());
    found.map(|(_, kind)| (*kind).to_owned()).ok_or_else(|| "a delta of the answer has no type".to_owned())
}
