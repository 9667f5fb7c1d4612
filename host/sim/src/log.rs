//! What was asked and what became of it: a ring of the latest requests.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::usage::SimUsage;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is still being answered.
    InFlight,
    /// The whole answer was sent.
    Complete,
    /// An error was answered in place of a message.
    Refused,
    /// The simulator closed the connection before the first byte.
    Closed,
    /// The simulator broke the answer off.
    Cut,
    /// An `error` event ended the stream.
    ErrorEvent,
    /// The client went away.
    Disconnected,
}

/// One request to `/v1/messages`.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// Its number since the start, from 1; a reset does not set it back.
    pub index: u64,
    /// When it came, RFC 3339.
    pub time: String,
    /// When it came, ms since 1970 UTC.
    pub time_ms: i64,
    /// How long it took until its outcome, ms.
    pub took_ms: Option<i64>,
    /// The `request-id` that was answered.
    pub request_id: String,
    /// The model asked for, where the request could be read.
    pub model: Option<String>,
    /// The most output it allowed.
    pub max_tokens: Option<u64>,
    /// Whether it asked for a stream.
    pub stream: bool,
    /// FNV-1a hash of the body, hexadecimal.
    pub hash: String,
    /// The first 200 characters of the last user message.
    pub question: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status, once one was sent.
    pub status: Option<u16>,
    /// The fault that was injected.
    pub fault: Option<String>,
    /// The stop reason, where a message was made.
    pub stop_reason: Option<String>,
    /// What was billed, once something was.
    pub usage: Option<SimUsage>,
    /// What it cost.
    pub nano_dollars: i64,
    /// Headers of interest (`x-anvil-*`, `anthropic-*`, `x-claude-code-*`, `user-agent`), never a key.
    pub headers: BTreeMap<String, String>,
}

/// The latest entries, up to a capacity.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<LogEntry>,
    capacity: usize,
}

impl Log {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity: capacity.max(1) }
    }

    pub(crate) fn push(&mut self, entry: LogEntry) {
        if self.entries.len() >= self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The entry of that number, unless it has dropped out. Numbers are consecutive.
    pub(crate) fn get_mut(&mut self, index: u64) -> Option<&mut LogEntry> {
        let first = self.entries.front()?.index;
        self.entries.get_mut(usize::try_from(index.checked_sub(first)?).ok()?)
    }

    /// Up to `limit` entries with a number above `after`, oldest first.
    pub(crate) fn after(&self, after: u64, limit: usize) -> Vec<LogEntry> {
        let first = self.entries.front().map_or(0, |entry| entry.index);
        let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip).take(limit).cloned().collect()
    }
}
