//! Whoever takes an answer, as it comes over the wire.

use crate::pace::headers::Told;
use crate::upstream::sign::Sign;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use std::time::Duration;

/// What stands before an answer's body.
#[derive(Debug)]
pub(crate) struct AnswerHead<'a> {
    pub status: u16,
    /// What the status means, where that is known.
    pub reason: Option<&'static str>,
    pub headers: &'a HeaderMap,
    /// What the headers tell of limits.
    pub told: &'a Told,
    /// Where a redirect points, without what may be secret in it. It is not followed.
    pub redirect: Option<String>,
}

/// What is wanted next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// More.
    More,
    /// What comes within this time from the first such wish on: what it comes to is known.
    Within(Duration),
    /// Nothing: this was the end. What is left is read out, so that the connection can be used again.
    Ended,
    /// Nothing, whatever is left.
    Enough,
}

/// Why no more bytes come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The body has come to its end.
    Whole,
    /// Nothing came for longer than upstream may be silent.
    Stalled,
    /// The time is over within which the rest was wanted.
    Late,
    /// The connection broke, with these words.
    Broke(String),
}

/// Takes an answer: its head, its bytes as they come, its end. Told of no end where it wanted nothing more.
pub(crate) trait Observer: Send {
    /// The head; once, and before all else.
    fn head(&mut self, head: &AnswerHead<'_>) -> Wanted;

    /// Some bytes, and what to tell of them at once.
    fn chunk(&mut self, bytes: &Bytes, sign: &mut (dyn FnMut(Sign<'_>) + Send)) -> Wanted;

    /// No more come.
    fn end(&mut self, ending: &Ending, sign: &mut (dyn FnMut(Sign<'_>) + Send));
}
