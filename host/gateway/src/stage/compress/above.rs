//! What of a prompt tells how its turns' texts are read: what stands above and between them, which a reference must not mean by
//! chance, and what a person asks about them.

use anvil_compress::Compressor;
use anvil_types::{ContentBlock, Message, Request, Role};
use serde_json::Value;

/// What stands before the messages.
pub(super) fn stem(compressor: &mut Compressor, request: &Request) {
    for tool in &request.tools {
        compressor.seen(&tool.description);
        json(compressor, &tool.input_schema);
    }
    compressor.seen(request.system.as_deref().unwrap_or_default());
}

/// What a person says in a turn, before any of it is sent.
pub(super) fn said(compressor: &mut Compressor, message: &Message) {
    for block in &message.content {
        if let (Role::User, ContentBlock::Text { text }) = (message.role, block) {
            compressor.said(text);
        }
    }
}

/// A block that is sent as it is, and is no text or result.
pub(super) fn block(compressor: &mut Compressor, block: &ContentBlock) {
    match block {
        ContentBlock::ToolUse { input: data, .. } | ContentBlock::Other { json: data } => {
            json(compressor, data);
        }
        ContentBlock::Thinking { text, .. } => compressor.seen(text),
        ContentBlock::Text { .. } | ContentBlock::ToolResult { .. } | ContentBlock::Image { .. } => {}
    }
}

/// Data as it stands there, and the texts in it as they are meant.
fn json(compressor: &mut Compressor, json: &str) {
    compressor.seen(json);
    let mut open: Vec<Value> = serde_json::from_str(json).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => compressor.seen(&text),
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.into_iter().map(|(_, value)| value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
