//! Honest answers, in any of the forms that they may have.

use crate::answer::{Answer, Handed, Question, Whose};
use crate::dice::Dice;
use crate::events::{Event, content, end, start};
use crate::framing::{Coding, Framing};
use crate::prices::{row, times};
use crate::told::{Count, Told};
use crate::written::Marked;

/// A question's honest counts, which no tokenizer could make larger, and what else an honest answer says of itself.
#[derive(Clone, Copy, Debug)]
struct Honest {
    fresh: u64,
    read: u64,
    written_5m: u64,
    written_1h: u64,
    output: u64,
    us: bool,
    batch: bool,
}

impl Honest {
    fn of(dice: &mut Dice, question: Question<'_>) -> Self {
        let dense = dice.percent(50);
        let mut fresh = if dense { question.most_input } else { 1 + dice.below(question.most_input) };
        // All of it as the dearest kind is what the hold was made for.
        let most_of = dice.percent(50);
        let mut part = |percent| {
            let some = dice.percent(percent);
            let part = match some {
                true if most_of => fresh,
                true => dice.below(fresh + 1),
                false => 0,
            };
            fresh -= part;
            part
        };
        let (written_1h, written_5m, read) = (part(50), part(10), part(10));
        let whole = dice.percent(30);
        let output = if whole { question.most_output } else { 1 + dice.below(question.most_output) };
        let (us, batch) = (dice.percent(20), dice.percent(5));
        Self { fresh, read, written_5m, written_1h, output, us, batch }
    }

    fn input(&self) -> String {
        let Self { fresh, read, written_5m, written_1h, .. } = self;
        let written = written_5m + written_1h;
        let geo = if self.us { "us" } else { "global" };
        let tier = if self.batch { "batch" } else { "standard" };
        format!(
            r#""input_tokens":{fresh},"cache_read_input_tokens":{read},"cache_creation_input_tokens":{written},"cache_creation":{{"ephemeral_5m_input_tokens":{written_5m},"ephemeral_1h_input_tokens":{written_1h}}},"inference_geo":"{geo}","service_tier":"{tier}""#
        )
    }

    fn told_first(&self) -> Told {
        Told {
            input: Count::exactly(self.fresh),
            read: Count::exactly(self.read),
            written_5m: Count::exactly(self.written_5m),
            written_1h: Count::exactly(self.written_1h),
            us: self.us,
            batch: self.batch,
            full: !self.batch,
            ..Told::default()
        }
    }

    fn told_last(&self) -> Told {
        Told { output: Count::exactly(self.output), ..Told::default() }
    }

    // Rounded up once.
    fn cost(&self, model: &str) -> u64 {
        let prompt = self.fresh + self.read + self.written_5m + self.written_1h;
        let counts = [self.fresh, self.output, self.written_5m, self.written_1h, self.read];
        let (geo, tier) = (if self.us { 11 } else { 10 }, if self.batch { 5 } else { 10 });
        (times(row(model, false, prompt), counts) * geo * tier).div_ceil(100)
    }
}

/// A stream whose every count is true.
pub(crate) struct True {
    pub text: String,
    pub events: Vec<Event>,
    cost: u64,
}

impl True {
    pub(crate) fn stream(dice: &mut Dice, question: Question<'_>) -> Self {
        let honest = Honest::of(dice, question);
        // A dated id of the same model is the same model.
        let dated = question.model == "claude-opus-5-5" && dice.percent(20);
        let model = if dated { "claude-opus-5-5-20260922" } else { question.model };
        let mut first = start(model, &format!("{{{},\"output_tokens\":1}}", honest.input()));
        first.told = honest.told_first();
        let (text, content) = content(dice);
        let output = honest.output;
        let mut last = end("\"end_turn\"", &format!("{{\"output_tokens\":{output}}}"));
        last.told = honest.told_last();
        let events = [first].into_iter().chain(content).chain([last, Event::stop()]).collect();
        Self { text, events, cost: honest.cost(question.model) }
    }
}

/// An honest answer.
pub(crate) fn answer(dice: &mut Dice, question: Question<'_>) -> Answer {
    if dice.percent(5) {
        return whole(dice, question);
    }
    let True { text, mut events, cost } = True::stream(dice, question);
    if dice.percent(10) {
        // Its last event is missing: usage and stop reason have come.
        events.retain(|event| event.kind != "message_stop");
    }
    let with_last_blank = dice.percent(90);
    let marked = Marked::write(dice, &events, with_last_blank);
    let framing = if dice.percent(20) { Framing::UntilClose } else { Framing::any(dice) };
    let coding = Coding::readable(dice);
    let answer = framing.answer(dice, "truth", &marked, coding);
    Answer { whose: Whose::Nobodys, handed: Handed::Text(text), exact: Some(cost), ..answer }
}

// A message in one piece, although a stream was asked for.
fn whole(dice: &mut Dice, question: Question<'_>) -> Answer {
    let honest = Honest::of(dice, question);
    let body = message(
        question.model,
        r#"[{"type":"text","text":"wh\u00f6le \ud83d\ude00"}]"#,
        &format!("{{{},\"output_tokens\":{}}}", honest.input(), honest.output),
    );
    let told = honest.told_first().and(honest.told_last());
    let length = body.len();
    let marked = Marked { bytes: body.into_bytes(), told: vec![(length, told)] };
    let framing = Framing::any(dice);
    let answer = framing.answer(dice, "whole truth", &marked, Coding::Json);
    let text = "whöle \u{1F600}".to_owned();
    let exact = Some(honest.cost(question.model));
    Answer { whose: Whose::Nobodys, handed: Handed::Text(text), exact, ..answer }
}

/// A message in one piece.
pub(crate) fn message(model: &str, content: &str, usage: &str) -> String {
    format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"{model}","content":{content},"stop_reason":"end_turn","stop_sequence":null,"usage":{usage}}}"#
    )
}

/// An honest answer with a piece that can't be read.
pub(crate) fn damaged(dice: &mut Dice, question: Question<'_>) -> Answer {
    let True { mut events, .. } = True::stream(dice, question);
    let block_begins = events.iter().position(|event| event.kind == "content_block_start").unwrap_or(0);
    let block_ends = events.iter().position(|event| event.kind == "content_block_stop").unwrap_or(0);
    let at = block_begins + 1 + dice.at(block_ends - block_begins);
    events.insert(at, Event::unreadable(dice));
    let marked = Marked::write(dice, &events, true);
    let framing = Framing::any(dice);
    let coding = Coding::readable(dice);
    framing.answer(dice, "damaged", &marked, coding)
}
