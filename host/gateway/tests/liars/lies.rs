//! What a liar answers, and what of it counts as told.

use crate::dice::Dice;
use crate::told::{ANSWERS, Count, Told};
use std::time::Duration;

/// Whose trouble an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// None: the answer is whole, and nothing in it is a lie. It has to be taken as it is.
    Nobodys,
    /// The question's own: the job that asked may fail.
    Questions,
    /// The account's, the upstream's or the pace's: the job that asked may not pay for it.
    Upstreams,
}

/// One step of giving an answer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// The host's time goes on meanwhile.
    Drip(Duration),
    /// Nothing more comes, and the connection stays.
    Hang,
    /// From here on this was told as well.
    Told(Told),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub name: String,
    pub steps: Vec<Step>,
    /// Whether the connection can be used again.
    pub keep: bool,
    pub whose: Whose,
    /// Its text, where it has to be read as whole.
    pub text: Option<String>,
}

/// What the upstream knows of the question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub model: &'a str,
    pub most_output: u64,
    /// The most input tokens that an honest tokenizer can count in the body as it came.
    pub most_input: u64,
}

// One event of a stream, and what it tells.
struct Event {
    kind: &'static str,
    data: String,
    told: Told,
    /// A reader stops at it.
    last: bool,
}

impl Event {
    fn new(kind: &'static str, data: String) -> Self {
        Self { kind, data, told: Told::default(), last: false }
    }
}

/// How the stream is written down.
#[derive(Clone, Copy)]
struct Style {
    end_of_line: &'static str,
    colon: &'static str,
    names_events: bool,
    comments: bool,
}

/// What this question is answered, the `nth` time that it comes.
pub(crate) fn answer(dice: &mut Dice, question: Question<'_>, nth: u32) -> Answer {
    // After so many everybody has told the truth once.
    if nth > 12 || dice.percent(40) {
        return truth(dice, question);
    }
    match dice.below(100) {
        0..30 => stream_of_lies(dice, question),
        30..50 => cut(dice, question),
        50..62 => broken_off(dice, question),
        62..84 => status(dice),
        84..88 => no_stream(dice),
        88..92 => one_message(dice, question),
        92..95 => redirect(dice),
        95..96 => hangs(dice, question),
        _ => nothing(dice),
    }
}

// An honest answer, in any of the forms that it may have.
fn truth(dice: &mut Dice, question: Question<'_>) -> Answer {
    let (text, mut events) = honest_events(dice, question);
    if dice.percent(10) {
        // Its last event is missing: usage and stop reason have come.
        events.retain(|event| event.kind != "message_stop");
    }
    let bytes = written(dice, &events, true);
    let framing = if dice.percent(20) { Framing::UntilClose } else { framing(dice) };
    let mut answer = framed(dice, "truth", &bytes, framing);
    answer.whose = Whose::Nobodys;
    answer.text = Some(text);
    answer
}

fn honest_events(dice: &mut Dice, question: Question<'_>) -> (String, Vec<Event>) {
    let dense = dice.percent(50);
    let input = if dense { question.most_input } else { dice.below(question.most_input + 1) };
    let read = if dice.percent(10) { dice.below(input + 1) } else { 0 };
    let output = if dice.percent(30) { question.most_output } else { 1 + dice.below(question.most_output) };
    let us = dice.percent(10);
    let geo = if us { r#","inference_geo":"us""# } else { "" };
    let fresh = input - read;
    let start = format!(
        r#"{{"type":"message_start","message":{{"id":"m","type":"message","role":"assistant","model":"{}","content":[],"stop_reason":null,"usage":{{"input_tokens":{fresh},"cache_read_input_tokens":{read},"output_tokens":1{geo}}}}}}}"#,
        question.model
    );
    let mut first = Event::new("message_start", start);
    first.told.input = Count::exactly(fresh);
    first.told.read = Count::exactly(read);
    first.told.us = us;
    let mut events = vec![first];
    let (text, content) = content(dice);
    events.extend(content);
    let delta = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{{"output_tokens":{output}}}}}"#
    );
    let mut end = Event::new("message_delta", delta);
    end.told.output = Count::exactly(output);
    events.push(end);
    events.push(stop());
    (text, events)
}

fn stop() -> Event {
    Event { last: true, ..Event::new("message_stop", r#"{"type":"message_stop"}"#.to_owned()) }
}

// One block of text in pieces; among them what is to be passed over. A character outside the basic plane may
// be in two pieces.
fn content(dice: &mut Dice) -> (String, Vec<Event>) {
    let mut events = vec![Event::new(
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned(),
    )];
    let mut text = String::new();
    let piece = |json: &str| {
        Event::new(
            "content_block_delta",
            format!(
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{json}"}}}}"#
            ),
        )
    };
    for _ in 0..=dice.below(5) {
        match dice.below(10) {
            0 => {
                events.push(piece(r"\ud83d"));
                events.push(piece(r"\ude00!"));
                text += "\u{1F600}!";
            }
            1 => {
                // A half that no other half follows.
                events.push(piece(r"a\ud83d"));
                events.push(piece("b"));
                text += "a\u{FFFD}b";
            }
            2 => {
                events.push(piece("日本\u{1F468}"));
                text += "日本\u{1F468}";
            }
            3 => {
                events.push(piece(r#"\"\\\n\u0000\/"#));
                text += "\"\\\n\0/";
            }
            4 => events.push(Event::new("ping", r#"{"type":"ping"}"#.to_owned())),
            5 => events
                .push(Event::new("later_kind", r#"{"type":"later_kind","n":1e400}"#.replace("1e400", "1"))),
            6 => events.push(Event::new(
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"later_delta","x":[1]}}"#
                    .to_owned(),
            )),
            _ => {
                events.push(piece("words and words "));
                text += "words and words ";
            }
        }
    }
    if text.is_empty() {
        events.push(piece("ok"));
        text += "ok";
    }
    events.push(Event::new("content_block_stop", r#"{"type":"content_block_stop","index":0}"#.to_owned()));
    (text, events)
}

// A count as a liar writes it.
fn count(dice: &mut Dice, most: u64) -> (String, Count) {
    let above = most.saturating_add(1).saturating_mul(1 + dice.below(40));
    let plain = |tokens: u64| (tokens.to_string(), Count::exactly(tokens));
    match dice.below(16) {
        0..5 => plain(dice.below(most + 1)),
        5 => plain(0),
        6 | 7 => plain(above),
        8 => plain(90_000 + dice.below(1_000_000)),
        9 => (format!("\"{above}\""), Count { low: 0, high: above }),
        10 => (format!("{above}.5"), Count { high: above + 1, ..Count::exactly(above) }),
        11 => ("1e3".to_owned(), Count::exactly(1_000)),
        12 => (format!("-{above}"), Count { low: 0, high: above }),
        13 => plain(u64::MAX),
        14 => {
            let value =
                dice.pick(&["340282366920938463463374607431768211456", "1e300", "9223372036854775808"]);
            (value.to_owned(), Count::exactly(u64::MAX))
        }
        _ => (dice.pick(&["null", "true", "[]", "{}", "\"\"", "\"NaN\""]).to_owned(), Count::default()),
    }
}

// Usage as a liar writes it: some counts, some of them twice, and the most that was told counts.
fn usage(dice: &mut Dice, question: Question<'_>, input: bool) -> (String, Told) {
    let mut told = Told::default();
    let mut fields = Vec::new();
    for _ in 0..=dice.below(4) {
        let which = if input { dice.below(6) } else { dice.pick(&[1, 1, 1, 0, 2, 5]) };
        match which {
            0 => {
                let (json, count) = count(dice, question.most_input);
                told = told.and(Told { input: count, ..Told::default() });
                fields.push(format!(r#""input_tokens":{json}"#));
            }
            1 => {
                let (json, count) = count(dice, question.most_output);
                told = told.and(Told { output: count, ..Told::default() });
                fields.push(format!(r#""output_tokens":{json}"#));
            }
            2 => {
                let (json, count) = count(dice, question.most_input);
                told = told.and(Told { read: count, ..Told::default() });
                fields.push(format!(r#""cache_read_input_tokens":{json}"#));
            }
            3 => {
                let (json, count) = count(dice, question.most_input);
                told = told.and(Told { written: count, ..Told::default() });
                fields.push(format!(r#""cache_creation_input_tokens":{json}"#));
            }
            4 => {
                let (json, count) = count(dice, question.most_input);
                told = told.and(Told { written: count, ..Told::default() });
                let lifetime = dice.pick(&["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"]);
                fields.push(format!(r#""cache_creation":{{"{lifetime}":{json}}}"#));
            }
            _ => {
                let (name, value) = dice.pick(&[
                    ("service_tier", "batch"),
                    ("service_tier", "standard"),
                    ("service_tier", "tomorrow"),
                    ("inference_geo", "us"),
                    ("inference_geo", "mars"),
                    ("speed", "fast"),
                    ("speed", "warp"),
                ]);
                told.us |= (name, value) == ("inference_geo", "us");
                told.fast |= (name, value) == ("speed", "fast");
                fields.push(format!(r#""{name}":"{value}""#));
            }
        }
    }
    (format!("{{{}}}", fields.join(",")), told)
}

fn lying_events(dice: &mut Dice, question: Question<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    if !dice.percent(5) {
        let answered = dice.percent(40).then(|| dice.pick(&ANSWERS));
        let (json, mut told) = usage(dice, question, true);
        let model = answered.unwrap_or(question.model);
        told.model = answered;
        let mut start = Event::new(
            "message_start",
            format!(
                r#"{{"type":"message_start","message":{{"id":"m","model":"{model}","content":[],"usage":{json}}}}}"#
            ),
        );
        start.told = told;
        events.push(start);
    }
    let (_, content) = content(dice);
    events.extend(content);
    if dice.percent(10) {
        // A delta of a known kind that cannot be read.
        let broken = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":17}}"#;
        events.push(Event { last: true, ..Event::new("content_block_delta", broken.to_owned()) });
    }
    for _ in 0..=dice.below(3) {
        let (json, told) = usage(dice, question, false);
        let reason = dice.pick(&["\"end_turn\"", "\"max_tokens\"", "null", "17"]);
        let mut delta = Event::new(
            "message_delta",
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":{reason}}},"usage":{json}}}"#),
        );
        delta.told = told;
        // A stop reason that is no text makes an event that cannot be read.
        delta.last = reason == "17";
        if delta.last {
            delta.told = delta.told.perhaps();
        }
        events.push(delta);
    }
    if !dice.percent(15) {
        events.push(stop());
    }
    events
}

fn stream_of_lies(dice: &mut Dice, question: Question<'_>) -> Answer {
    let events = lying_events(dice, question);
    let ends = dice.percent(80);
    let bytes = written(dice, &events, ends);
    let framing = framing(dice);
    framed(dice, "lies", &bytes, framing)
}

// Any stream, cut anywhere.
fn cut(dice: &mut Dice, question: Question<'_>) -> Answer {
    let events =
        if dice.percent(50) { honest_events(dice, question).1 } else { lying_events(dice, question) };
    let mut marked = written(dice, &events, true);
    marked.cut(dice.at(marked.bytes.len() + 1));
    let framing = dice.pick(&[Framing::CutChunks, Framing::CutLength, Framing::UntilClose]);
    framed(dice, "cut", &marked, framing)
}

// An error event at any place.
fn broken_off(dice: &mut Dice, question: Question<'_>) -> Answer {
    let mut events =
        if dice.percent(50) { honest_events(dice, question).1 } else { lying_events(dice, question) };
    let kinds = ["overloaded_error", "api_error", "rate_limit_error", "timeout_error", "tomorrows_error", ""];
    let error =
        format!(r#"{{"type":"error","error":{{"type":"{}","message":"Overloaded"}}}}"#, dice.pick(&kinds));
    let end = events.iter().position(|event| event.last).unwrap_or(events.len());
    events.insert(dice.at(end + 1), Event { last: true, ..Event::new("error", error) });
    let bytes = written(dice, &events, true);
    let framing = framing(dice);
    framed(dice, "error event", &bytes, framing)
}

fn status(dice: &mut Dice) -> Answer {
    use Whose::{Questions, Upstreams};
    let table: [(u16, &str, &str, Whose); 33] = [
        (400, "invalid_request_error", "messages: at least one message is required", Questions),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
            Upstreams,
        ),
        (401, "authentication_error", "invalid x-api-key", Upstreams),
        (402, "billing_error", "There is an issue with your billing.", Upstreams),
        (403, "permission_error", "This is not allowed.", Questions),
        (404, "not_found_error", "model: claude", Questions),
        (413, "request_too_large", "Request exceeds the maximum size", Questions),
        (422, "invalid_request_error", "no", Questions),
        (429, "rate_limit_error", "Too many", Upstreams),
        (429, "rate_limit_error", "Too many", Upstreams),
        (429, "", "", Upstreams),
        (500, "api_error", "Internal server error", Upstreams),
        (500, "", "", Upstreams),
        (502, "", "<html>Bad gateway</html>", Upstreams),
        (503, "", "Service unavailable", Upstreams),
        (504, "timeout_error", "Timed out", Upstreams),
        (529, "overloaded_error", "Overloaded", Upstreams),
        (529, "overloaded_error", "Overloaded", Upstreams),
        (100, "", "", Upstreams),
        (199, "", "", Upstreams),
        (202, "", "", Upstreams),
        (204, "", "", Upstreams),
        (206, "", "", Upstreams),
        (299, "", "", Upstreams),
        (304, "", "", Upstreams),
        (399, "", "", Upstreams),
        (407, "", "", Upstreams),
        (408, "", "", Upstreams),
        (418, "", "teapot", Questions),
        (499, "", "", Questions),
        (520, "", "", Upstreams),
        (599, "", "", Upstreams),
        (999, "", "", Upstreams),
    ];
    let (status, kind, message, whose) = dice.pick(&table);
    let body = if kind.is_empty() {
        message.to_owned()
    } else {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
    };
    let waits = [
        "",
        "",
        "0",
        "1",
        "7",
        "86400",
        "99999999999999999999",
        "-1",
        "soon",
        "1795000000",
        "Thu, 31 Dec 2099 23:59:59 GMT",
        "1e9",
        "NaN",
    ];
    let mut headers = String::new();
    let wait = if matches!(status, 429 | 503 | 529) { dice.pick(&waits) } else { "" };
    if !wait.is_empty() {
        headers = format!("retry-after: {wait}\r\n");
    }
    if dice.percent(10) {
        headers += "anthropic-ratelimit-requests-limit: 1\r\nanthropic-ratelimit-requests-remaining: 0\r\n\
                    anthropic-ratelimit-requests-reset: 2099-01-01T00:00:00Z\r\n";
    }
    let body = if matches!(status, 100 | 199 | 204 | 304) { String::new() } else { body };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    let mut answer = plain(&format!("{status} {kind} {wait}"), (head + &body).into_bytes());
    answer.whose = whose;
    answer.keep = status >= 200;
    answer
}

// A 200 that is no event stream.
fn no_stream(dice: &mut Dice) -> Answer {
    let (kind, body): (&str, &[u8]) = dice.pick(&[
        ("text/html", b"<!doctype html><title>Sign in</title>" as &[u8]),
        ("text/plain", b"ok"),
        ("application/json", b"{}"),
        ("application/json", br#"{"object":"chat.completion","usage":{"prompt_tokens":5}}"#),
        ("application/json", b"[[[[[[[[[["),
        ("text/event-stream", b""),
        ("text/event-stream", b"\n\n\n:\n\ndata\n\n"),
        ("text/event-stream", b"data: [DONE]\n\n"),
        ("text/event-stream", b"data: \xff\xfe\xfd\n\n"),
        ("", b"\x1f\x8b\x08\x00\x00"),
    ]);
    let encoding = if kind.is_empty() { "content-encoding: gzip\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{encoding}content-length: {}\r\n\r\n",
        body.len()
    );
    plain("no stream", [head.as_bytes(), body].concat())
}

// A whole message instead of a stream.
fn one_message(dice: &mut Dice, question: Question<'_>) -> Answer {
    let output = 1 + dice.below(question.most_output);
    let input = dice.below(question.most_input + 1);
    let body = format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"{}","content":[{{"type":"text","text":"whole"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":{input},"output_tokens":{output}}}}}"#,
        question.model
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut answer = plain("one message", (head + &body).into_bytes());
    let told = Told { input: Count::exactly(input), output: Count::exactly(output), ..Told::default() };
    answer.steps.push(Step::Told(told));
    answer
}

fn redirect(dice: &mut Dice) -> Answer {
    let status = dice.pick(&[301, 302, 303, 307, 308]);
    let target = dice.pick(&["/elsewhere", "//127.0.0.1:1/elsewhere", "elsewhere", ""]);
    let head = format!("HTTP/1.1 {status} X\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    plain(&format!("{status} to {target}"), head.into_bytes())
}

fn hangs(dice: &mut Dice, question: Question<'_>) -> Answer {
    let mut answer = cut(dice, question);
    answer.name = "hang".to_owned();
    answer.steps.push(Step::Hang);
    answer
}

// The connection ends, before any answer or in the middle of its head.
fn nothing(dice: &mut Dice) -> Answer {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let some = &head[..dice.at(head.len())];
    let bytes = if dice.percent(20) { b"\x15\x03\x01nonsense\r\n\r\n" } else { some };
    Answer { keep: false, ..plain("nothing", bytes.to_vec()) }
}

fn plain(name: &str, bytes: Vec<u8>) -> Answer {
    Answer {
        name: name.to_owned(),
        steps: vec![Step::Write(bytes)],
        keep: true,
        whose: Whose::Upstreams,
        text: None,
    }
}

/// A stream written down, with what is told from which byte on.
struct Marked {
    bytes: Vec<u8>,
    told: Vec<(usize, Told)>,
}

impl Marked {
    fn cut(&mut self, at: usize) {
        self.bytes.truncate(at);
        // A reader may look at half an event as well: what it tells may count, and need not.
        for (end, told) in &mut self.told {
            if *end > at {
                (*end, *told) = (at, told.perhaps());
            }
        }
    }
}

fn written(dice: &mut Dice, events: &[Event], with_last_blank: bool) -> Marked {
    let style = Style {
        end_of_line: dice.pick(&["\n", "\n", "\n", "\r\n", "\r"]),
        colon: dice.pick(&[": ", ": ", ":"]),
        names_events: !dice.percent(10),
        comments: dice.percent(20),
    };
    let mut text = String::new();
    if dice.percent(5) {
        text.push('\u{feff}');
    }
    let mut told = Vec::new();
    let mut over = false;
    for (at, event) in events.iter().enumerate() {
        let Style { end_of_line: eol, colon, names_events, comments } = style;
        if comments && dice.percent(30) {
            text += &format!(": keep-alive{eol}{eol}id{colon}7{eol}");
        }
        if names_events {
            text += &format!("event{colon}{}{eol}", event.kind);
        }
        // White space between two members: the data may be in two lines.
        let (first, rest) = match event.data.find("\",\"") {
            Some(comma) if comments => event.data.split_at(comma + 2),
            _ => (event.data.as_str(), ""),
        };
        text += &format!("data{colon}{first}{eol}");
        if !rest.is_empty() {
            text += &format!("data{colon}{rest}{eol}");
        }
        if with_last_blank || at + 1 < events.len() {
            text += eol;
        }
        told.push((text.len(), if over { event.told.perhaps() } else { event.told }));
        over |= event.last;
    }
    Marked { bytes: text.into_bytes(), told }
}

/// How the body's end is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Chunks,
    Length,
    UntilClose,
    /// Chunks of which the last is missing.
    CutChunks,
    /// A length that is never reached.
    CutLength,
}

fn framing(dice: &mut Dice) -> Framing {
    dice.pick(&[Framing::Chunks, Framing::Chunks, Framing::Length, Framing::UntilClose])
}

fn framed(dice: &mut Dice, name: &str, marked: &Marked, framing: Framing) -> Answer {
    let mut head = String::new();
    if dice.percent(5) {
        head += "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    }
    head += "HTTP/1.1 200 OK\r\n";
    head += dice
        .pick(&["content-type: text/event-stream\r\n", "Content-Type: text/event-stream; charset=utf-8\r\n"]);
    let length = marked.bytes.len();
    match framing {
        Framing::Chunks | Framing::CutChunks => head += "transfer-encoding: chunked\r\n",
        Framing::Length => head += &format!("content-length: {length}\r\n"),
        Framing::CutLength => head += &format!("content-length: {}\r\n", length + 1 + dice.at(1_000)),
        Framing::UntilClose => head += "connection: close\r\n",
    }
    head += "\r\n";
    let mut steps = vec![Step::Write(head.into_bytes())];
    let drips = dice.percent(10);
    let chunked = matches!(framing, Framing::Chunks | Framing::CutChunks);
    let mut from = 0;
    let mut told = marked.told.iter().peekable();
    while from < length {
        // Pieces end anywhere: in the middle of a character too.
        let most = dice.pick(&[7, 4_000, 4_000, 4_000, 4_000]);
        let to = length.min(from + 1 + dice.at(most));
        let piece = &marked.bytes[from..to];
        steps.push(Step::Write(if chunked {
            [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
        } else {
            piece.to_vec()
        }));
        while let Some((_, told)) = told.next_if(|(end, _)| *end <= to) {
            steps.push(Step::Told(*told));
        }
        if drips && dice.percent(20) {
            steps.push(Step::Drip(Duration::from_secs(dice.pick(&[1, 30, 61, 600, 3_601, 90_000]))));
        }
        from = to;
    }
    if framing == Framing::Chunks {
        steps.push(Step::Write(b"0\r\n\r\n".to_vec()));
    }
    steps.extend(told.map(|(_, told)| Step::Told(*told)));
    Answer {
        name: name.to_owned(),
        steps,
        keep: matches!(framing, Framing::Chunks | Framing::Length),
        whose: Whose::Upstreams,
        text: None,
    }
}
