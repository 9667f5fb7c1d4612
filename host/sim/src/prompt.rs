//! A prompt as the cache sees it: a row of blocks in the order tools, system, messages, each with the hash of all that
//! stands up to it.
//!
//! Source: the published page on prompt caching. A setting that is rendered into the prompt is part of the hash from the
//! place where it is rendered: `speed` and `output_config.format` from the system prompt on; `tool_choice`, `thinking`,
//! `output_config.effort` and whether there are images from the messages on.

use serde_json::{Map, Value};

use crate::cache::{Segment, Ttl};
use crate::content::{block_tokens, without_mark};
use crate::ordered::OrderedJson;
use crate::rng::{FNV_START, fnv};
use crate::tokens::{MESSAGE_OVERHEAD, TOOL_OVERHEAD, count_tokens};

/// A part of the prompt, in the order in which they are cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Tools,
    System,
    Messages,
}

/// One block of a prompt.
pub(crate) struct PromptBlock<'a> {
    section: Section,
    /// `tool`, `system`, or who wrote the message.
    role: &'a str,
    /// A block, or the text that stands in place of a list of blocks.
    body: &'a Value,
    /// Which tool, system block or message, and which block of it.
    at: (usize, usize),
}

impl PromptBlock<'_> {
    /// Where it stands in the request, as the API's errors say it.
    pub(crate) fn path(&self) -> String {
        let (i, j) = self.at;
        match self.section {
            Section::Tools => format!("tools.{i}"),
            Section::System => format!("system.{i}"),
            Section::Messages => format!("messages.{i}.content.{j}"),
        }
    }

    /// Its own `cache_control`, or null.
    pub(crate) fn control(&self) -> &Value {
        &self.body["cache_control"]
    }

    pub(crate) fn kind(&self) -> &str {
        match self.section {
            Section::Tools => "tool",
            _ => self.body["type"].as_str().unwrap_or("text"),
        }
    }

    /// Whether it is text, and none.
    pub(crate) fn is_empty_text(&self) -> bool {
        self.kind() == "text" && self.text().is_none_or(str::is_empty)
    }

    /// Whether a mark can stand on it: not on thinking, and not on empty text.
    pub(crate) fn can_be_marked(&self) -> bool {
        !matches!(self.kind(), "thinking" | "redacted_thinking") && !self.is_empty_text()
    }

    fn text(&self) -> Option<&str> {
        self.body.as_str().or_else(|| self.body["text"].as_str())
    }

    /// Whether nothing but its text is to be said of it, so that it caches like the same text given as a string.
    fn is_plain_text(&self) -> bool {
        let plain = |key: &String| matches!(key.as_str(), "type" | "text" | "cache_control");
        self.kind() == "text" && self.body.as_object().is_none_or(|fields| fields.keys().all(plain))
    }

    fn tokens(&self) -> u64 {
        let overhead = match self.section {
            Section::Tools => return TOOL_OVERHEAD + tool_tokens(self.body),
            Section::Messages if self.at.1 == 0 => MESSAGE_OVERHEAD,
            _ => 0,
        };
        overhead + self.body.as_str().map_or_else(|| block_tokens(self.body), count_tokens)
    }

    /// What of it is rendered into the prompt. The mark is not. A block's own fields have their places, whatever order
    /// they came in; but a tool's JSON counts as it came, and so does what a block's fields hold.
    fn rendered(&self, request: Option<&OrderedJson>) -> String {
        if self.is_plain_text() {
            return self.text().unwrap_or_default().to_owned();
        }
        let (i, j) = self.at;
        let found = request.and_then(|request| match self.section {
            Section::Tools => request.get("tools")?.item(i),
            Section::System => request.get("system")?.item(i),
            Section::Messages => request.get("messages")?.item(i)?.get("content")?.item(j),
        });
        let Some(block) = found else { return self.body.to_string() };
        let mut fields: Vec<_> =
            block.fields().iter().filter(|(key, _)| key != "cache_control").cloned().collect();
        if self.section != Section::Tools {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        OrderedJson::Object(fields).to_string()
    }
}

fn tool_tokens(tool: &Value) -> u64 {
    if tool["input_schema"].is_null() {
        return count_tokens(&without_mark(tool).to_string());
    }
    let text = |name: &str| tool[name].as_str().map_or(0, count_tokens);
    text("name") + text("description") + count_tokens(&tool["input_schema"].to_string())
}

/// All blocks of a request in the order in which they are cached, whatever order the body's keys have.
pub(crate) fn blocks(request: &Map<String, Value>) -> Vec<PromptBlock<'_>> {
    let list = |name: &str| request.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut all = Vec::new();
    for (i, body) in list("tools").iter().enumerate() {
        all.push(PromptBlock { section: Section::Tools, role: "tool", body, at: (i, 0) });
    }
    let system = request.get("system").map_or(&[][..], bodies);
    for (i, body) in system.iter().enumerate() {
        all.push(PromptBlock { section: Section::System, role: "system", body, at: (i, 0) });
    }
    for (i, message) in list("messages").iter().enumerate() {
        let role = message["role"].as_str().unwrap_or("user");
        for (j, body) in bodies(&message["content"]).iter().enumerate() {
            all.push(PromptBlock { section: Section::Messages, role, body, at: (i, j) });
        }
    }
    all
}

/// The blocks of a content, or the one text that it is.
fn bodies(content: &Value) -> &[Value] {
    match content {
        Value::String(_) => std::slice::from_ref(content),
        Value::Array(blocks) => blocks,
        _ => &[],
    }
}

/// The block that a mark on the request itself marks: the last that can be.
pub(crate) fn last_to_mark(blocks: &[PromptBlock<'_>]) -> Option<usize> {
    blocks.iter().rposition(PromptBlock::can_be_marked)
}

/// The prompt's segments. `body` is the request as it came, for the order of its keys.
pub(crate) fn segments(request: &Map<String, Value>, body: &[u8]) -> Vec<Segment> {
    let blocks = blocks(request);
    let whole = request.get("cache_control").and_then(Ttl::of);
    let target = whole.and(last_to_mark(&blocks));
    let marked = target.is_some() || blocks.iter().any(|block| block.control().is_object());
    // Without a mark nothing is looked up, and nobody asks for the order.
    let ordered: Option<OrderedJson> = if marked { serde_json::from_slice(body).ok() } else { None };
    let (mut hash, mut section, mut position) = (FNV_START, Section::Tools, 0_usize);
    let mut segments = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        for next in [Section::System, Section::Messages] {
            if section < next && next <= block.section {
                section = next;
                hash = mix(hash, "settings", &settings(request, next));
            }
        }
        if marked {
            hash = mix(mix(hash, block.role, block.kind()), "", &block.rendered(ordered.as_ref()));
        }
        position += usize::from(i > 0 && !goes_on(&blocks[i - 1], block));
        let own = Ttl::of(block.control());
        let mark = own.or(whole.filter(|_| target == Some(i)));
        segments.push(Segment { tokens: block.tokens(), prefix: hash, position, mark });
    }
    segments
}

/// Whether a block is of one run with the one before it: a run of calls of tools, or of their results, takes one position
/// of the look-back.
fn goes_on(before: &PromptBlock<'_>, block: &PromptBlock<'_>) -> bool {
    block.section == Section::Messages
        && block.kind() == before.kind()
        && matches!(block.kind(), "tool_use" | "tool_result")
}

/// Continues a hash over two texts, of which neither can run into its neighbour.
fn mix(hash: u64, name: &str, text: &str) -> u64 {
    [name, text]
        .iter()
        .fold(hash, |hash, text| fnv(fnv(hash, &(text.len() as u64).to_le_bytes()), text.as_bytes()))
}

/// The settings that are rendered with a part of the prompt. One that says the default counts as not given.
fn settings(request: &Map<String, Value>, section: Section) -> String {
    let get = |name: &str| request.get(name).unwrap_or(&Value::Null);
    let unless = |value: &Value, default: &str| {
        if value == default { Value::Null } else { value.clone() }
    };
    let output = get("output_config");
    if section == Section::System {
        return format!("{}\n{}", unless(get("speed"), "standard"), output["format"]);
    }
    let bare = |value: &Value, default: &str| {
        let is_default =
            value["type"] == default && value.as_object().is_some_and(|fields| fields.len() == 1);
        if is_default { Value::Null } else { value.clone() }
    };
    let images = get("messages").as_array().into_iter().flatten().any(|m| has_image(&m["content"]));
    format!(
        "{}\n{}\n{}\n{images}",
        bare(get("tool_choice"), "auto"),
        bare(get("thinking"), "disabled"),
        unless(&output["effort"], "high"),
    )
}

/// Whether a content has an image, also within the result of a tool.
fn has_image(content: &Value) -> bool {
    content.as_array().into_iter().flatten().any(|block| match block["type"].as_str() {
        Some("image") => true,
        Some("tool_result") => has_image(&block["content"]),
        _ => false,
    })
}
