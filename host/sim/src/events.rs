//! The events of a stream, in the API's order.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::reply::{Block, Reply};
use crate::tokens::token_pieces;
use crate::usage::SimUsage;

/// Which part of the stream an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `message_start`.
    Start,
    /// Content, and pings.
    Content,
    /// `message_delta`.
    Delta,
    /// `message_stop`.
    Stop,
}

/// One server-sent event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) part: Part,
    pub(crate) bytes: Bytes,
    /// Output tokens streamed up to and with this event.
    pub(crate) tokens: u64,
}

/// A server-sent event as bytes.
pub(crate) fn frame(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// What a message is about, besides its content.
#[derive(Debug, Clone)]
pub(crate) struct Head<'a> {
    pub(crate) id: &'a str,
    pub(crate) model: &'a str,
    /// The final usage.
    pub(crate) usage: &'a SimUsage,
    pub(crate) fault: Option<&'a Fault>,
}

impl Head<'_> {
    fn hides_usage(&self) -> bool {
        matches!(self.fault, Some(Fault::NoUsage { only_final: false }))
    }

    fn hides_final_usage(&self) -> bool {
        matches!(self.fault, Some(Fault::NoUsage { .. }))
    }

    /// The message as one answer without a stream.
    pub(crate) fn message(&self, reply: &Reply) -> Value {
        let mut message = json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": reply.blocks.iter().map(Block::to_api).collect::<Vec<_>>(),
            "stop_reason": reply.stop_reason, "stop_sequence": reply.stop_sequence,
        });
        if !self.hides_final_usage() {
            message["usage"] = self.usage.to_api();
        }
        message
    }
}

/// Output tokens that `message_start` tells of.
pub(crate) fn start_tokens(usage: &SimUsage) -> u64 {
    usage.output_tokens.min(1)
}

/// All events of an answer.
pub(crate) fn events(reply: &Reply, head: &Head<'_>, tokens_per_event: u64) -> Vec<Event> {
    let mut out = Vec::new();
    let mut tokens = 0;
    let mut push = |part, tokens, name: &str, data: &Value| {
        out.push(Event { part, bytes: frame(name, data), tokens });
    };
    let mut message = json!({
        "id": head.id, "type": "message", "role": "assistant", "model": head.model, "content": [],
        "stop_reason": null, "stop_sequence": null,
    });
    if !head.hides_usage() {
        let first = SimUsage { output_tokens: start_tokens(head.usage), ..head.usage.clone() };
        message["usage"] = first.to_api();
    }
    push(Part::Start, 0, "message_start", &json!({"type": "message_start", "message": message}));
    for (index, block) in reply.blocks.iter().enumerate() {
        let start = json!({"type": "content_block_start", "index": index, "content_block": empty(block)});
        push(Part::Content, tokens, "content_block_start", &start);
        if index == 0 {
            push(Part::Content, tokens, "ping", &json!({"type": "ping"}));
        }
        for (text, count) in chunks(block.streamed(), tokens_per_event) {
            tokens += count;
            let delta = match block {
                Block::Text(_) => json!({"type": "text_delta", "text": text}),
                Block::Thinking { .. } => json!({"type": "thinking_delta", "thinking": text}),
                Block::ToolUse { .. } => json!({"type": "input_json_delta", "partial_json": text}),
            };
            let data = json!({"type": "content_block_delta", "index": index, "delta": delta});
            push(Part::Content, tokens, "content_block_delta", &data);
        }
        if let Block::Thinking { signature, .. } = block {
            let delta = json!({"type": "signature_delta", "signature": signature});
            let data = json!({"type": "content_block_delta", "index": index, "delta": delta});
            push(Part::Content, tokens, "content_block_delta", &data);
        }
        push(
            Part::Content,
            tokens,
            "content_block_stop",
            &json!({"type": "content_block_stop", "index": index}),
        );
    }
    let mut delta = json!({
        "type": "message_delta",
        "delta": {"stop_reason": reply.stop_reason, "stop_sequence": reply.stop_sequence},
    });
    if !head.hides_final_usage() {
        delta["usage"] = head.usage.to_api_delta();
    }
    push(Part::Delta, tokens, "message_delta", &delta);
    if head.fault == Some(&Fault::DuplicateDelta) {
        push(Part::Delta, tokens, "message_delta", &delta);
    }
    push(Part::Stop, tokens, "message_stop", &json!({"type": "message_stop"}));
    out
}

fn empty(block: &Block) -> Value {
    match block {
        Block::Text(_) => json!({"type": "text", "text": ""}),
        Block::Thinking { .. } => json!({"type": "thinking", "thinking": "", "signature": ""}),
        Block::ToolUse { id, name, .. } => json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
    }
}

/// The text in pieces of so many tokens, each with its number of tokens.
fn chunks(text: &str, tokens_per_event: u64) -> Vec<(&str, u64)> {
    let most = tokens_per_event.max(1);
    let mut out = Vec::new();
    let (mut begin, mut end, mut count) = (0, 0, 0);
    for piece in token_pieces(text) {
        end += piece.len();
        count += 1;
        if count == most {
            out.push((&text[begin..end], count));
            (begin, count) = (end, 0);
        }
    }
    if count > 0 {
        out.push((&text[begin..end], count));
    }
    out
}
