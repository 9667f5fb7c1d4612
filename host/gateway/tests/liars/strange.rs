//! What is no event stream.

use crate::answer::{Answer, Handed, Question, Step, Whose};
use crate::counts::{Where, usage};
use crate::dice::Dice;
use crate::framing::{Coding, Framing};
use crate::lies;
use crate::prices::ANSWERS;
use crate::truth::message as written;
use crate::written::Marked;

/// A 200 that holds neither a stream nor a message.
pub(crate) fn no_stream(dice: &mut Dice) -> Answer {
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
        ("text/event-stream; charset=utf-16", b"\xff\xfed\0a\0t\0a\0:\0"),
        ("", b"\x1f\x8b\x08\x00\x00"),
    ]);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
    Answer::plain("no stream", [head.as_bytes(), body].concat())
}

/// A whole message instead of a stream, full of lies.
pub(crate) fn message(dice: &mut Dice, question: Question<'_>) -> Answer {
    let (json, mut told) = usage(dice, question, Where::First);
    let mut model = question.model;
    if dice.percent(40) {
        let at = dice.at(ANSWERS.len());
        told.models = 1 << at;
        model = ANSWERS[at];
    }
    let (content, readable) = dice.pick(&[
        (r#"[{"type":"text","text":"whole"}]"#, true),
        ("[]", true),
        ("null", false),
        ("{}", false),
        (r#"[{"type":"text","text":17}]"#, false),
        (r#"[{"text":"of no type"}]"#, false),
    ]);
    let body = written(model, content, &json);
    let length = body.len();
    let mut marked = Marked { bytes: body.into_bytes(), told: vec![(length, told)] };
    let cut = dice.percent(20);
    if cut {
        marked.cut(dice.at(length));
    }
    let framing = if cut { Framing::cut(dice) } else { Framing::any(dice) };
    let answer = framing.answer(dice, "one message", &marked, Coding::Json);
    Answer { handed: if readable && !cut { Handed::Anything } else { Handed::Nothing }, ..answer }
}

/// Anywhere else. Nothing can be billed for it, and whoever follows it comes back to be seen.
pub(crate) fn redirect(dice: &mut Dice) -> Answer {
    let status = dice.pick(&[301, 302, 303, 307, 308]);
    let target =
        dice.pick(&["/elsewhere", "//127.0.0.1:1/elsewhere", "elsewhere", "", "https://[", "?again"]);
    let head = format!("HTTP/1.1 {status} X\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    let answer = Answer::plain(&format!("{status} to {target}"), head.into_bytes());
    Answer { exact: Some(0), ..answer }
}

/// Some of an answer, and then silence.
pub(crate) fn hangs(dice: &mut Dice, question: Question<'_>) -> Answer {
    let mut answer = lies::cut(dice, question);
    "hang".clone_into(&mut answer.name);
    answer.steps.push(Step::Hang);
    answer
}

/// The connection ends, before any answer or in the middle of its head; or what comes is no HTTP.
pub(crate) fn nothing(dice: &mut Dice) -> Answer {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let bytes = match dice.below(5) {
        0 => dice.pick(&[
            b"\x15\x03\x01nonsense\r\n\r\n" as &[u8],
            b"HTTP/1.1 1000 X\r\n\r\n",
            b"HTTP/1.1 99 X\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        ]),
        _ => &head[..dice.at(head.len())],
    };
    Answer { keep: false, whose: Whose::Upstreams, ..Answer::plain("nothing", bytes.to_vec()) }
}
