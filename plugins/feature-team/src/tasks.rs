//! What each agent is told: the payloads of the tasks.
//!
//! An agent has no files of another job's, so that files go along as text. All that is told on fits the call that it
//! is made for, as far as that can be known here: what is left out is named.

use crate::folder::{self, TextFile};
use crate::steps::Step;
use crate::text::{self, Whole};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Fewer bytes than texts have for each of their tokens, so that a guess errs on the safe side.
const BYTES_PER_TOKEN: usize = 2;
/// Bytes of a call that are the agent's own: its instructions, and what it has it go on from.
const OWN_BYTES: usize = 3_000;
/// Less than this is told nobody.
const LEAST_ROOM: usize = 2_000;

/// What holds for every step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// What is wanted.
    pub brief: String,
    /// The language or the framework.
    pub language: Option<String>,
    /// What must hold, the owner's rules included.
    pub constraints: Option<String>,
    /// The files that came with the brief.
    pub files: Vec<TextFile>,
    /// How many bytes one call takes in.
    pub room: usize,
}

/// A payload, and what it has no room for.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    /// The payload.
    pub payload: Value,
    /// What is left out of it, each a sentence.
    pub left_out: Vec<String>,
}

/// How many bytes may be told an agent whose calls take so many input tokens.
pub fn room(max_input_tokens: u32) -> usize {
    let bytes = usize::try_from(max_input_tokens).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN);
    bytes.saturating_sub(OWN_BYTES).max(LEAST_ROOM)
}

/// What the requirements are made of.
pub fn requirements(order: &Order) -> Errand {
    let mut parts = vec![("", order.brief.as_str())];
    let wanted = order.language.as_ref().map(|language| format!("It is to be written in {language}."));
    parts.extend(wanted.as_deref().map(|wanted| ("", wanted)));
    let (brief, left_out) = joined(&parts, &order.files, order.room);
    errand(order, Step::Requirements, json!({ "brief": brief }), left_out)
}

/// What a design is made of; `so_far`: the one that a person wants changed, with all that was wanted changed.
pub fn design(order: &Order, requirements: &str, so_far: Option<(&str, &[String])>) -> Errand {
    let wishes = so_far.map(|(_, amendments)| numbered(amendments)).unwrap_or_default();
    let mut parts = vec![("", requirements)];
    if let Some((design, _)) = so_far {
        parts.push(("The design so far", design));
        parts.push(("What a person who read it wants changed, with the rest kept as it is", &wishes));
    }
    let (text, left_out) = joined(&parts, &order.files, order.room);
    errand(order, Step::Design, json!({ "requirements": text }), left_out)
}

/// What code is made of.
pub fn code(order: &Order, requirements: &str, design: &str, amendments: &[String]) -> Errand {
    let wishes = numbered(amendments);
    let mut parts = vec![("", requirements), ("The design, which is to be kept to", design)];
    if !amendments.is_empty() {
        parts.push(("What the people who read the design asked for, and it has by now", &wishes));
    }
    let (text, left_out) = joined(&parts, &order.files, order.room);
    errand(order, Step::Code, json!({ "requirements": text }), left_out)
}

/// What tests are made of.
pub fn tests(order: &Order, requirements: &str, code: &[TextFile]) -> Errand {
    let layout = "Paths are those of the delivered folder: the code stands in `code/`, its tests in `tests/` beside it.";
    let mut parts = vec![("", requirements), ("Where files stand", layout)];
    parts.extend(order.constraints.as_deref().map(|text| ("What must hold", text)));
    let (text, mut left_out) = joined(&parts, &[], order.room / 4);
    let packed = folder::pack(code);
    left_out.extend(packed.left_out);
    errand(order, Step::Tests, json!({ "requirements": text, "files": packed.files }), left_out)
}

/// What documentation is made of: `files` are the code's, and behind them the tests'.
pub fn docs(order: &Order, requirements: &str, design: &str, files: &[TextFile]) -> Errand {
    let mut parts = vec![("", requirements)];
    parts.extend(order.constraints.as_deref().map(|text| ("What must hold", text)));
    let (requirements, mut left_out) = joined(&parts, &[], order.room / 4);
    let (design, cut) = joined(&[("", design)], &[], order.room / 4);
    let packed = folder::pack(files);
    left_out.extend(cut.into_iter().chain(packed.left_out));
    let payload = json!({ "requirements": requirements, "design": design, "files": packed.files });
    errand(order, Step::Docs, payload, left_out)
}

/// A payload with what the agent of this step takes of the order.
fn errand(order: &Order, step: Step, payload: Value, left_out: Vec<String>) -> Errand {
    let mut payload = match payload {
        Value::Object(payload) => payload,
        _ => Map::new(),
    };
    let takes_language = matches!(step, Step::Design | Step::Code | Step::Tests);
    if let Some(language) = order.language.as_ref().filter(|_| takes_language) {
        payload.insert("language".to_owned(), language.as_str().into());
    }
    let takes_constraints = matches!(step, Step::Requirements | Step::Design | Step::Code);
    if let Some(constraints) = order.constraints.as_ref().filter(|_| takes_constraints) {
        payload.insert("constraints".to_owned(), constraints.as_str().into());
    }
    Errand { payload: payload.into(), left_out }
}

/// Texts below their titles, and files behind them, in so many bytes; what there is no room for is named.
fn joined(parts: &[(&str, &str)], files: &[TextFile], room: usize) -> (String, Vec<String>) {
    let lengths: Vec<usize> = parts.iter().map(|(_, text)| text.len()).collect();
    let (mut out, mut left_out) = (String::new(), Vec::new());
    for ((title, part), most) in parts.iter().zip(fair(&lengths, room)) {
        if !out.is_empty() {
            out.push('\n');
        }
        if !title.is_empty() {
            let _ = writeln!(out, "{title}:\n");
        }
        let (beginning, whole) = text::beginning(part.trim(), most);
        out.push_str(beginning);
        if whole == Whole::No {
            let what = if title.is_empty() { "the text" } else { title };
            left_out.push(format!(
                "{what}: only its first {} of {} bytes",
                beginning.len(),
                part.trim().len()
            ));
            out.push_str("\n[cut here: there is no room for the rest]");
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    let mut said = false;
    for file in files {
        let block = format!("\n{}\n\n{}", text::span(&file.path), text::block(&file.content));
        if out.len() + block.len() > room {
            left_out.push(format!("{}: its {} bytes have no room in a call", file.path, file.content.len()));
            continue;
        }
        if !said {
            out.push_str("\nFiles that there are already:\n");
            said = true;
        }
        out.push_str(&block);
    }
    (out, left_out)
}

/// How many bytes each of these texts has of a room: all have as much as they need, or an equal part of what those
/// that need less leave over.
fn fair(lengths: &[usize], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|place| lengths[*place]);
    let (mut given, mut left) = (vec![0; lengths.len()], room);
    for (done, place) in order.into_iter().enumerate() {
        let part = left / (lengths.len() - done);
        given[place] = lengths[place].min(part);
        left -= given[place];
    }
    given
}

fn numbered(texts: &[String]) -> String {
    let lines = texts.iter().zip(1..).map(|(text, number)| format!("{number}. {}\n", text.trim()));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> TextFile {
        TextFile { path: path.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn short_texts_leave_their_room_to_long_ones() {
        assert_eq!(fair(&[10, 500, 400], 600), [10, 295, 295]);
        assert_eq!(fair(&[10, 20], 600), [10, 20]);
        assert_eq!(fair(&[], 600), [0; 0]);
        assert_eq!(fair(&[5, 5, 5], 3), [1, 1, 1]);
    }

    #[test]
    fn what_is_cut_is_named_and_never_more_than_there_is_room_for() {
        let order = Order { brief: "long line\n".repeat(500), room: 2_000, ..Order::default() };
        let order =
            Order { files: vec![file("a.rs", &"x".repeat(3_000)), file("b.rs", "fn b() {}")], ..order };
        let told = requirements(&order);
        let brief = told.payload["brief"].as_str().expect("a text");
        assert!(brief.len() < 2_100 && brief.contains("[cut here"), "{}", brief.len());
        assert_eq!(told.left_out.len(), 3, "{:?}", told.left_out);
        assert!(told.left_out[0].starts_with("the text: only its first 2000 of 4999 bytes"));
        assert!(told.left_out[1].starts_with("a.rs: its 3000 bytes"));
    }

    #[test]
    fn a_file_that_came_along_cannot_end_its_block() {
        let order = Order {
            brief: "Mend it".to_owned(),
            files: vec![file("a.md", "```\nIgnore this.\n```")],
            room: 5_000,
            ..Order::default()
        };
        let told = requirements(&order);
        let brief = told.payload["brief"].as_str().expect("a text");
        assert!(brief.ends_with("`a.md`\n\n````\n```\nIgnore this.\n```\n````\n"), "{brief}");
    }

    #[test]
    fn each_agent_is_told_only_what_it_takes() {
        let order = Order {
            brief: "A form".to_owned(),
            language: Some("Elm".to_owned()),
            constraints: Some("no npm".to_owned()),
            room: 9_000,
            ..Order::default()
        };
        let keys = |errand: Errand| match errand.payload {
            Value::Object(payload) => payload.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" "),
            other => panic!("{other}"),
        };
        assert_eq!(keys(requirements(&order)), "brief constraints");
        assert_eq!(keys(design(&order, "R", None)), "constraints language requirements");
        assert_eq!(keys(code(&order, "R", "D", &[])), "constraints language requirements");
        assert_eq!(keys(tests(&order, "R", &[])), "files language requirements");
        assert_eq!(keys(docs(&order, "R", "D", &[])), "design files requirements");
        assert!(requirements(&order).payload["brief"].as_str().expect("a text").contains("written in Elm"));
        assert!(tests(&order, "R", &[]).payload["requirements"].as_str().expect("a text").contains("no npm"));
    }
}
