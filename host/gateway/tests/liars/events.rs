//! The events that streams are made of.

use crate::dice::Dice;
use crate::told::Told;

/// One event of a stream, and what it tells.
pub(crate) struct Event {
    pub kind: &'static str,
    pub data: String,
    pub told: Told,
    /// A reader stops at it.
    pub last: bool,
}

impl Event {
    pub(crate) fn new(kind: &'static str, data: String) -> Self {
        Self { kind, data, told: Told::default(), last: false }
    }

    pub(crate) fn stop() -> Self {
        Self { last: true, ..Self::new("message_stop", r#"{"type":"message_stop"}"#.to_owned()) }
    }

    /// A piece of text, as it stands in JSON.
    pub(crate) fn text(json: &str) -> Self {
        let delta = format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{json}}}}}"#
        );
        let told = Told { text: true, ..Told::default() };
        Self { told, ..Self::new("content_block_delta", delta) }
    }

    /// A delta of a known kind that can't be read.
    pub(crate) fn unreadable(dice: &mut Dice) -> Self {
        let delta = dice.pick(&[
            r#"{"type":"text_delta","text":17}"#,
            r#"{"type":"text_delta"}"#,
            r#"{"type":"text_delta","text":null}"#,
            r#"{"type":"thinking_delta","thinking":[]}"#,
            r#"{"type":"input_json_delta","partial_json":"{}"}"#,
            r#"{"type":"text_delta","text":"no end"#,
            "17",
        ]);
        let data = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
        Self { last: true, ..Self::new("content_block_delta", data) }
    }
}

/// One block of text in pieces; among them what is to be passed over. A character outside the basic plane may be in
/// two pieces, with something between them.
pub(crate) fn content(dice: &mut Dice) -> (String, Vec<Event>) {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let mut events = vec![Event::new("content_block_start", start.to_owned())];
    let mut text = String::new();
    for _ in 0..=dice.below(5) {
        match dice.below(11) {
            0 => {
                events.push(Event::text(r#""\ud83d""#));
                if dice.percent(30) {
                    events.push(passed_over(dice));
                }
                events.push(Event::text(r#""\ude00!""#));
                text += "\u{1F600}!";
            }
            1 => {
                // A half that no other half follows.
                events.push(Event::text(r#""a\ud83d""#));
                events.push(Event::text("\"b\""));
                text += "a\u{FFFD}b";
            }
            2 => {
                events.push(Event::text("\"日本\u{1F468}\""));
                text += "日本\u{1F468}";
            }
            3 => {
                events.push(Event::text(r#""\"\\\n\u0000\/""#));
                text += "\"\\\n\0/";
            }
            4..7 => events.push(passed_over(dice)),
            7 => {
                events.push(Event::text(r#""""#));
            }
            _ => {
                events.push(Event::text("\"words and words \""));
                text += "words and words ";
            }
        }
    }
    if text.is_empty() {
        events.push(Event::text("\"ok\""));
        text += "ok";
    }
    if dice.percent(5) {
        // It ends in the middle of a character.
        events.push(Event::text(r#""\udbff""#));
        text.push('\u{FFFD}');
    }
    events.push(Event::new("content_block_stop", r#"{"type":"content_block_stop","index":0}"#.to_owned()));
    (text, events)
}

// What came later than this reader.
fn passed_over(dice: &mut Dice) -> Event {
    let (kind, data) = dice.pick(&[
        ("ping", r#"{"type":"ping"}"#),
        ("later_kind", r#"{"type":"later_kind","n":1e400}"#),
        ("later_kind", "no JSON at all"),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"later_delta","x":[1]}}"#,
        ),
    ]);
    Event::new(kind, data.to_owned())
}

/// The first event of an answer by this model.
pub(crate) fn start(model: &str, usage: &str) -> Event {
    let data = format!(
        r#"{{"type":"message_start","message":{{"id":"m","type":"message","role":"assistant","model":"{model}","content":[],"stop_reason":null,"usage":{usage}}}}}"#
    );
    Event::new("message_start", data)
}

/// The event that brings the final usage.
pub(crate) fn end(reason: &str, usage: &str) -> Event {
    let data = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":{reason}}},"usage":{usage}}}"#);
    Event::new("message_delta", data)
}
