//! The results of a batch, line by line in no particular order, and what can be wrong with them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use serde_json::json;

use super::fault::{SimBatchFailure, SimBatchFault};
use super::shelf::{Shelved, lock};
use crate::fault::of_status;
use crate::refusal::Refusal;
use crate::rng::Rng;
use crate::state::Shared;
use crate::wire::{Body, Broken, NO_CALL};

/// About how much is sent at once.
const CHUNK: usize = 64 * 1024;
const SECOND: Duration = Duration::from_secs(1);

/// One line that is sent.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// An item's.
    Item(u32),
    /// The first half of an item's.
    Half(u32),
    /// Of an item that nobody sent.
    Stranger,
    /// The first half of an item's; then the connection breaks.
    Cut(u32),
    /// An item's, that tells something else of it than what is so.
    Other(u32, &'static str),
    /// An item's, with a byte in its text that is no UTF-8.
    Bytes(u32),
    /// A mark of the order of bytes.
    Mark,
    /// A page, which is no line at all.
    Page,
}

const EXPIRED: &str = r#"{"type":"expired"}"#;
const CANCELED: &str = r#"{"type":"canceled"}"#;
const INVALID: &str =
    r#"{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}"#;
const CUT: &str = r#"{"type":"succeeded","message":{"id":"msg_01","type":"message"}}"#;

/// The results that are being sent.
struct Sending {
    batch: Shelved,
    lines: std::vec::IntoIter<Line>,
    /// Nobody's lines come behind them, without end.
    endless: bool,
    broken: bool,
    /// Blanks come behind them, one a second, without end.
    drips: bool,
}

/// All results of a batch; a 404 while there are none.
pub(super) fn stream(
    shared: &Shared,
    batch: &Shelved,
    fault: Option<&SimBatchFault>,
) -> Result<Response<Body>, Refusal> {
    let lines = {
        let batch = lock(batch);
        if !batch.has_results(shared.clock.now_ms()) {
            let message = format!("Message Batch {} has no available results.", batch.id);
            return Err(Refusal::new(404, "not_found_error", message));
        }
        let mut lines = shuffled(batch.len(), shared.config.seed ^ batch.number);
        if let Some(fault) = fault {
            spoil(&mut lines, &fault.failure);
        }
        lines
    };
    let endless = fault.is_some_and(|fault| fault.failure == SimBatchFailure::Endless);
    let drips = fault.is_some_and(|fault| matches!(fault.failure, SimBatchFailure::DripLines(_)));
    let sending =
        Sending { batch: Arc::clone(batch), lines: lines.into_iter(), endless, broken: false, drips };
    let clock = Arc::clone(&shared.clock);
    let chunks = stream::unfold((sending, clock), |(mut sending, clock)| async move {
        if sending.broken {
            // Once pending, so that what was handed out is written before the connection breaks.
            tokio::task::yield_now().await;
            sending.lines = Vec::new().into_iter();
            sending.broken = false;
            return Some((Err(Broken), (sending, clock)));
        }
        let sent = match sending.chunk() {
            Ok(chunk) if chunk.is_empty() && sending.drips => {
                clock.sleep(SECOND).await;
                Ok(Frame::data(Bytes::from_static(b" ")))
            }
            Ok(chunk) if chunk.is_empty() => return None,
            Ok(chunk) => Ok(Frame::data(Bytes::from(chunk))),
            Err(_) => Err(Broken),
        };
        Some((sent, (sending, clock)))
    });
    Response::builder()
        .header("content-type", "application/x-jsonl")
        .header("request-id", NO_CALL)
        .body(StreamBody::new(chunks).boxed_unsync())
        .map_err(|_| of_status(500))
}

/// A blank a second, without end.
pub(super) fn dripping(shared: &Shared) -> Response<Body> {
    let blanks = stream::unfold(Arc::clone(&shared.clock), |clock| async move {
        clock.sleep(SECOND).await;
        Some((Ok(Frame::data(Bytes::from_static(b" "))), clock))
    });
    Response::new(StreamBody::new(blanks).boxed_unsync())
}

impl Sending {
    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        let mut batch = lock(&self.batch);
        while chunk.len() < CHUNK && !self.broken {
            let nobodys = self.endless.then_some(Line::Stranger);
            let Some(line) = self.lines.next().or(nobodys) else { break };
            let begin = chunk.len();
            match line {
                Line::Stranger => {
                    let line = json!({"custom_id": "nobody-sent-this", "result": {"type": "expired"}});
                    chunk.extend_from_slice(format!("{line}\n").as_bytes());
                }
                Line::Item(index) | Line::Half(index) | Line::Cut(index) => {
                    batch.line(index as usize, &mut chunk)?;
                }
                Line::Bytes(index) => {
                    batch.line(index as usize, &mut chunk)?;
                    let text = chunk.windows(8).rposition(|part| part == b"\"text\":\"");
                    chunk.insert(text.map_or(begin, |at| at + 8), 0xff);
                }
                Line::Other(index, result) => {
                    let id = batch.custom_id(index as usize);
                    chunk.extend_from_slice(
                        format!("{{\"custom_id\":\"{id}\",\"result\":{result}}}\n").as_bytes(),
                    );
                }
                Line::Mark => chunk.extend_from_slice(b"\xef\xbb\xbf"),
                Line::Page => chunk.extend_from_slice(b"<html><body>\n<p>Sign in</p>\n</body></html>\n"),
            }
            if matches!(line, Line::Half(_) | Line::Cut(_)) {
                chunk.truncate(begin + (chunk.len() - begin) / 2);
            }
            match line {
                Line::Half(_) => chunk.push(b'\n'),
                Line::Cut(_) => self.broken = true,
                _ => {}
            }
        }
        Ok(chunk)
    }
}

/// The items in an order that is the same each time, and not that in which they were sent (Fisher, Yates).
fn shuffled(len: usize, seed: u64) -> Vec<Line> {
    let mut rng = Rng::new(seed);
    let mut lines: Vec<Line> = (0..u32::try_from(len).unwrap_or(u32::MAX)).map(Line::Item).collect();
    for last in (1..lines.len()).rev() {
        let other = usize::try_from(rng.between(0, last as u64)).unwrap_or(0);
        lines.swap(last, other);
    }
    lines
}

/// Does to the lines what a fault says; to the one in the middle where it says it of one.
fn spoil(lines: &mut Vec<Line>, failure: &SimBatchFailure) {
    let at = |wanted: usize| wanted.min(lines.len().saturating_sub(1));
    let middle = at(lines.len() / 2);
    match failure {
        SimBatchFailure::CutLines(after) => {
            let after = at(*after);
            lines.truncate(after + 1);
            lines[after] = as_half(lines[after], Line::Cut);
        }
        SimBatchFailure::Garbage => lines[middle] = as_half(lines[middle], Line::Half),
        SimBatchFailure::Twice => lines.push(lines[middle]),
        SimBatchFailure::Stranger => lines.insert(middle, Line::Stranger),
        SimBatchFailure::Missing => {
            lines.remove(middle);
        }
        SimBatchFailure::Endless => {
            lines.pop();
        }
        SimBatchFailure::DripLines(after) => lines.truncate(*after),
        SimBatchFailure::FirstExpired => before_each(lines, EXPIRED),
        SimBatchFailure::FirstCanceled => before_each(lines, CANCELED),
        SimBatchFailure::FirstInvalid => before_each(lines, INVALID),
        SimBatchFailure::FirstCut => before_each(lines, CUT),
        SimBatchFailure::ByteOrderMark => lines.insert(0, Line::Mark),
        SimBatchFailure::Bytes => lines.iter_mut().for_each(|line| *line = as_half(*line, Line::Bytes)),
        SimBatchFailure::Html => *lines = vec![Line::Page],
        _ => {}
    }
}

fn before_each(lines: &mut Vec<Line>, result: &'static str) {
    let both = |line| match line {
        Line::Item(index) => vec![Line::Other(index, result), line],
        other => vec![other],
    };
    *lines = std::mem::take(lines).into_iter().flat_map(both).collect();
}

fn as_half(line: Line, half: fn(u32) -> Line) -> Line {
    match line {
        Line::Item(index) => half(index),
        other => other,
    }
}
