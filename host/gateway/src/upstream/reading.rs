//! An answer's body: an event stream, or whatever came in its place.

use crate::agent::ask::TextSink;
use crate::upstream::answer::Answer;
use crate::upstream::event_stream::{Event, Events, MOST_EVENT_BYTES};
use crate::upstream::failed::Failed;
use crate::upstream::fault::{Fault, html};
use crate::upstream::heard::Heard;
use crate::upstream::secrets::{Redactor, Shown};
use crate::upstream::sign::Sign;
use crate::upstream::words::{MOST_WORD_BYTES, clean};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::header::HeaderMap;
use std::time::Duration;

/// The most of an error's body that is read.
const MOST_ERROR_BYTES: usize = 64 * 1024;
/// How long an error's body is read: its status is known, and says what it comes to.
const ERROR_BODY: Duration = Duration::from_secs(5);
/// How much, and for how long, what comes after the end is read, so that the connection can be used again.
const MOST_REST_BYTES: usize = 64 * 1024;
const REST: Duration = Duration::from_secs(1);
/// The most of a strange body's text that is told.
const MOST_SAID_BYTES: usize = 200;

type Chunks = BoxStream<'static, reqwest::Result<Bytes>>;

/// What a body under 200 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Events,
    Json,
    Other,
}

/// Why reading ended.
enum End {
    /// `message_stop` came.
    Stopped,
    /// The body ended, or broke off, with this sentence.
    Broke(String),
}

/// Reads the body of a 200.
pub(crate) struct Reading<'a> {
    chunks: Chunks,
    idle: Duration,
    media: Option<String>,
    encoding: Option<String>,
    shown: Shown<'a>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(head: reqwest::Response, idle: Duration, redactor: &'a Redactor) -> Self {
        let media = media_type(head.headers());
        let encoding = encoding(head.headers());
        Self { chunks: chunks(head), idle, media, encoding, shown: Shown::new(redactor) }
    }

    /// Reads the answer; `Ok` only for a whole one.
    pub(crate) async fn run(
        mut self,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Result<(), Failed> {
        if let Some(encoding) = &self.encoding {
            return Err(no_stream(&format!("a body encoded as {encoding}"), ""));
        }
        let (form, start) = self.begin().await;
        let end = match form {
            Form::Events => self.events(start, answer, sink, sign).await,
            Form::Json => self.message(start, answer, sink, sign).await?,
            Form::Other => {
                let (body, _) = self.rest(start, MOST_ERROR_BYTES, ERROR_BODY).await;
                let media = self.media.as_deref().unwrap_or("a body without a media type");
                return Err(no_stream(media, &String::from_utf8_lossy(&body)));
            }
        };
        let rest = self.shown.finish();
        if let Some(sink) = sink.filter(|_| !rest.is_empty()) {
            sink(&rest);
        }
        let broke = match end {
            End::Stopped => {
                tokio::spawn(read_out(self.chunks));
                "the answer has an end and no beginning".to_owned()
            }
            End::Broke(why) => why,
        };
        if answer.is_whole() {
            return Ok(());
        }
        Err(match answer.fault.clone() {
            Some(fault) => Failed::error_event(fault, answer.has_begun()),
            None => {
                Failed::cut(&format!("{broke}; the call may have been billed"), Heard::answer(answer.began))
            }
        })
    }

    // The first bytes, and what they are the beginning of.
    async fn begin(&mut self) -> (Form, Vec<u8>) {
        let mut start = Vec::new();
        loop {
            if let Some(form) = form(self.media.as_deref(), &start, false) {
                return (form, start);
            }
            match tokio::time::timeout(self.idle, self.chunks.next()).await {
                Ok(Some(Ok(bytes))) => start.extend_from_slice(&bytes),
                // Whoever reads on meets it again.
                _ => return (form(self.media.as_deref(), &start, true).unwrap_or(Form::Other), start),
            }
        }
    }

    async fn events(
        &mut self,
        start: Vec<u8>,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> End {
        let mut events = Events::default();
        let mut bytes = Bytes::from(start);
        loop {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let Ok((taken, event)) = events.take(rest) else {
                    return End::Broke(too_large("an event"));
                };
                rest = &rest[taken..];
                if let Some(end) = event.and_then(|event| self.event(&event, answer, sink, sign)) {
                    if matches!(end, End::Stopped) {
                        told_after_the_end(&mut events, rest, answer);
                    }
                    return end;
                }
            }
            let why = match tokio::time::timeout(self.idle, self.chunks.next()).await {
                Ok(Some(Ok(more))) => {
                    bytes = more;
                    continue;
                }
                Err(_) => "the answer stalled".to_owned(),
                Ok(None) => "the answer ended before its end".to_owned(),
                Ok(Some(Err(error))) => format!("the answer broke off: {error}"),
            };
            // An event whose end did not come is one where it can be read, and was cut where it can't.
            let last = events.finish().and_then(|event| self.event(&event, answer, sink, sign));
            return if let Some(End::Stopped) = last { End::Stopped } else { End::Broke(why) };
        }
    }

    fn event(
        &mut self,
        event: &Event,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Option<End> {
        let input_was_told = answer.counts.input_told();
        let brought = match answer.take(event) {
            Ok(brought) => brought,
            Err(nonsense) => return Some(End::Broke(nonsense)),
        };
        if let (Some(text), Some(sink)) = (brought.text, sink) {
            let text = self.shown.push(&text);
            if !text.is_empty() {
                sink(&text);
            }
        }
        if answer.counts.input_told() && !input_was_told {
            sign(Sign::Input(answer.usage().paced_input_tokens()));
        } else if brought.output > 0 {
            sign(Sign::Output(brought.output));
        }
        if answer.fault.is_some() {
            return Some(End::Broke(String::new()));
        }
        answer.stopped.then_some(End::Stopped)
    }

    // A whole message, or an error, in one piece of JSON.
    async fn message(
        &mut self,
        start: Vec<u8>,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Result<End, Failed> {
        let (body, why) = self.rest(start, MOST_EVENT_BYTES, Duration::MAX).await;
        if let Some(why) = why {
            return Ok(End::Broke(why));
        }
        let json = String::from_utf8_lossy(&body);
        let json = json.trim_start_matches('\u{feff}').trim();
        let kind = crate::upstream::object::Object::read(json).ok();
        let is =
            |name: &str| kind.as_ref().is_some_and(|fields| fields.text("type").as_deref() == Some(name));
        let has = |name: &str| kind.as_ref().is_some_and(|fields| fields.get(name).is_some());
        if is("message") {
            return Ok(match answer.take_message(json) {
                Ok(text) => {
                    sign(Sign::Input(answer.usage().paced_input_tokens()));
                    sign(Sign::Output(json.len()));
                    let text = self.shown.push(&text);
                    if let Some(sink) = sink.filter(|_| !text.is_empty()) {
                        sink(&text);
                    }
                    End::Stopped
                }
                Err(nonsense) => End::Broke(nonsense),
            });
        }
        if is("error") || has("error") {
            answer.fault = Some(Fault::of_error(json));
            return Ok(End::Broke(String::new()));
        }
        Err(no_stream(self.media.as_deref().unwrap_or("JSON"), json))
    }

    // The body up to its end, and why it did not come to it.
    async fn rest(&mut self, start: Vec<u8>, most: usize, longest: Duration) -> (Vec<u8>, Option<String>) {
        let mut body = start;
        let read = async {
            loop {
                match tokio::time::timeout(self.idle, self.chunks.next()).await {
                    Ok(Some(Ok(bytes))) => body.extend_from_slice(&bytes),
                    Ok(None) => return None,
                    Err(_) => return Some("the answer stalled".to_owned()),
                    Ok(Some(Err(error))) => return Some(format!("the answer broke off: {error}")),
                }
                if body.len() > most {
                    return Some(too_large("the answer"));
                }
            }
        };
        let ended = tokio::time::timeout(longest, read).await;
        (body, ended.unwrap_or_else(|_| Some("the answer took too long".to_owned())))
    }
}

/// The error that a body tells, as far as it comes in a bounded time.
pub(crate) async fn error_body(head: reqwest::Response, idle: Duration) -> Fault {
    let (media, reason) = (media_type(head.headers()), head.status().canonical_reason());
    if let Some(encoding) = encoding(head.headers()) {
        return Fault::of_text(&format!(
            "{} (with a body encoded as {encoding})",
            reason.unwrap_or_default()
        ));
    }
    let mut chunks = chunks(head);
    let mut body = Vec::new();
    let read = async {
        while let Some(Ok(bytes)) = chunks.next().await {
            body.extend_from_slice(&bytes);
            if body.len() > MOST_ERROR_BYTES {
                return;
            }
        }
    };
    let whole = tokio::time::timeout(ERROR_BODY.min(idle), read).await.is_ok();
    body.truncate(MOST_ERROR_BYTES);
    // An event stream may tell it too, in its first event.
    let mut told = None;
    if media.as_deref() == Some("text/event-stream") && whole {
        let mut events = Events::default();
        let event = events.take(&body).ok().and_then(|(_, event)| event).or_else(|| events.finish());
        told = event.map(|event| event.data);
    }
    let fault = Fault::of_body(&told.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()));
    if fault.message.is_empty() { Fault::of_text(reason.unwrap_or_default()) } else { fault }
}

// Usage that came with the answer's end, behind it, counts as any other; nothing else does.
fn told_after_the_end(events: &mut Events, mut rest: &[u8], answer: &mut Answer) {
    while !rest.is_empty() {
        let Ok((taken, event)) = events.take(rest) else { return };
        rest = &rest[taken..];
        if let Some(event) = event {
            answer.take_late(&event.data);
        }
    }
}

// What is left of a body after the answer's end: most often the mark that it is the end.
async fn read_out(mut chunks: Chunks) {
    let mut bytes = 0;
    let read = async {
        while let Some(Ok(more)) = chunks.next().await {
            bytes += more.len();
            if bytes > MOST_REST_BYTES {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(REST, read).await;
}

fn chunks(head: reqwest::Response) -> Chunks {
    head.bytes_stream().boxed()
}

fn no_stream(media: &str, body: &str) -> Failed {
    let page = body.trim_start_matches('\u{feff}').trim_start().starts_with('<').then(|| html(body));
    let said = clean(page.as_deref().unwrap_or(body), MOST_SAID_BYTES);
    Failed::no_stream(media, &said)
}

fn too_large(what: &str) -> String {
    format!("{what} is larger than {} MiB", MOST_EVENT_BYTES / (1024 * 1024))
}

/// The media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("content-type")?.to_str().ok()?;
    let media = said.split(';').next().unwrap_or_default().to_ascii_lowercase();
    Some(clean(&media, MOST_WORD_BYTES)).filter(|media| !media.is_empty())
}

/// The encoding that makes a body unreadable, where it has one.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("content-encoding")?.to_str().ok()?;
    Some(clean(&said.to_ascii_lowercase(), MOST_WORD_BYTES))
        .filter(|said| !said.is_empty() && said != "identity")
}

/// What a body is, by its media type and its first bytes; none while too little of it is there.
fn form(media: Option<&str>, start: &[u8], ended: bool) -> Option<Form> {
    const FIELDS: [&[u8]; 5] = [b"event:", b"data:", b"retry:", b"id:", b":"];
    let says_events = media.is_none_or(|media| media == "text/event-stream");
    let by_media = if says_events { Form::Events } else { Form::Other };
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first() {
        None if ended || start.len() > MOST_ERROR_BYTES => Some(by_media),
        None => None,
        Some(b'{' | b'[') => Some(Form::Json),
        Some(b'<') => Some(Form::Other),
        Some(_) if says_events => Some(Form::Events),
        Some(_) if FIELDS.iter().any(|field| text.starts_with(field)) => Some(Form::Events),
        Some(_) if text.len() < 6 && !ended => None,
        Some(_) => Some(Form::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_known_by_its_media_type_and_its_first_bytes() {
        let events = Some("text/event-stream");
        for (media, start, is) in [
            (events, "event: message_start", Some(Form::Events)),
            (events, "\u{feff}\n\n: hello", Some(Form::Events)),
            (events, "x", Some(Form::Events)),
            (events, " {\"type\"", Some(Form::Json)),
            (events, "<!DOCTYPE html>", Some(Form::Other)),
            (events, "\n \n", None),
            (None, "data: {}", Some(Form::Events)),
            (Some("text/plain"), "data", None),
            (Some("text/plain"), "data: {}", Some(Form::Events)),
            (Some("text/plain"), "denied", Some(Form::Other)),
            (Some("application/json"), "[]", Some(Form::Json)),
            (Some("text/html"), "", None),
        ] {
            assert_eq!(form(media, start.as_bytes(), false), is, "{media:?} {start:?}");
        }
        assert_eq!(form(events, b"", true), Some(Form::Events));
        assert_eq!(form(Some("text/html"), b"", true), Some(Form::Other));
        assert_eq!(form(Some("text/plain"), b"da", true), Some(Form::Other));
        assert_eq!(form(events, &vec![b'\n'; MOST_ERROR_BYTES + 1], false), Some(Form::Events));
    }
}
