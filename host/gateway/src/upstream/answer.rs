//! An answer, put together event by event.
//!
//! Source: the Messages API's streaming form. `message_start` brings the input counts and a small output
//! count; `message_delta` brings the *cumulative* usage, which is never added; `ping` may come anywhere, and
//! an `error` event may come after HTTP 200.

use crate::upstream::blocks::{Block, delta_kind};
use crate::upstream::counts::{Counts, Told};
use crate::upstream::event_stream::Event;
use crate::upstream::fault::Fault;
use crate::upstream::object::Object;
use crate::upstream::words::{Words, word};
use anvil_types::{ContentBlock, Usage};
use serde_json::value::RawValue;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The most blocks of one answer; what is beyond is a broken stream.
const MOST_BLOCKS: usize = 10_000;
/// The most bytes of one answer's content; far more than the longest answer has.
pub(crate) const MOST_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// The events of which an answer is made, and those that end or interrupt it.
const KNOWN: [&str; 8] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
    "error",
];

/// What has come of an answer so far.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The status, as soon as an answer has a head.
    pub status: Option<u16>,
    /// Whether `message_start` came: Claude has begun to work.
    pub began: bool,
    /// Whether `message_stop` came.
    pub stopped: bool,
    /// An `error` event.
    pub fault: Option<Fault>,
    pub counts: Counts,
    models: Words,
    stop_reason: Option<String>,
    blocks: BTreeMap<usize, Block>,
    /// Blocks that have begun by an event of their own and were not ended by one.
    open: BTreeSet<usize>,
    /// Bytes of the events that brought content.
    bytes: usize,
}

/// What an event brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    /// Text to show.
    pub text: Option<String>,
    /// Bytes of the answer itself.
    pub output: usize,
}

impl Answer {
    /// Each word that the answer says of itself, and that is told on: of the model, the reason, the usage.
    pub(crate) fn words_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let fault = self.fault.iter_mut().flat_map(Fault::texts_mut);
        self.models.each_mut().chain(&mut self.stop_reason).chain(self.counts.words_mut()).chain(fault)
    }

    /// Takes one event. One that makes no sense is an error of the stream; one of a kind that came later is
    /// passed over.
    pub(crate) fn take(&mut self, event: &Event) -> Result<Brought, String> {
        let named = event.name.as_deref();
        let fields = match Object::read(&event.data) {
            Ok(fields) => fields,
            Err(_) if named == Some("error") => {
                self.fault = Some(Fault::of_text(&event.data));
                return Ok(Brought::default());
            }
            // `[DONE]` ends the streams of another API, and some gateways send it in this one.
            Err(_) if named.is_some_and(|name| !KNOWN.contains(&name)) || event.data.trim() == "[DONE]" => {
                return Ok(Brought::default());
            }
            Err(error) => return Err(format!("an event is no JSON: {error}")),
        };
        let kind = match fields.text("type") {
            Some(kind) => kind,
            None if fields.get("error").is_some() => "error".into(),
            None => named.unwrap_or_default().into(),
        };
        // Wherever usage is told, it counts, whatever becomes of the rest of the event.
        let when =
            if matches!(kind.as_ref(), "message_delta" | "message_stop") { Told::Final } else { Told::First };
        fields.all("usage").for_each(|usage| self.take_usage(usage, when));
        if kind == "error" {
            self.take_heads(&fields);
        }
        let mut brought = Brought::default();
        if kind.starts_with("content_block_") {
            self.bounded(event.data.len())?;
        }
        match kind.as_ref() {
            "message_start" => {
                let messages = fields.all("message").map(|message| Object::read(message).ok());
                let mut last = None;
                for message in messages {
                    if let Some(message) = &message {
                        self.take_head(message);
                    }
                    last = message;
                }
                let message = last.ok_or("`message_start` has no message")?;
                self.began = true;
                brought.text = self.take_begun(&message)?;
            }
            "content_block_start" => {
                let block = fields.get("content_block").ok_or("`content_block_start` has no block")?;
                let next = self.blocks.last_key_value().map_or(0, |(index, _)| index + 1);
                let index = index(&fields).unwrap_or(next);
                self.begin_block(index, Block::begin(block)?)?;
                self.open.insert(index);
            }
            "content_block_stop" => {
                // Some leave out which: it is the last then.
                let stopped = index(&fields).or(self.open.last().copied());
                if let Some(index) = stopped {
                    self.open.remove(&index);
                }
            }
            "content_block_delta" => {
                brought.output = event.data.len();
                brought.text = self.take_delta(&fields)?;
            }
            "message_delta" => self.take_end(&fields)?,
            "message_stop" => self.stopped = true,
            "error" => self.fault = Some(Fault::of_error(&event.data)),
            "" => return Err("an event has no type".to_owned()),
            _ => {}
        }
        Ok(brought)
    }

    /// Takes the usage of an event that came behind the answer's end.
    pub(crate) fn take_late(&mut self, data: &str) {
        let Ok(fields) = Object::read(data) else { return };
        fields.all("usage").for_each(|usage| self.take_usage(usage, Told::Final));
    }

    /// Takes an error that came in place of a message: whatever of one it says beside that counts.
    pub(crate) fn take_error(&mut self, json: &str) {
        if let Ok(fields) = Object::read(json) {
            fields.all("model").for_each(|model| self.models.take(model));
            self.take_heads(&fields);
        }
        self.take_late(json);
        self.fault = Some(Fault::of_error(json));
    }

    /// Takes a whole message, as it comes where the upstream does not stream. Answers its text to show.
    pub(crate) fn take_message(&mut self, json: &str) -> Result<String, String> {
        let message =
            Object::read(json).map_err(|error| format!("the message is no JSON object: {error}"))?;
        self.began = true;
        self.take_head(&message);
        for usage in message.all("usage") {
            self.take_usage(usage, Told::Final);
        }
        message.get("content").ok_or("the message has no content")?;
        let shown = self.take_begun(&message)?;
        self.take_reason(&message)?;
        self.stopped = true;
        Ok(shown.unwrap_or_default())
    }

    // Of messages in what is none: an error's sentence has the same name.
    fn take_heads(&mut self, fields: &Object<'_>) {
        for message in fields.all("message").filter_map(|message| Object::read(message).ok()) {
            self.take_head(&message);
        }
    }

    fn take_head(&mut self, message: &Object<'_>) {
        message.all("model").for_each(|model| self.models.take(model));
        message.all("usage").for_each(|usage| self.take_usage(usage, Told::First));
    }

    fn take_usage(&mut self, usage: &str, when: Told) {
        let Some(fields) = self.counts.take(usage, when) else { return };
        // A pass may have been another model's.
        for passes in fields.all("iterations") {
            // Passes that cannot be read are told of by the counts.
            let passes: Vec<&RawValue> = serde_json::from_str(passes).unwrap_or_default();
            for pass in passes.into_iter().filter_map(|pass| Object::read(pass.get()).ok()) {
                pass.all("model").for_each(|model| self.models.take(model));
            }
        }
    }

    // Content that is there when the answer begins, as none is in Claude's own streams. Answers its text to show.
    fn take_begun(&mut self, message: &Object<'_>) -> Result<Option<String>, String> {
        let Some(content) = message.get("content") else { return Ok(None) };
        let content: Vec<&RawValue> =
            serde_json::from_str(content).map_err(|_| "the message's content is no list".to_owned())?;
        let mut shown = String::new();
        for (index, block) in content.into_iter().enumerate() {
            let block = Block::begin(block.get())?;
            shown.push_str(block.shown());
            self.begin_block(index, block)?;
        }
        Ok((!shown.is_empty()).then_some(shown))
    }

    fn begin_block(&mut self, index: usize, block: Block) -> Result<(), String> {
        if self.blocks.len() == MOST_BLOCKS {
            return Err("the answer has too many blocks".to_owned());
        }
        match self.blocks.entry(index) {
            Entry::Vacant(place) => {
                place.insert(block);
                Ok(())
            }
            Entry::Occupied(_) => Err(format!("block {index} of the answer begins twice")),
        }
    }

    fn take_delta(&mut self, fields: &Object<'_>) -> Result<Option<String>, String> {
        let delta = fields.object("delta").ok_or("a delta of the answer is unreadable")?;
        let kind = delta_kind(&delta)?;
        let index = index(fields).ok_or("a delta of the answer names no block")?;
        if !self.blocks.contains_key(&index)
            && let Some(block) = Block::of_delta(&kind)
        {
            self.begin_block(index, block)?;
        }
        // A kind that is not known may belong to a block that is not either.
        let Some(block) = self.blocks.get_mut(&index) else {
            return Err("a delta of a block that has not begun".to_owned());
        };
        block.add(&kind, &delta)
    }

    fn take_end(&mut self, fields: &Object<'_>) -> Result<(), String> {
        match fields.get("delta") {
            None => Ok(()),
            Some(delta) => {
                let delta = Object::read(delta).map_err(|_| "a `message_delta` is unreadable".to_owned())?;
                self.take_reason(&delta)
            }
        }
    }

    fn take_reason(&mut self, fields: &Object<'_>) -> Result<(), String> {
        if let Some(reason) = fields.get("stop_reason") {
            let reason = word(reason).ok_or("the reason why the answer ended is unreadable")?;
            self.stop_reason = Some(reason);
        }
        Ok(())
    }

    fn bounded(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= MOST_ANSWER_BYTES {
            return Ok(());
        }
        Err(format!("the answer is longer than {} MiB", MOST_ANSWER_BYTES / (1024 * 1024)))
    }

    /// Whether the answer is whole: its end came, or all that comes before it.
    pub(crate) fn is_whole(&self) -> bool {
        let all_but_the_end =
            self.stop_reason.is_some() && self.counts.input_told() && self.counts.output_told();
        self.began && (self.stopped || all_but_the_end && self.fault.is_none())
    }

    /// Whether a block of it was not ended: what came of it may not be all.
    pub(crate) fn has_open_block(&self) -> bool {
        !self.open.is_empty()
    }

    /// What was told of what it used.
    pub(crate) fn usage(&self) -> Usage {
        self.counts.usage()
    }

    /// The models that it says answered; one, as a rule.
    pub(crate) fn models(&self) -> &[String] {
        self.models.all()
    }

    /// Whether it says that more models answered than are kept.
    pub(crate) fn has_more_models(&self) -> bool {
        self.models.has_more()
    }

    /// Whether Claude has begun to work, which is billed: it says so, tells what it used, or brings content.
    pub(crate) fn has_begun(&self) -> bool {
        self.began || self.counts.tells_any() || self.has_content()
    }

    /// Why it ended.
    pub(crate) fn stop_reason(&self) -> Option<&str> {
        self.stop_reason.as_deref()
    }

    /// Whether anything of it came that Claude produced.
    pub(crate) fn has_content(&self) -> bool {
        self.blocks.values().any(|block| !block.is_empty())
    }

    /// Takes out the answer's blocks, in the contract's form.
    pub(crate) fn take_content(&mut self) -> Vec<ContentBlock> {
        std::mem::take(&mut self.blocks).into_values().filter_map(Block::content).collect()
    }
}

fn index(fields: &Object<'_>) -> Option<usize> {
    fields.get("index")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> Event {
        Event { name: None, data: data.to_owned() }
    }

    #[test]
    fn usage_counts_whatever_becomes_of_the_rest_of_its_event() {
        let usage = r#""usage":{"input_tokens":90000,"output_tokens":7}"#;
        for broken in [
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":17}},{usage}}}"#),
            format!(r#"{{"type":"message_start","message":17,{usage}}}"#),
            format!(r#"{{"type":"content_block_delta","index":0,"delta":17,{usage}}}"#),
            format!(r#"{{"type":"content_block_start",{usage}}}"#),
            format!("{{{usage}}}"),
        ] {
            let mut answer = Answer::default();
            assert!(answer.take(&event(&broken)).is_err(), "{broken}");
            assert_eq!((answer.usage().input_tokens, answer.usage().output_tokens), (90_000, 7), "{broken}");
            assert!(answer.has_begun(), "{broken}");
        }
        for content in ["", r#","content":null"#, r#","content":[17]"#] {
            let mut answer = Answer::default();
            let message = format!(r#"{{"type":"message"{content},{usage}}}"#);
            assert!(answer.take_message(&message).is_err(), "{message}");
            assert_eq!(answer.usage().input_tokens, 90_000, "{message}");
        }
    }

    #[test]
    fn each_value_of_a_repeated_key_is_told() {
        let message = |model: &str, input: u64| {
            format!(r#""message":{{"model":"{model}","usage":{{"input_tokens":{input}}}}}"#)
        };
        let mut answer = Answer::default();
        let start = format!(r#"{{"type":"message_start",{},{}}}"#, message("a", 90_000), message("b", 3));
        answer.take(&event(&start)).expect("readable");
        assert_eq!((answer.models(), answer.usage().input_tokens), (&["a".into(), "b".into()][..], 90_000));
    }

    #[test]
    fn what_is_told_or_comes_is_the_beginning_of_work() {
        let mut answer = Answer::default();
        answer.take(&event(r#"{"type":"ping"}"#)).expect("readable");
        answer.take(&event(r#"{"type":"error","error":{"type":"overloaded_error"}}"#)).expect("readable");
        assert!(!answer.has_begun());
        for data in [
            r#"{"type":"message_start","message":{}}"#,
            r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":7}}"#,
            r#"{"type":"ping","usage":{"cache_read_input_tokens":"many"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#,
        ] {
            let mut answer = Answer::default();
            answer.take(&event(data)).expect("readable");
            assert!(answer.has_begun(), "{data}");
        }
    }
}
