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

/// The answers' values, and what people see of them.
const APPROVE: (&str, &str) = ("approve", "Approve: build it");
const STOP: (&str, &str) = ("stop", "Stop here: build nothing");
/// What people type for them besides, compared as `plain` has it.
const APPROVING: [&str; 1] = ["approved"];
const STOPPING: [&str; 2] = ["stop here", "stopped"];
/// Words that could mean either choice, or that something is to be changed: a person says which.
const UNCLEAR: [&str; 7] = ["yes", "no", "y", "n", "ok", "okay", "sure"];

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
    /// Nobody can tell: they are asked again, and told this.
    Unclear(String),
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
    /// Why the answer before cannot be used.
    pub unclear: Option<&'a str>,
}

/// The question.
pub fn question(matter: &Matter<'_>) -> Question {
    let round = matter.amendments.len();
    let again = if round > 0 { ", as it was amended" } else { "" };
    let brief = text::line(&matter.payload.brief, 200);
    let unclear = matter.unclear.map(|why| format!("{why} ")).unwrap_or_default();
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: Some(label.to_owned()),
        extras: Vec::new(),
    };
    let schema = json!({
        "title": "What to change in the design",
        "type": "string", "minLength": 1, "maxLength": LONGEST_AMENDMENT,
    });
    Question {
        prompt: format!("{unclear}Is this design to be built{again}? {brief}"),
        details: Some(details(matter)),
        choices: vec![choice(APPROVE), choice(STOP)],
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

/// What an answer means. A choice is one however its word is written: case, white space and what ends it say nothing.
pub fn word(answer: &Answer) -> Word {
    let Ok(Value::String(said)) = serde_json::from_str(&answer.value) else {
        return Word::Unclear("The last answer was no text.".to_owned());
    };
    let word = plain(&said);
    let is = |(value, label): (&str, &str), others: &[&str]| {
        word == value || word == plain(label) || others.contains(&word.as_str())
    };
    if is(APPROVE, &APPROVING) {
        Word::Approved
    } else if is(STOP, &STOPPING) {
        Word::Stopped
    } else if word.is_empty() {
        Word::Unclear("The last answer was blank: nothing was said.".to_owned())
    } else if UNCLEAR.contains(&word.as_str()) {
        Word::Unclear(format!("The last answer was only `{word}`: approve, stop, or write what to change."))
    } else {
        Word::Amended(said.trim().to_owned())
    }
}

/// A text as it is compared: in small letters, with single spaces, without what ends a sentence and what stands around.
fn plain(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let around = |mark: char| mark.is_ascii_punctuation() || mark.is_whitespace() || mark.is_control();
    words.join(" ").trim_matches(around).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: &str) -> Answer {
        Answer { value: value.to_owned(), who: None, at: String::new(), extras: Vec::new() }
    }

    #[test]
    fn a_choice_is_one_however_its_word_is_written() {
        for text in
            ["approve", "Approve", "approve.", " APPROVED ", "\tApprove!\n", "Approve: build it", "`approve`"]
        {
            assert_eq!(word(&answer(&json!(text).to_string())), Word::Approved, "{text}");
        }
        for text in ["stop", "Stop", " STOP. ", "stop here: build  nothing", "Stop here"] {
            assert_eq!(word(&answer(&json!(text).to_string())), Word::Stopped, "{text}");
        }
    }

    #[test]
    fn more_than_a_choice_s_word_is_a_change() {
        for text in
            ["approve it", "Approve, but use SQLite", "do not approve", "stop using Redis", "no Redis"]
        {
            assert_eq!(
                word(&answer(&json!(format!(" {text} ")).to_string())),
                Word::Amended(text.to_owned())
            );
        }
    }

    #[test]
    fn what_could_mean_anything_is_asked_about_again() {
        for value in [r#""""#, r#"" ""#, r#""\n\t""#, r#""...""#, r#""yes""#, r#"" No. ""#, "true", "{"] {
            assert!(matches!(word(&answer(value)), Word::Unclear(_)), "{value}");
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
                unclear: Some("The last answer was blank: nothing was said."),
            };
            let question = question(&matter);
            assert!((1..=4_096).contains(&question.prompt.len()));
            let details = question.details.expect("details");
            assert!(details.len() <= 64 << 10, "{}", details.len());
            assert_eq!(question.schema.is_some(), round < ROUNDS, "the last word is approve or stop");
        }
    }
}
