//! Answers to questions, and the schemas that describe them: of a stranger as those of actions, within the same bounds.

use super::input::{InputSchema, PayloadFault};
use anvil_types::words::{AnswerMiss, NoAnswer};
use anvil_types::{Json, QuestionFault, QuestionText};

/// The most choices that are named to whoever chose none of them.
const NAMED: usize = 10;

/// Checks a question's schema, and that its default is one of the answers that it takes.
pub(crate) fn check_question(text: &QuestionText) -> Result<(), QuestionFault> {
    if let Some(schema) = &text.schema {
        super::check(schema.as_str()).map_err(QuestionFault::Schema)?;
    }
    let Some(default) = &text.default else { return answerable(text) };
    check_answer(text, default).map_err(|why| QuestionFault::Default(why.to_string()))
}

/// That a question without choices takes some answer: of a schema that refuses everything, or takes too much work for
/// the smallest values, nobody could ever give one.
fn answerable(text: &QuestionText) -> Result<(), QuestionFault> {
    let Some(schema) = text.schema.as_ref().filter(|_| text.choices.is_empty()) else { return Ok(()) };
    let refuses_all = |schema: &serde_json::Value| {
        schema == &serde_json::Value::Bool(false)
            || schema
                .get("not")
                .is_some_and(|not| *not == serde_json::json!({}) || *not == serde_json::json!(true))
            || schema.get("enum").and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty)
    };
    if refuses_all(&schema.value()) {
        return Err(QuestionFault::Schema("no answer matches it".to_owned()));
    }
    let schema = InputSchema::new(schema.clone());
    let too_much = |smallest: &&str| {
        smallest.parse().is_ok_and(|smallest| matches!(schema.check(&smallest), Err(PayloadFault::TooMuch)))
    };
    let smallest = ["null", "true", "0", "\"x\"", "[]", "{}"];
    if smallest.iter().all(too_much) {
        let why = "the check of the smallest answer takes more steps than the host takes for one";
        return Err(QuestionFault::Schema(why.to_owned()));
    }
    Ok(())
}

/// Checks that an answer is one that a question takes. That takes up to a second: not on a thread that others wait for.
pub fn check_answer(text: &QuestionText, answer: &Json) -> Result<(), NoAnswer> {
    let bytes = answer.as_str().len();
    if bytes > QuestionText::LONGEST_PART {
        return Err(NoAnswer::TooLong { most: QuestionText::LONGEST_PART, bytes });
    }
    let value = answer.value();
    let said = value.as_str();
    if text.is_free_text() {
        return match said {
            Some(said) if !said.trim().is_empty() => Ok(()),
            _ => Err(NoAnswer::NoText),
        };
    }
    if said.is_some_and(|said| text.choices.iter().any(|choice| choice.value == said)) {
        return Ok(());
    }
    let Some(schema) = &text.schema else {
        let named = text.choices.iter().take(NAMED).map(|choice| format!("`{}`", choice.value));
        let more = if text.choices.len() > NAMED { ", …" } else { "" };
        return Err(NoAnswer::NoChoice { choices: named.collect::<Vec<_>>().join(", ") + more });
    };
    InputSchema::new(schema.clone()).check(answer).map_err(|fault| match fault {
        PayloadFault::Misses(misses) => NoAnswer::Misses(
            misses
                .into_iter()
                .map(|miss| AnswerMiss { pointer: miss.pointer, message: miss.message })
                .collect(),
        ),
        PayloadFault::TooMuch => NoAnswer::TooMuch,
        PayloadFault::Unreadable(why) | PayloadFault::Schema(why) => NoAnswer::Unchecked(why),
    })
}

/// What a person wrote, as the answer that it is: the text as it stands where that fits, or else the JSON that it is. A
/// year, a postcode or a version is a text where the schema wants one. Takes as long as two checks.
pub fn read_answer(text: &QuestionText, written: &str) -> Result<Json, NoAnswer> {
    let plain = Json::of(written);
    let Err(not_as_text) = check_answer(text, &plain) else { return Ok(plain) };
    let Ok(json) = written.parse::<Json>() else { return Err(not_as_text) };
    each_name_once(&json)?;
    match check_answer(text, &json) {
        Ok(()) => Ok(json),
        Err(_) if wants_text(text) => Err(not_as_text),
        Err(not_as_json) => Err(not_as_json),
    }
}

/// The schema would be held against one of the two values, and whoever asked may read the other.
pub fn each_name_once(answer: &Json) -> Result<(), NoAnswer> {
    answer.repeated_name().map_or(Ok(()), |name| Err(NoAnswer::Repeated { name }))
}

/// Whether the schema says that the answer is a text.
fn wants_text(text: &QuestionText) -> bool {
    let kinds = text.schema.as_ref().and_then(|schema| schema.value().get("type").cloned());
    match kinds {
        Some(serde_json::Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        Some(kind) => kind == "string",
        None => text.is_free_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::QuestionChoice;

    fn text(choices: &[&str], schema: Option<&str>) -> QuestionText {
        let choice = |value: &&str| QuestionChoice { value: (*value).to_owned(), label: None };
        QuestionText {
            prompt: "?".to_owned(),
            details: None,
            choices: choices.iter().map(choice).collect(),
            schema: schema.map(|schema| schema.parse().expect("JSON")),
            time_limit_ms: Some(1_000),
            default: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn an_answer_is_a_choice_or_matches_the_schema_or_is_a_text() {
        let (none, some) = (&[][..], &["yes", "no"][..]);
        let number = Some(r#"{"type":"integer","minimum":3}"#);
        for (choices, schema, answer, fits) in [
            (some, None, r#""yes""#, true),
            (some, None, r#""y\u0065s""#, true),
            (some, None, r#""maybe""#, false),
            (some, None, "true", false),
            (some, number, r#""no""#, true),
            (some, number, "4", true),
            (some, number, "2", false),
            (none, number, "3", true),
            (none, number, r#""yes""#, false),
            (none, None, r#""whatever""#, true),
            (none, None, r#"" ""#, false),
            (none, None, "1", false),
        ] {
            let checked = check_answer(&text(choices, schema), &answer.parse().expect("JSON"));
            assert_eq!(checked.is_ok(), fits, "{choices:?} {schema:?} {answer}: {checked:?}");
        }
        let long = Json::of(&"x".repeat(QuestionText::LONGEST_PART));
        assert!(matches!(check_answer(&text(none, None), &long), Err(NoAnswer::TooLong { .. })));
    }

    #[test]
    fn what_is_written_is_a_text_where_a_text_fits_and_json_where_it_does_not() {
        let (none, choices) = (&[][..], &["yes", "5"][..]);
        let object = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
        for (choices, schema, written, answer) in [
            (none, None, "5", Some(r#""5""#)),
            (none, None, "  ", None),
            (none, Some(r#"{"type":"string"}"#), "true", Some(r#""true""#)),
            (none, Some(r#"{"type":"string"}"#), "2024", Some(r#""2024""#)),
            (none, Some(r#"{"type":"string"}"#), "null", Some(r#""null""#)),
            (none, Some(r#"{"type":"string"}"#), r#""q""#, Some(r#""\"q\"""#)),
            (none, Some(r#"{"enum":["5","6"]}"#), "5", Some(r#""5""#)),
            (none, Some(r#"{"enum":["a",3]}"#), "3", Some("3")),
            (none, Some(r#"{"const":"5"}"#), "5", Some(r#""5""#)),
            (none, Some(r#"{"type":["string","integer"]}"#), "5", Some(r#""5""#)),
            (none, Some(r#"{"type":["string","integer"],"pattern":"^x"}"#), "5", Some("5")),
            (none, Some(r#"{"type":"integer"}"#), "5", Some("5")),
            (none, Some(r#"{"type":"integer"}"#), "five", None),
            (none, Some(r#"{"type":"boolean"}"#), "true", Some("true")),
            (none, Some(object), r#"{"a":"x"}"#, Some(r#"{"a":"x"}"#)),
            (none, Some(object), r#"{"a":"x","a":"y"}"#, None),
            (choices, Some(r#"{"type":"integer"}"#), "5", Some(r#""5""#)),
            (choices, Some(r#"{"type":"integer"}"#), "6", Some("6")),
        ] {
            let read = read_answer(&text(choices, schema), written);
            assert_eq!(read.as_ref().ok().map(Json::as_str), answer, "{schema:?} {written}: {read:?}");
        }
        // What is wrong is told of what was meant.
        for (schema, written, why) in [
            (r#"{"type":"string","maxLength":3}"#, "true", "longer"),
            (r#"{"type":"integer","minimum":3}"#, "2", "minimum"),
            (object, r#"{"a":"x","a":"y"}"#, "`a` is there twice"),
        ] {
            let told = read_answer(&text(&[], Some(schema)), written).expect_err(why).to_string();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_miss_names_its_place() {
        let schema = r#"{"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}}"#;
        let asked = text(&[], Some(schema));
        let Err(NoAnswer::Misses(misses)) = check_answer(&asked, &"{}".parse().expect("JSON")) else {
            panic!("it misses a field");
        };
        assert_eq!((misses[0].pointer.as_str(), misses[0].message.as_str()), ("/amount", "is required"));
    }

    #[test]
    fn a_schema_out_of_its_bounds_and_a_default_that_does_not_fit_make_no_question() {
        let deep = format!("{}{}{}", r#"{"not":"#.repeat(70), "{}", "}".repeat(70));
        assert!(matches!(check_question(&text(&[], Some(&deep))), Err(QuestionFault::Schema(_))));
        let around = Some(r#"{"type":"string","pattern":"a(?=b)"}"#);
        assert!(matches!(check_question(&text(&[], around)), Err(QuestionFault::Schema(_))));
        let unfit = QuestionText { default: Some(Json::of("maybe")), ..text(&["yes"], None) };
        assert!(matches!(check_question(&unfit), Err(QuestionFault::Default(_))));
        let fit = QuestionText { default: Some(Json::of("yes")), ..text(&["yes"], None) };
        assert_eq!(check_question(&fit), Ok(()));
    }
}
