//! The marks of a request (`cache_control`), and which of them the API refuses.

use serde_json::{Map, Value};

use crate::cache::Ttl;
use crate::prompt::{PromptBlock, blocks, last_to_mark};
use crate::refusal::Refusal;
use crate::validate::Fields;

/// The most marks that a request may have, the one on the request itself included.
const MOST_MARKS: usize = 4;

/// Checks where marks stand, what they say, how many they are, and that longer times come first.
pub(crate) fn check_marks(request: &Map<String, Value>, fields: Fields) -> Result<(), Refusal> {
    let blocks = blocks(request);
    let mut marks = Vec::new();
    for block in blocks.iter().filter(|block| !block.control().is_null()) {
        marks.push((block.path(), own_mark(block, fields)?));
    }
    if let Some(ttl) = time_of("", request.get("cache_control").unwrap_or(&Value::Null), fields)? {
        let last = last_to_mark(&blocks).and_then(|i| Ttl::of(blocks[i].control()));
        if last.is_some_and(|own| own != ttl) {
            return Err(Refusal::invalid(
                "cache_control.ttl: the last block has a cache_control of its own with a different ttl",
            ));
        }
        marks.push((String::new(), ttl));
    }
    if marks.len() > MOST_MARKS {
        return Err(Refusal::invalid(format!(
            "A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {}.",
            marks.len()
        )));
    }
    check_order(&marks)
}

/// The mark that stands on a block.
fn own_mark(block: &PromptBlock<'_>, fields: Fields) -> Result<Ttl, Refusal> {
    let path = block.path();
    if block.is_empty_text() {
        return Err(Refusal::invalid(format!(
            "{path}.text: cache_control cannot be set for empty text blocks"
        )));
    }
    if !block.can_be_marked() {
        return Err(Refusal::invalid(format!(
            "{path}.{}.cache_control: Extra inputs are not permitted",
            block.kind()
        )));
    }
    Ok(time_of(&format!("{path}."), block.control(), fields)?.unwrap_or(Ttl::FiveMinutes))
}

/// What a `cache_control` says; nothing where it is null.
fn time_of(path: &str, control: &Value, fields: Fields) -> Result<Option<Ttl>, Refusal> {
    let refuse = |what: &str| Err(Refusal::invalid(format!("{path}cache_control{what}")));
    let known = |name: &String| matches!(name.as_str(), "type" | "ttl");
    match control {
        Value::Null => Ok(None),
        Value::Object(_) if control["type"] != "ephemeral" => refuse(".type: Input should be 'ephemeral'"),
        Value::Object(given) => match given.keys().find(|name| fields == Fields::Known && !known(name)) {
            Some(name) => refuse(&format!(".ephemeral.{name}: Extra inputs are not permitted")),
            None => match Ttl::of(control) {
                Some(ttl) => Ok(Some(ttl)),
                None => refuse(".ephemeral.ttl: Input should be '5m' or '1h'"),
            },
        },
        _ => refuse(": Input should be a valid dictionary"),
    }
}

/// Entries that live longer come first.
fn check_order(marks: &[(String, Ttl)]) -> Result<(), Refusal> {
    for pair in marks.windows(2) {
        let ((_, before), (path, after)) = (&pair[0], &pair[1]);
        if before < after {
            let dot = if path.is_empty() { "" } else { "." };
            return Err(Refusal::invalid(format!(
                "{path}{dot}cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' \
                 cache_control block. Note that blocks are processed in the following order: `tools`, `system`, \
                 `messages`."
            )));
        }
    }
    Ok(())
}
