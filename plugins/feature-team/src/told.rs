//! What a task's result says, as far as this agent reads it. The agents of the team are whoever the host's owner put
//! there: what is of another shape than expected is nothing.

use crate::text;
use serde_json::Value;

/// The most entries of a list that are read.
const MOST: usize = 50;
/// The most characters of one of them.
const LONGEST: usize = 500;

/// How agents say that money ended: the host's words for a call that the job's cap had no room for, which they repeat,
/// or the kind of that error.
const SHORT: [&str; 2] = ["the job's own limit", "over-budget"];

/// What is read of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it says in a sentence or two.
    pub summary: String,
    /// Whether it is not all that it should be, as it says itself.
    pub incomplete: bool,
    /// What it says is not there.
    pub missing: Vec<String>,
    /// Whether something is not there because its money ended.
    pub ran_short: bool,
    /// What it took for granted.
    pub assumptions: Vec<String>,
    /// What it could not know: the question, and why it matters.
    pub open_questions: Vec<String>,
    /// What is not tested, and why.
    pub untested: Vec<String>,
}

impl Told {
    /// Reads a result.
    pub fn read(result: &str) -> Self {
        let result: Value = serde_json::from_str(result).unwrap_or_default();
        let text = |key: &str| text::line(result[key].as_str().unwrap_or_default(), 2 * LONGEST);
        let missing: Vec<String> = lines(&result["missing"])
            .into_iter()
            .chain(pairs(&result["skipped"], "name", "reason"))
            .collect();
        let summary = Some(text("summary")).filter(|text| !text.is_empty());
        Self {
            summary: summary.unwrap_or_else(|| text("overview")),
            incomplete: result["complete"] == Value::Bool(false),
            ran_short: missing.iter().any(|line| SHORT.iter().any(|words| line.contains(words))),
            missing,
            assumptions: lines(&result["assumptions"]),
            open_questions: pairs(&result["open_questions"], "question", "why"),
            untested: pairs(&result["untested"], "target", "why"),
        }
    }
}

/// A list of texts.
fn lines(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(|text| text::line(text, LONGEST)).filter(|text| !text.is_empty()).take(MOST).collect()
}

/// A list of things, each with a remark.
fn pairs(list: &Value, thing: &str, remark: &str) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten().filter_map(|entry| {
        let thing = text::line(entry[thing].as_str()?, LONGEST);
        let remark = text::line(entry[remark].as_str().unwrap_or_default(), LONGEST);
        Some(if remark.is_empty() { thing } else { format!("{thing} ({remark})") })
    });
    entries.filter(|text| !text.is_empty()).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_another_shape_is_nothing() {
        for odd in [
            "",
            "null",
            "7",
            "[1]",
            r#"{"summary":7,"missing":"x","open_questions":[7,{"why":"y"}],"complete":"no"}"#,
        ] {
            assert_eq!(Told::read(odd), Told::default(), "{odd}");
        }
    }

    #[test]
    fn lists_are_read_as_sentences() {
        let told = Told::read(
            r#"{"overview": "One\nfile.", "complete": false, "missing": ["the rest", 7],
                "skipped": [{"name": "a.rs", "reason": "cut off"}], "open_questions": [{"question": "Which?", "why": ""}],
                "untested": [{"target": "main", "why": "needs a screen"}], "assumptions": ["one user"]}"#,
        );
        assert_eq!(told.summary, "One file.");
        assert!(told.incomplete);
        assert_eq!(told.missing, ["the rest", "a.rs (cut off)"]);
        assert!(!told.ran_short);
        for short in [
            r#"{"missing": ["The job may spend no more: the call may cost up to $0.04; the job's own limit is $0.05, of which $0.03 are spent."]}"#,
            r#"{"skipped": [{"name": "b.rs", "reason": "part 2: over-budget"}]}"#,
        ] {
            assert!(Told::read(short).ran_short, "{short}");
        }
        assert_eq!(
            (told.open_questions, told.untested),
            (vec!["Which?".to_owned()], vec!["main (needs a screen)".to_owned()])
        );
        assert_eq!(told.assumptions, ["one user"]);
    }
}
