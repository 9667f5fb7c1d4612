//! Streams of lies: counts, models, tiers and speeds that are not so, keys that come twice, ends that never come.

use crate::answer::{Answer, Handed, Question, Whose};
use crate::counts::{Where, usage};
use crate::dice::Dice;
use crate::events::{Event, content, end};
use crate::framing::{Coding, Framing};
use crate::prices::ANSWERS;
use crate::told::Told;
use crate::truth::True;
use crate::written::Marked;

fn events(dice: &mut Dice, question: Question<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    if !dice.percent(5) {
        events.push(beginning(dice, question));
    }
    let (_, mut content) = content(dice);
    for event in &mut content {
        // Usage where nobody tells any.
        if event.kind != "later_kind" && dice.percent(1) {
            let (json, told) = usage(dice, question, Where::Later);
            event.data.insert_str(1, &format!(r#""usage":{json},"#));
            event.told = event.told.and(told);
        }
    }
    events.extend(content);
    if dice.percent(3) {
        let again = beginning(dice, question);
        events.insert(dice.at(events.len() + 1), again);
    }
    if dice.percent(5) {
        events.push(Event::unreadable(dice));
    }
    for _ in 0..=dice.below(3) {
        let (json, told) = usage(dice, question, Where::Later);
        let reason = dice.pick(&["\"end_turn\"", "\"end_turn\"", "\"max_tokens\"", "null", "17"]);
        // A stop reason that is no text makes an event that cannot be read, but for its usage.
        events.push(Event { told, last: reason == "17", ..end(reason, &json) });
    }
    if !dice.percent(15) {
        events.push(Event::stop());
    }
    events
}

// The first event: one message, or more of them, of one model or of several.
fn beginning(dice: &mut Dice, question: Question<'_>) -> Event {
    let mut told = Told::default();
    let mut messages = Vec::new();
    for _ in 0..=u64::from(dice.percent(5)) {
        let (json, one) = usage(dice, question, Where::First);
        told = told.and(one);
        let mut members = vec![format!(r#""usage":{json}"#)];
        if dice.percent(5) {
            let (json, one) = usage(dice, question, Where::First);
            told = told.and(one);
            members.push(format!(r#""usage":{json}"#));
        }
        let models = if dice.percent(60) { 0 } else { dice.pick(&[1, 1, 1, 1, 1, 2, 3, 7]) };
        for _ in 0..models {
            let at = dice.at(ANSWERS.len());
            told.models |= 1 << at;
            members.push(format!(r#""model":"{}""#, ANSWERS[at]));
        }
        if models == 0 {
            members.push(format!(r#""model":"{}""#, question.model));
        }
        let first = dice.at(members.len());
        members.rotate_left(first);
        messages.push(format!(r#""message":{{"id":"m","content":[],{}}}"#, members.join(",")));
    }
    let data = format!(r#"{{"type":"message_start",{}}}"#, messages.join(","));
    Event { told, ..Event::new("message_start", data) }
}

/// A stream of lies that comes to an end.
pub(crate) fn stream(dice: &mut Dice, question: Question<'_>) -> Answer {
    let events = events(dice, question);
    let ends = dice.percent(80);
    let marked = Marked::write(dice, &events, ends);
    let framing = Framing::any(dice);
    let coding = if dice.percent(3) { Coding::unreadable(dice) } else { Coding::readable(dice) };
    let answer = framing.answer(dice, &format!("lies, {coding:?}"), &marked, coding);
    // What cannot be read is handed to nobody.
    let readable = !matches!(coding, Coding::Said(_)) && !events.iter().any(is_unreadable);
    Answer { handed: if readable { Handed::Anything } else { Handed::Nothing }, ..answer }
}

fn is_unreadable(event: &Event) -> bool {
    event.last && event.kind == "content_block_delta"
}

/// Any stream, cut anywhere.
pub(crate) fn cut(dice: &mut Dice, question: Question<'_>) -> Answer {
    let honest = dice.percent(50);
    let events = if honest { True::stream(dice, question).events } else { events(dice, question) };
    let mut marked = Marked::write(dice, &events, true);
    let at = dice.at(marked.bytes.len() + 1);
    // Of an honest stream all is needed up to the event before the last, which brings its usage.
    let needed = marked.told.len().checked_sub(2).map_or(0, |last| marked.told[last].0 - 4);
    let handed = if honest && at < needed { Handed::Nothing } else { Handed::Anything };
    marked.cut(at);
    let framing = Framing::cut(dice);
    let coding = Coding::plain(dice);
    Answer { handed, ..framing.answer(dice, "cut", &marked, coding) }
}

/// An error event at any place.
pub(crate) fn broken_off(dice: &mut Dice, question: Question<'_>) -> Answer {
    let mut events =
        if dice.percent(50) { True::stream(dice, question).events } else { events(dice, question) };
    let kinds = ["overloaded_error", "api_error", "rate_limit_error", "timeout_error", "tomorrows_error", ""];
    let kind = dice.pick(&kinds);
    let error = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"Overloaded"}}}}"#);
    let mut error = Event { last: true, ..Event::new("error", error) };
    if dice.percent(10) {
        let (json, told) = usage(dice, question, Where::Later);
        error.data.insert_str(1, &format!(r#""usage":{json},"#));
        error.told = told;
    }
    let end = events.iter().position(|event| event.last).unwrap_or(events.len());
    let at = dice.at(end + 1);
    // Where all but the very end has come, an error takes nothing of it back.
    let may_be_whole = events[..at].iter().any(|event| event.kind == "message_delta");
    events.insert(at, error);
    let marked = Marked::write(dice, &events, true);
    let framing = Framing::any(dice);
    let coding = Coding::readable(dice);
    let whose = if kind == "rate_limit_error" { Whose::Others } else { Whose::Upstreams };
    let handed = if may_be_whole { Handed::Anything } else { Handed::Nothing };
    Answer { whose, handed, ..framing.answer(dice, "error event", &marked, coding) }
}
