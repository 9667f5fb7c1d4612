//! A person's word on the design: the question, and what its answer means.

use crate::money;
use crate::payload::Payload;
use crate::text::{self, Whole};
use crate::told::Told;
use crate::wit::anvil::agent::people::{Answer, Choice, Question};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How often a design is made again because a person wants it changed.
pub const ROUNDS: usize = 3;

/// The answers' values.
const APPROVE: &str = "approve";
const STOP: &str = "stop";

/// The most characters of what a person wants changed.
const LONGEST_AMENDMENT: u32 = 4_000;
/// Bytes of the parts of the details, which have 64 KiB together.
const BRIEF: usize = 4_000;
const DESIGN: usize = 40_000;
const LISTED: usize = 10;

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is to be built.
    Approved,
    /// It is not to be built.
    Stopped,
    /// It is to be changed so.
    Amended(String),
}

/// What is to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// What was asked for.
    pub payload: &'a Payload,
    /// What the requirements say.
    pub requirements: &'a Told,
    /// The page of the design.
    pub design: &'a str,
    /// What was wanted changed before.
    pub amendments: &'a [String],
    /// What was spent, in nano-dollars.
    pub spent: u64,
    /// What is left.
    pub left: u64,
}

/// The question.
pub fn question(matter: &Matter<'_>) -> Question {
    let round = matter.amendments.len();
    let again = if round > 0 { ", as it was amended" } else { "" };
    let brief = text::line(&matter.payload.brief, 200);
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: Some(label.to_owned()),
        extras: Vec::new(),
    };
    let schema = json!({
        "title": "What to change in the design",
        "type": "string", "minLength": 1, "maxLength": LONGEST_AMENDMENT,
    });
    Question {
        prompt: format!("Is this design to be built{again}? {brief}"),
        details: Some(details(matter)),
        choices: vec![choice(APPROVE, "Approve: build it"), choice(STOP, "Stop here: build nothing")],
        schema: (round < ROUNDS).then(|| schema.to_string()),
        time_limit_ms: None,
        default: None,
        extras: Vec::new(),
    }
}

fn details(matter: &Matter<'_>) -> String {
    let mut out = String::from("## What was asked for\n\n");
    out.push_str(&text::block(text::beginning(matter.payload.brief.trim(), BRIEF).0));
    let told = matter.requirements;
    listed(&mut out, "Questions that the brief leaves open", &told.open_questions);
    listed(&mut out, "Taken for granted", &told.assumptions);
    listed(&mut out, "Amended before", matter.amendments);
    let (design, whole) = text::beginning(matter.design.trim(), DESIGN);
    let _ = writeln!(out, "\n## The design\n\n{design}");
    if whole == Whole::No {
        out.push_str("\n(The rest is in the job's file `design.md`.)\n");
    }
    let (spent, left) = (money::shown(matter.spent), money::shown(matter.left));
    let _ = writeln!(
        out,
        "\n## What follows\n\nSo far {spent} was spent. Once it is approved, code, tests and documentation are written, for at most {left}."
    );
    match ROUNDS.saturating_sub(matter.amendments.len()) {
        0 => out.push_str("It was amended as often as it can be: approve it or stop here.\n"),
        1 => out
            .push_str("Or write what to change: the design is made once more, and you are asked about it.\n"),
        _ => out.push_str("Or write what to change: the design is made again, and you are asked about it.\n"),
    }
    out
}

fn listed(out: &mut String, title: &str, entries: &[String]) {
    if !entries.is_empty() {
        let _ = writeln!(out, "\n## {title}\n");
        for entry in entries.iter().take(LISTED) {
            let _ = writeln!(out, "- {}", text::line(entry, 200));
        }
        if entries.len() > LISTED {
            let _ =
                writeln!(out, "- and {} more, in the job's file `requirements.md`", entries.len() - LISTED);
        }
    }
}

/// What an answer means. One that is none of those that were offered is what the host never lets through: nobody
/// approved then.
pub fn word(answer: &Answer) -> Option<Word> {
    match serde_json::from_str(&answer.value).ok()? {
        Value::String(text) if text == APPROVE => Some(Word::Approved),
        Value::String(text) if text == STOP => Some(Word::Stopped),
        Value::String(text) if !text.trim().is_empty() => Some(Word::Amended(text.trim().to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: &str) -> Answer {
        Answer { value: value.to_owned(), who: None, at: String::new(), extras: Vec::new() }
    }

    #[test]
    fn only_the_word_itself_approves() {
        for (value, meant) in [
            (r#""approve""#, Some(Word::Approved)),
            (r#""stop""#, Some(Word::Stopped)),
            (r#"" use SQLite ""#, Some(Word::Amended("use SQLite".to_owned()))),
            (r#""approve it""#, Some(Word::Amended("approve it".to_owned()))),
            (r#"" ""#, None),
            ("true", None),
            ("{", None),
        ] {
            assert_eq!(word(&answer(value)), meant, "{value}");
        }
    }

    #[test]
    fn a_question_keeps_the_contract_s_bounds_whatever_it_is_about() {
        let long = "é\n".repeat(200_000);
        let payload = Payload::read(&json!({"brief": long}).to_string()).expect("a brief");
        let requirements = Told {
            open_questions: vec![long.clone(); 50],
            assumptions: vec![long.clone(); 50],
            ..Told::default()
        };
        let amendments = [long.clone(), long.clone(), long.clone()];
        for round in 0..=ROUNDS {
            let matter = Matter {
                payload: &payload,
                requirements: &requirements,
                design: &long,
                amendments: &amendments[..round],
                spent: 1,
                left: u64::MAX,
            };
            let question = question(&matter);
            assert!((1..=4_096).contains(&question.prompt.len()));
            let details = question.details.expect("details");
            assert!(details.len() <= 64 << 10, "{}", details.len());
            assert_eq!(question.schema.is_some(), round < ROUNDS, "the last word is approve or stop");
        }
    }
}
