//! A conversation on its way out, piece by piece.

use crate::asked::asks_about_layout;
use crate::blank_lines::without_blank_runs;
use crate::duplicates::once;
use crate::json::with_data_minified;
use crate::lossy::{without_comments, without_log_middles, without_trace_middles};
use crate::reference::Sent;
use crate::tokens::about_tokens;
use crate::trailing::without_trailing_space;
use std::borrow::Cow;

/// How far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What a reader gets means all that it meant.
    Lossless,
    /// Comments in fenced code and the middles of stack traces and of long logs are left out, too; it says so where they stood.
    Lossy,
}

/// Reads a conversation from its beginning, and says what of it is sent.
#[derive(Clone, Debug)]
pub struct Compressor {
    level: Level,
    sent: Sent,
    /// Somebody asked about the layout.
    keeps_layout: bool,
}

impl Compressor {
    /// At the beginning of a conversation.
    pub fn new(level: Level) -> Self {
        Self { level, sent: Sent::default(), keeps_layout: false }
    }

    /// The next piece is sent as it is. What comes after it may refer to it.
    pub fn kept(&mut self, text: &str) {
        self.sent.push(text);
    }

    /// Somebody says this in the next pieces or among them. Where it asks about the layout of a text, what comes from here on
    /// keeps its own.
    pub fn said(&mut self, text: &str) {
        self.keeps_layout = self.keeps_layout || asks_about_layout(text);
    }

    /// A text that stands before the next piece and is never referred to. What it has may be read in a reference, too.
    pub fn seen(&mut self, text: &str) {
        self.sent.seen(text);
    }

    /// What is sent of the next piece: never more bytes, and never nothing of something.
    pub fn piece(&mut self, text: &str) -> String {
        if text.trim().is_empty() {
            self.sent.push(text);
            return text.to_owned();
        }
        let lossy: &[fn(&str) -> Cow<'_, str>] = match self.level {
            Level::Lossless => &[],
            Level::Lossy => &[without_comments, without_trace_middles, without_log_middles],
        };
        let rules: &[fn(&str) -> Cow<'_, str>] = if self.keeps_layout {
            &[]
        } else {
            &[with_data_minified, without_trailing_space, without_blank_runs]
        };
        let mut shorter = text.to_owned();
        for rule in lossy.iter().chain(rules) {
            let Cow::Owned(next) = rule(&shorter) else { continue };
            if next.len() < shorter.len() && about_tokens(&next) <= about_tokens(&shorter) {
                shorter = next;
            }
        }
        once(&mut self.sent, &shorter)
    }
}
