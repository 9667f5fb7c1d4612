//! Payloads made of a schema: one that matches it, and one that does not.

use anvil_sandbox::{InputSchema, PayloadFault, example};
use anvil_types::Json;
use serde_json::{Value, json};

/// How deep in a schema examples are looked for.
const DEEPEST: usize = 16;

/// An example in a schema that does not match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Where the schema has it.
    pub(super) place: String,
    /// The example.
    pub(super) example: String,
}

/// A payload that matches: the schema's first example, or one that is made. None where none was found.
pub(super) fn matching(schema: &Json) -> Option<Json> {
    let value = schema.value();
    let compiled = InputSchema::new(schema.clone());
    let candidates = [example(&value), json!({})];
    candidates.iter().map(Json::of).find(|candidate| compiled.check(candidate).is_ok())
}

/// Whether the author gives an example of the whole payload.
pub(super) fn is_given(schema: &Json) -> bool {
    schema.value().get("examples").and_then(Value::as_array).is_some_and(|given| !given.is_empty())
}

/// A payload that does not match; none where everything does.
pub(super) fn missing(schema: &Json) -> Option<Json> {
    let compiled = InputSchema::new(schema.clone());
    let candidates = [json!({}), json!([]), json!("x"), json!(7), json!(null)];
    let misses = |payload: &Json| matches!(compiled.check(payload), Err(PayloadFault::Misses(_)));
    candidates.iter().map(Json::of).find(misses)
}

/// The examples of a schema, and of the fields in it, that do not match where they stand.
pub(super) fn misfits(schema: &Json) -> Vec<Misfit> {
    let value = schema.value();
    let mut found = Vec::new();
    look(&value, &value, "", 0, &mut found);
    found
}

fn look(part: &Value, whole: &Value, place: &str, depth: usize, found: &mut Vec<Misfit>) {
    let Some(object) = part.as_object().filter(|_| depth < DEEPEST) else { return };
    if let Some(examples) = object.get("examples").and_then(Value::as_array) {
        // Definitions that it refers to stand in the whole.
        let mut alone = object.clone();
        for shared in ["$defs", "definitions"] {
            if let (Some(defs), false) = (whole.get(shared), alone.contains_key(shared)) {
                alone.insert(shared.to_owned(), defs.clone());
            }
        }
        let compiled = InputSchema::new(Json::of(&Value::Object(alone)));
        for given in examples {
            if matches!(compiled.check(&Json::of(given)), Err(PayloadFault::Misses(_))) {
                let place = if place.is_empty() { "the whole".to_owned() } else { place.to_owned() };
                found.push(Misfit { place, example: given.to_string() });
            }
        }
    }
    for (name, field) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        look(field, whole, &format!("{place}/{name}"), depth + 1, found);
    }
    if let Some(items) = object.get("items") {
        look(items, whole, &format!("{place}/*"), depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Json {
        text.parse().expect("JSON")
    }

    #[test]
    fn a_payload_is_made_of_what_schemas_ask_for() {
        for text in [
            "{}",
            r#"{"type":"object"}"#,
            r#"{"type":"string","minLength":3,"maxLength":5}"#,
            r##"{"type":"object","required":["a","b","c"],"additionalProperties":false,"properties":{
                "a":{"type":"string","minLength":40},"b":{"type":"integer","minimum":7,"maximum":9},
                "c":{"type":"array","minItems":2,"items":{"$ref":"#/$defs/d"}},"e":{"type":"string"}},
                "$defs":{"d":{"enum":["x","y"]}}}"##,
            r#"{"anyOf":[{"type":"boolean"},{"type":"string"}]}"#,
            r#"{"type":"object","required":["at"],"properties":{"at":{"type":"string","format":"date-time"}}}"#,
            r#"{"type":"object","examples":[{"n":1}],"required":["n"],"properties":{"n":{"type":"integer"}}}"#,
        ] {
            let made = matching(&schema(text));
            assert!(made.is_some(), "{text}");
        }
        assert_eq!(
            matching(&schema(r#"{"type":"string","pattern":"^[0-9]{4}$"}"#)),
            None,
            "nobody guesses that"
        );
    }

    #[test]
    fn a_payload_that_misses_is_found_where_there_is_one() {
        assert_eq!(missing(&schema("{}")), None);
        assert_eq!(missing(&schema(r#"{"type":"object"}"#)).expect("one").as_str(), "[]");
        assert_eq!(missing(&schema(r#"{"type":"object","required":["a"]}"#)).expect("one").as_str(), "{}");
    }

    #[test]
    fn examples_are_held_against_the_place_where_they_stand() {
        let text = r##"{"type":"object","examples":[{"a":"x"},{"a":1}],"properties":{
            "a":{"type":"string","examples":["fine",7]},"b":{"$ref":"#/$defs/c","examples":["no"]}},
            "$defs":{"c":{"type":"integer"}}}"##;
        let found: Vec<_> =
            misfits(&schema(text)).into_iter().map(|misfit| (misfit.place, misfit.example)).collect();
        let expected = [("the whole", r#"{"a":1}"#), ("/a", "7"), ("/b", r#""no""#)];
        assert_eq!(found, expected.map(|(place, example)| (place.to_owned(), example.to_owned())));
        assert!(misfits(&schema(r#"{"examples":[1]}"#)).is_empty());
    }
}
