//! Schemas that are bombs, and those that are not.

use super::work::{Beyond, count};
use super::{InputSchema, Outline, PayloadFault, STEPS, check};
use anvil_types::Json;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Each part applies the next one twice to the same value.
fn doubling(levels: usize) -> Value {
    let mut parts = serde_json::Map::new();
    for level in 0..levels {
        let next = json!({"$ref": format!("#/$defs/a{}", level + 1)});
        parts.insert(format!("a{level}"), json!({"allOf": [next, next]}));
    }
    parts.insert(format!("a{levels}"), json!({"type": "object"}));
    json!({"type": "object", "$defs": parts, "$ref": "#/$defs/a0"})
}

/// A list of lists, each of which is looked at twice.
fn branching() -> Value {
    json!({"$defs": {"n": {"items": {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}}}, "$ref": "#/$defs/n"})
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn fault(schema: &Value, payload: &Value) -> Result<(), PayloadFault> {
    InputSchema::new(Json::of(schema)).check(&Json::of(payload))
}

fn steps(schema: &Value, payload: &Value) -> Result<u64, Beyond> {
    count(&Outline::of(schema).expect("a schema"), payload, STEPS).map(|work| work.steps)
}

#[test]
fn a_schema_that_cannot_be_used_is_refused_with_the_reason() {
    let deep = (0..40).fold(json!({}), |inner, _| json!({"properties": {"a": inner}}));
    let wide = json!({"allOf": vec![json!({}); 5_000]});
    let long = doubling(70);
    for (schema, says) in [
        (json!({"$ref": "#"}), "refers to itself without end"),
        (
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}),
            "refers to itself without end",
        ),
        (json!({"$ref": "http://127.0.0.1:1/x"}), "refers to `http://127.0.0.1:1/x`, which is not in it"),
        (json!({"$ref": "#/$defs/none"}), "refers to `#/$defs/none`"),
        (json!({"properties": {"a": {"$id": "https://a.test/b"}}}), "an `$id` of its own"),
        (json!({"type": "objct"}), "objct"),
        (json!({"pattern": "^(a)\\1$"}), "no reference back"),
        (json!({"patternProperties": {"^((a{0,900}){0,900}){0,900}$": {}}}), "128 KiB compiled"),
        (json!({"properties": {"s": {"pattern": "("}}}), "its pattern `(`"),
        (deep, "nested deeper than 64"),
        (wide, "more than 4096 sub-schemas"),
        (long, "more than 128 of its parts apply to one value"),
    ] {
        let why = check(&schema.to_string()).expect_err(says);
        assert!(why.contains(says), "{says}: {why}");
    }
}

#[test]
fn ordinary_schemas_are_taken() {
    for schema in [
        json!({}),
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^[a-z]+$"}}}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "integer"}},
            "properties": {"x": {"$ref": "#/definitions/a"}}}),
        json!({"$id": "https://a.test/schema", "$defs": {"t": {"$anchor": "tree", "properties": {
            "children": {"items": {"$ref": "#tree"}}}}}, "$ref": "#tree"}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}),
    ] {
        assert_eq!(check(&schema.to_string()), Ok(()), "{schema}");
    }
}

#[test]
fn steps_that_double_are_counted_and_not_taken() {
    assert_eq!(fault(&doubling(24), &json!({})), Err(PayloadFault::TooMuch));
    assert_eq!(steps(&doubling(28), &json!({})), Err(Beyond));
    assert_eq!(fault(&branching(), &nested(60)), Err(PayloadFault::TooMuch));
    // The same schemas are no trouble where little is to be done.
    assert_eq!(fault(&doubling(4), &json!({})), Ok(()));
    assert_eq!(fault(&branching(), &nested(6)), Ok(()));
}

#[test]
fn the_count_follows_the_payload() {
    let schema = json!({"items": {"properties": {"a": {"type": "integer"}, "b": {"enum": [1, 2, 3]}}}});
    let of =
        |items: usize| steps(&schema, &json!(vec![json!({"a": 1, "b": 2}); items])).expect("it is small");
    let (one, many) = (of(1_000), of(10_000));
    assert!((9 * one..=11 * one).contains(&many), "{one} and {many}");
    assert!(steps(&schema, &json!(vec![json!({"a": 1}); 3_000_000])).is_err());
}

#[test]
fn what_looks_alike_to_a_hash_is_counted_as_compared_one_by_one() {
    let schema = json!({"uniqueItems": true});
    let lists: Vec<_> = (0..20_000).map(|_| json!([[]])).collect();
    assert_eq!(steps(&schema, &json!(lists)), Err(Beyond));
    let numbers: Vec<_> = (0..20_000_u64).map(|at| json!(9_007_199_254_740_992_u64 + at)).collect();
    assert_eq!(steps(&schema, &json!(numbers)), Err(Beyond));
    let words: Vec<_> = (0..20_000).map(|at| json!(at.to_string())).collect();
    assert!(steps(&schema, &json!(words)).is_ok());
}

#[test]
fn a_pattern_costs_by_its_size_and_the_texts() {
    let schema = json!({"pattern": "(a|b)*a(a|b){12}", "propertyNames": {"pattern": "^a+$"}});
    let text = |bytes: usize| steps(&schema, &json!("ab".repeat(bytes / 2)));
    assert!(text(1_000).expect("it is short") >= 1_000);
    assert_eq!(text(4 << 20), Err(Beyond));
    let mut names = "{".to_owned();
    for at in 0..40 {
        let _ = write!(names, "\"{}{at}\":0,", "a".repeat(100_000));
    }
    let names: Value = serde_json::from_str(&format!("{}}}", names.trim_end_matches(','))).expect("JSON");
    assert_eq!(steps(&schema, &names), Err(Beyond));
}

#[test]
fn what_is_counted_is_not_less_than_what_is_done() {
    // A way through the schema for each of `anyOf`, `if` and what is not evaluated yet.
    let level = |next: &str| json!({"anyOf": [{"$ref": next}, {"$ref": next}], "if": {"$ref": next}, "unevaluatedProperties": true});
    let mut parts = serde_json::Map::new();
    for at in 0..12 {
        parts.insert(format!("a{at}"), level(&format!("#/$defs/a{}", at + 1)));
    }
    parts.insert("a12".to_owned(), json!({"type": "string"}));
    assert_eq!(
        fault(&json!({"$defs": parts, "$ref": "#/$defs/a0"}), &json!({"a": 1})),
        Err(PayloadFault::TooMuch)
    );
}

#[test]
fn a_deep_payload_is_checked_on_a_stack_that_is_deep_enough() {
    let mut part = json!({"$ref": "#/$defs/n"});
    for _ in 0..20 {
        part = json!({"allOf": [part]});
    }
    let schema = json!({"$defs": {"n": {"items": part}}, "$ref": "#/$defs/n"});
    assert_eq!(fault(&schema, &nested(100)), Ok(()));
}

#[test]
fn misses_are_named_by_their_place_and_bounded() {
    let schema =
        json!({"additionalProperties": false, "required": ["a"], "properties": {"b": {"type": "string"}}});
    let Err(PayloadFault::Misses(misses)) = fault(&schema, &json!({"b": "x".repeat(10), "c/d": 1})) else {
        panic!("it misses");
    };
    let places: Vec<_> = misses.iter().map(|miss| miss.pointer.as_str()).collect();
    assert_eq!(places, ["/a", "/c~1d"]);
    let long = json!({"properties": {"b": {"type": "integer"}}});
    let Err(PayloadFault::Misses(misses)) = fault(&long, &json!({"b": "x".repeat(1 << 20)})) else {
        panic!("it misses");
    };
    assert!(misses[0].message.chars().count() <= 301, "{}", misses[0].message.len());
    let all = json!({"items": {"type": "integer"}});
    let Err(PayloadFault::Misses(misses)) = fault(&all, &json!(vec!["x"; 200_000])) else {
        panic!("it misses")
    };
    assert_eq!(misses.len(), 1, "of very many the first is named");
}
