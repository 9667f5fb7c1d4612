//! Scripts: given answers, in order.
//!
//! As JSON (TOML likewise; a bare list of items is a script too):
//!
//! ```json
//! {"items": ["plain text", {"text": "…", "usage": {"input_tokens": 5, "output_tokens": 7}, "repeat": 3}],
//!  "repeat": 2,
//!  "matches": [{"contains": "login", "items": [{"fault": "cut:3", "text": "…"}], "repeat": true}]}
//! ```
//!
//! A request takes its answer from the first of `matches` whose text it contains and that has answers left; else from
//! `items`; and when all is used up, the simulator answers by itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::SimError;
use crate::fault::Fault;
use crate::latency::Latency;
use crate::usage::UsageOverride;

/// A script, see the module's example for its form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Answers for requests that no entry of `matches` takes.
    pub items: Vec<ScriptItem>,
    /// How often `items` are played.
    pub repeat: Repeat,
    /// Answers for requests that contain a text.
    pub matches: Vec<SubScript>,
}

/// Answers for requests whose system prompt or messages contain a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubScript {
    /// The text.
    pub contains: String,
    /// The answers.
    pub items: Vec<ScriptItem>,
    /// How often they are played.
    #[serde(default)]
    pub repeat: Repeat,
}

/// How often something is played: a number, or `true` for ever (`false` is once).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Repeat {
    /// That many times.
    Times(u64),
    /// For ever, or once.
    ForEver(bool),
}

impl Default for Repeat {
    fn default() -> Self {
        Self::Times(1)
    }
}

impl Repeat {
    fn allows(self, round: u64) -> bool {
        match self {
            Self::Times(n) => round < n,
            Self::ForEver(true) => true,
            Self::ForEver(false) => round == 0,
        }
    }
}

/// One given answer. Without `text` and `content` the simulator's own text is used, so that an item can change only
/// the usage, the latency, or what goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "ItemForm")]
pub struct ScriptItem {
    /// The text of the answer. Cut at `max_tokens` and stop sequences like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Content blocks in the API's form (`text`, `thinking`, `tool_use`), in place of `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<Value>>,
    /// In place of the stop reason that follows from the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// In place of the counted usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageOverride>,
    /// What goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// In place of the configured latency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// How many requests in a row get it; 1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ItemForm {
    Text(String),
    Item(Box<ItemFields>),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ItemFields {
    text: Option<String>,
    content: Option<Vec<Value>>,
    stop_reason: Option<String>,
    usage: Option<UsageOverride>,
    fault: Option<Fault>,
    latency: Option<Latency>,
    repeat: Option<u64>,
}

impl From<ItemForm> for ScriptItem {
    fn from(form: ItemForm) -> Self {
        match form {
            ItemForm::Text(text) => Self { text: Some(text), ..Self::default() },
            ItemForm::Item(fields) => (*fields).into(),
        }
    }
}

impl From<ItemFields> for ScriptItem {
    fn from(fields: ItemFields) -> Self {
        let ItemFields { text, content, stop_reason, usage, fault, latency, repeat } = fields;
        Self { text, content, stop_reason, usage, fault, latency, repeat }
    }
}

impl Script {
    /// Reads a script from JSON: an object, or a list of items.
    pub fn from_json(text: &str) -> Result<Self, SimError> {
        let value: Value = serde_json::from_str(text).map_err(|e| SimError::Script(e.to_string()))?;
        Self::from_value(value)
    }

    /// Reads a script from a JSON value: an object, or a list of items.
    pub fn from_value(value: Value) -> Result<Self, SimError> {
        let bad = |e: serde_json::Error| SimError::Script(e.to_string());
        match value {
            Value::Array(items) => {
                let mut read = Vec::with_capacity(items.len());
                for (i, item) in items.into_iter().enumerate() {
                    read.push(item_from(item).map_err(|e| SimError::Script(format!("item {i}: {e}")))?);
                }
                Ok(Self { items: read, ..Self::default() })
            }
            other => serde_json::from_value(other).map_err(bad),
        }
    }

    /// Reads a script from TOML: `[[items]]`, `[[matches]]`.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        toml::from_str(text).map_err(|e| SimError::Script(e.to_string()))
    }
}

/// As the derived reader does, but with an error that says which field is wrong.
fn item_from(item: Value) -> Result<ScriptItem, serde_json::Error> {
    match item {
        Value::String(text) => Ok(ScriptItem { text: Some(text), ..ScriptItem::default() }),
        fields => serde_json::from_value::<ItemFields>(fields).map(ScriptItem::from),
    }
}

/// Where a script stands.
#[derive(Debug, Default)]
pub(crate) struct Player {
    matches: Vec<(String, Part)>,
    rest: Part,
}

#[derive(Debug, Default)]
struct Part {
    items: Vec<ScriptItem>,
    repeat: Repeat,
    next: usize,
    played: u64,
    round: u64,
}

impl Part {
    fn new(items: Vec<ScriptItem>, repeat: Repeat) -> Self {
        Self { items, repeat, ..Self::default() }
    }

    fn take(&mut self) -> Option<ScriptItem> {
        // Each turn of the loop skips an item that is used up; a round of items that all say `repeat: 0` ends it.
        for _ in 0..=self.items.len() {
            if !self.repeat.allows(self.round) {
                return None;
            }
            let item = self.items.get(self.next)?;
            if self.played < item.repeat.unwrap_or(1) {
                self.played += 1;
                return Some(item.clone());
            }
            self.played = 0;
            self.next += 1;
            if self.next == self.items.len() {
                self.next = 0;
                self.round += 1;
            }
        }
        None
    }
}

impl Player {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            matches: script.matches.into_iter().map(|s| (s.contains, Part::new(s.items, s.repeat))).collect(),
            rest: Part::new(script.items, script.repeat),
        }
    }

    fn parts<'a>(&'a mut self, text: &'a str) -> impl Iterator<Item = &'a mut Part> {
        let matching = self.matches.iter_mut().filter(move |(contains, _)| text.contains(contains.as_str()));
        matching.map(|(_, part)| part).chain(std::iter::once(&mut self.rest))
    }

    /// The next answer for a request with this text.
    pub(crate) fn take(&mut self, text: &str) -> Option<ScriptItem> {
        self.parts(text).find_map(Part::take)
    }
}
