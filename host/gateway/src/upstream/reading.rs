//! What an answer's bytes say: an event stream, a message in one piece, an error, or whatever came in its place.
//!
//! Takes bytes however they are cut and knows no socket, so that whoever has an answer's bytes can have it read.

use crate::pace::headers::Told;
use crate::upstream::answer::Answer;
use crate::upstream::event_stream::{Event, Events, MOST_EVENT_BYTES};
use crate::upstream::failed::Failed;
use crate::upstream::fault::{Fault, html};
use crate::upstream::form::{Form, MOST_ERROR_BYTES, encoding, form, media_type};
use crate::upstream::heard::Heard;
use crate::upstream::object::Object;
use crate::upstream::observer::{AnswerHead, Ending, Observer, Wanted};
use crate::upstream::secrets::{Redactor, Shown};
use crate::upstream::sign::{Sign, TextSink};
use crate::upstream::words::clean;
use bytes::Bytes;
use std::time::Duration;

/// How long an error's body is read: its status is known, and says what it comes to.
const ERROR_BODY: Duration = Duration::from_secs(5);
/// The most of a strange body's text that is told.
const MOST_SAID_BYTES: usize = 200;

/// How far reading has come.
enum State {
    /// Too little came to know what it is.
    Begin(Vec<u8>),
    Events(Events),
    Json(Vec<u8>),
    Other(Vec<u8>),
    /// The body of another status than 200.
    Refused(Refusal, Vec<u8>),
    Over(Over),
}

impl Default for State {
    fn default() -> Self {
        Self::Begin(Vec::new())
    }
}

/// Why reading ended.
enum Over {
    /// `message_stop` came.
    Stopped,
    /// The body ended, or broke off, with this sentence.
    Broke(String),
    /// It was no answer.
    Failed(Box<Failed>),
}

/// What the head of a refusal says.
struct Refusal {
    status: u16,
    reason: Option<&'static str>,
    retry_after: Option<Duration>,
    redirect: Option<String>,
}

impl Refusal {
    fn of(head: &AnswerHead<'_>) -> Self {
        let Told { retry_after, .. } = *head.told;
        Self { status: head.status, reason: head.reason, retry_after, redirect: head.redirect.clone() }
    }

    fn with(self, fault: Fault) -> Over {
        Over::Failed(Box::new(Failed::status(self.status, self.retry_after, fault, self.redirect)))
    }
}

type Signs<'s> = &'s mut (dyn FnMut(Sign<'_>) + Send);

/// Reads an answer into `answer`, which keeps what came even where this is dropped half way.
pub(crate) struct Reading<'a> {
    answer: &'a mut Answer,
    /// Where the text goes as it streams by.
    sink: Option<&'a TextSink>,
    shown: Shown<'a>,
    idle: Duration,
    media: Option<String>,
    state: State,
}

impl Observer for Reading<'_> {
    fn head(&mut self, head: &AnswerHead<'_>) -> Wanted {
        self.answer.status = Some(head.status);
        self.media = media_type(head.headers);
        let encoding = encoding(head.headers);
        if head.status == 200 {
            let Some(encoding) = encoding else { return Wanted::More };
            return self
                .over(Over::Failed(Box::new(no_stream(&format!("a body encoded as {encoding}"), ""))));
        }
        let refusal = Refusal::of(head);
        if let Some(encoding) = encoding {
            let said = format!("{} (with a body encoded as {encoding})", refusal.reason.unwrap_or_default());
            return self.over(refusal.with(Fault::of_text(&said)));
        }
        self.state = State::Refused(refusal, Vec::new());
        Wanted::Within(ERROR_BODY.min(self.idle))
    }

    fn chunk(&mut self, bytes: &Bytes, sign: Signs<'_>) -> Wanted {
        self.take(bytes, sign)
    }

    fn end(&mut self, ending: &Ending, sign: Signs<'_>) {
        let why = match ending {
            Ending::Whole => "the answer ended before its end".to_owned(),
            Ending::Stalled => "the answer stalled".to_owned(),
            Ending::Late => "the answer took too long".to_owned(),
            Ending::Broke(error) => format!("the answer broke off: {error}"),
        };
        let over = match std::mem::take(&mut self.state) {
            State::Begin(start) => {
                self.state = state(form(self.media.as_deref(), &start, true).unwrap_or(Form::Other));
                self.take(&start, sign);
                return self.end(ending, sign);
            }
            // An event whose end did not come is one where it can be read, and was cut where it can't.
            State::Events(events) => match events.finish().and_then(|event| self.event(&event, sign)) {
                Some(Over::Stopped) => Over::Stopped,
                _ => Over::Broke(why),
            },
            State::Json(body) if *ending == Ending::Whole => self.message(&body, sign),
            State::Json(_) => Over::Broke(why),
            State::Other(body) => self.other(&body),
            State::Refused(refusal, body) => {
                let whole = !matches!(ending, Ending::Stalled | Ending::Late);
                let fault = self.fault(&body, whole, refusal.reason);
                refusal.with(fault)
            }
            State::Over(over) => over,
        };
        self.over(over);
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        answer: &'a mut Answer,
        sink: Option<&'a TextSink>,
        redactor: &'a Redactor,
        idle: Duration,
    ) -> Self {
        Self { answer, sink, shown: Shown::new(redactor), idle, media: None, state: State::default() }
    }

    /// What it came to; `Ok` only for a whole answer.
    pub(crate) fn verdict(self) -> Result<(), Box<Failed>> {
        let broke = match self.state {
            State::Over(Over::Failed(failed)) => return Err(failed),
            State::Over(Over::Stopped) => "the answer has an end and no beginning".to_owned(),
            State::Over(Over::Broke(why)) => why,
            _ => "the answer was not read to its end".to_owned(),
        };
        if self.answer.is_whole() {
            return Ok(());
        }
        Err(Box::new(match self.answer.fault.clone() {
            Some(fault) => Failed::error_event(fault, self.answer.has_begun()),
            None => {
                let heard = Heard::answer(self.answer.began);
                Failed::cut(&format!("{broke}; the call may have been billed"), heard)
            }
        }))
    }

    // Nothing more is read.
    fn over(&mut self, over: Over) -> Wanted {
        let flow = if matches!(over, Over::Stopped) { Wanted::Ended } else { Wanted::Enough };
        self.state = State::Over(over);
        let rest = self.shown.finish();
        self.show(&rest);
        flow
    }

    fn show(&self, text: &str) {
        if let Some(sink) = self.sink.filter(|_| !text.is_empty()) {
            sink(text);
        }
    }

    fn take(&mut self, bytes: &[u8], sign: Signs<'_>) -> Wanted {
        match std::mem::take(&mut self.state) {
            State::Begin(mut start) => {
                start.extend_from_slice(bytes);
                let Some(form) = form(self.media.as_deref(), &start, false) else {
                    self.state = State::Begin(start);
                    return Wanted::More;
                };
                self.state = state(form);
                self.take(&start, sign)
            }
            State::Events(events) => self.events(events, bytes, sign),
            State::Json(mut body) => {
                body.extend_from_slice(bytes);
                if body.len() > MOST_EVENT_BYTES {
                    return self.over(Over::Broke(too_large("the answer")));
                }
                self.state = State::Json(body);
                Wanted::More
            }
            State::Other(mut body) => {
                body.extend_from_slice(bytes);
                if body.len() > MOST_ERROR_BYTES {
                    let over = self.other(&body);
                    return self.over(over);
                }
                self.state = State::Other(body);
                Wanted::Within(ERROR_BODY)
            }
            State::Refused(refusal, mut body) => {
                body.extend_from_slice(bytes);
                if body.len() > MOST_ERROR_BYTES {
                    let fault = self.fault(&body[..MOST_ERROR_BYTES], true, refusal.reason);
                    return self.over(refusal.with(fault));
                }
                self.state = State::Refused(refusal, body);
                Wanted::Within(ERROR_BODY.min(self.idle))
            }
            State::Over(over) => {
                self.state = State::Over(over);
                Wanted::Enough
            }
        }
    }

    fn events(&mut self, mut events: Events, bytes: &[u8], sign: Signs<'_>) -> Wanted {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Ok((taken, event)) = events.take(rest) else {
                return self.over(Over::Broke(too_large("an event")));
            };
            rest = &rest[taken..];
            if let Some(over) = event.and_then(|event| self.event(&event, sign)) {
                if matches!(over, Over::Stopped) {
                    told_after_the_end(&mut events, rest, self.answer);
                }
                return self.over(over);
            }
        }
        self.state = State::Events(events);
        Wanted::More
    }

    fn event(&mut self, event: &Event, sign: Signs<'_>) -> Option<Over> {
        let input_was_told = self.answer.counts.input_told();
        let brought = match self.answer.take(event) {
            Ok(brought) => brought,
            Err(nonsense) => return Some(Over::Broke(nonsense)),
        };
        if let Some(text) = brought.text.filter(|_| self.sink.is_some()) {
            let text = self.shown.push(&text);
            self.show(&text);
        }
        if self.answer.counts.input_told() && !input_was_told {
            sign(Sign::Input(self.answer.usage().paced_input_tokens()));
        } else if brought.output > 0 {
            sign(Sign::Output(brought.output));
        }
        if self.answer.fault.is_some() {
            return Some(Over::Broke(String::new()));
        }
        self.answer.stopped.then_some(Over::Stopped)
    }

    // A whole message, or an error, in one piece of JSON.
    fn message(&mut self, body: &[u8], sign: Signs<'_>) -> Over {
        let json = String::from_utf8_lossy(body);
        let json = json.trim_start_matches('\u{feff}').trim();
        let kind = Object::read(json).ok();
        let is =
            |name: &str| kind.as_ref().is_some_and(|fields| fields.text("type").as_deref() == Some(name));
        let has = |name: &str| kind.as_ref().is_some_and(|fields| fields.get(name).is_some());
        if is("message") {
            return match self.answer.take_message(json) {
                Ok(text) => {
                    sign(Sign::Input(self.answer.usage().paced_input_tokens()));
                    sign(Sign::Output(json.len()));
                    let text = self.shown.push(&text);
                    self.show(&text);
                    Over::Stopped
                }
                Err(nonsense) => Over::Broke(nonsense),
            };
        }
        if is("error") || has("error") {
            self.answer.take_error(json);
            return Over::Broke(String::new());
        }
        Over::Failed(Box::new(no_stream(self.media.as_deref().unwrap_or("JSON"), json)))
    }

    fn other(&self, body: &[u8]) -> Over {
        let media = self.media.as_deref().unwrap_or("a body without a media type");
        Over::Failed(Box::new(no_stream(media, &String::from_utf8_lossy(body))))
    }

    // The error that a body tells, as far as it came in a bounded time.
    fn fault(&self, body: &[u8], whole: bool, reason: Option<&str>) -> Fault {
        // An event stream may tell it too, in its first event.
        let mut told = None;
        if self.media.as_deref() == Some("text/event-stream") && whole {
            let mut events = Events::default();
            let event = events.take(body).ok().and_then(|(_, event)| event).or_else(|| events.finish());
            told = event.map(|event| event.data);
        }
        let fault = Fault::of_body(&told.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()));
        if fault.message.is_empty() { Fault::of_text(reason.unwrap_or_default()) } else { fault }
    }
}

fn state(form: Form) -> State {
    match form {
        Form::Events => State::Events(Events::default()),
        Form::Json => State::Json(Vec::new()),
        Form::Other => State::Other(Vec::new()),
    }
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

fn no_stream(media: &str, body: &str) -> Failed {
    let page = body.trim_start_matches('\u{feff}').trim_start().starts_with('<').then(|| html(body));
    let said = clean(page.as_deref().unwrap_or(body), MOST_SAID_BYTES);
    Failed::no_stream(media, &said)
}

fn too_large(what: &str) -> String {
    format!("{what} is larger than {} MiB", MOST_EVENT_BYTES / (1024 * 1024))
}
