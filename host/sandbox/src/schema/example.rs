//! A value that a schema asks for: for a call that tries an agent, and for the answer that is played to it.

use serde_json::{Map, Value, json};

/// Levels that are filled; what lies deeper is null.
const DEPTH: u32 = 24;
/// Values that an example has at most.
const VALUES: u32 = 10_000;

/// An example of what a schema (JSON Schema) asks for: what it gives as an example or default where it gives one, else
/// the least that its types ask for. It need not match: whoever uses it checks it.
pub fn example(schema: &Value) -> Value {
    Making { root: schema, left: VALUES }.of(schema, DEPTH)
}

struct Making<'a> {
    root: &'a Value,
    left: u32,
}

impl Making<'_> {
    fn of(&mut self, schema: &Value, depth: u32) -> Value {
        let Some(left) = self.left.checked_sub(1).filter(|_| depth > 0) else { return Value::Null };
        self.left = left;
        let given = schema.get("const").or_else(|| schema.get("examples")?.get(0));
        if let Some(given) = given.or_else(|| schema.get("default")).or_else(|| schema.get("enum")?.get(0)) {
            return given.clone();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let root = self.root;
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            return target.map_or(Value::Null, |target| self.of(target, depth - 1));
        }
        for one_of in ["anyOf", "oneOf"] {
            if let Some(first) = schema.get(one_of).and_then(|choices| choices.get(0)) {
                return self.of(first, depth - 1);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array)
            && schema.get("type").is_none()
            && schema.get("properties").is_none()
        {
            return self.all_of(parts, depth);
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
            _ if schema.get("properties").is_some() => "object",
            _ if schema.get("items").is_some() => "array",
            _ => "object",
        };
        match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => Value::String(text(schema)),
            "integer" => json!(integer(schema)),
            "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            _ => Value::Null,
        }
    }

    /// The members of all parts together.
    fn all_of(&mut self, parts: &[Value], depth: u32) -> Value {
        let mut all = Map::new();
        for part in parts {
            match self.of(part, depth - 1) {
                Value::Object(members) => all.extend(members),
                other => return other,
            }
        }
        Value::Object(all)
    }

    /// What is required of an object, and nothing else.
    fn object(&mut self, schema: &Value, depth: u32) -> Value {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut members = Map::new();
        for name in required.filter_map(Value::as_str) {
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            let value = property.map_or_else(|| json!("example"), |property| self.of(property, depth - 1));
            members.insert(name.to_owned(), value);
        }
        Value::Object(members)
    }

    fn array(&mut self, schema: &Value, depth: u32) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(u64::from(self.left));
        let items = schema.get("items").cloned().unwrap_or_else(|| json!({ "type": "string" }));
        Value::Array((0..least).map(|_| self.of(&items, depth - 1)).collect())
    }
}

fn text(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str);
    let example = match format {
        Some("email") => "someone@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("time") => "12:00:00Z",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "example",
    };
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let least = bound("minLength").unwrap_or(0).min(4_096);
    let mut text = example.to_owned();
    while text.chars().count() < least {
        text.push('e');
    }
    match bound("maxLength") {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

fn integer(schema: &Value) -> i64 {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound.saturating_add(1)));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound.saturating_sub(1)));
    let least = least.unwrap_or_else(|| most.map_or(1, |most| most.min(1)));
    let step = bound("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    // The first multiple that is not below the least.
    least.div_euclid(step).saturating_mul(step).saturating_add(if least.rem_euclid(step) == 0 {
        0
    } else {
        step
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InputSchema;
    use anvil_types::Json;

    #[test]
    fn an_example_matches_the_schema_that_it_is_of() {
        for schema in [
            r#"{"type":"object"}"#,
            r#"{"type":"object","required":["brief","n"],"properties":{"brief":{"type":"string","minLength":20},
                "n":{"type":"integer","minimum":3,"multipleOf":5},"more":{"type":"string"}}}"#,
            r#"{"type":"object","required":["kind"],"properties":{"kind":{"enum":["b","a"]}}}"#,
            r##"{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/list"}},
                "$defs":{"list":{"type":"array","minItems":2,"items":{"type":"boolean"}}}}"##,
            r#"{"anyOf":[{"type":"object","required":["x"],"properties":{"x":{"const":7}}},{"type":"null"}]}"#,
            r#"{"allOf":[{"type":"object","required":["x"],"properties":{"x":{"type":"number","minimum":2.5}}},
                {"type":"object","required":["y"],"properties":{"y":{"type":["null","string"]}}}]}"#,
            r#"{"type":"object","examples":[{"free":"text"}],"required":["free"]}"#,
            r#"{"type":"object","required":["short"],"properties":{"short":{"type":"string","maxLength":3}}}"#,
        ] {
            let parsed: Value = serde_json::from_str(schema).expect("JSON");
            let made = Json::of(&example(&parsed));
            let checked = InputSchema::new(schema.parse().expect("JSON")).check(&made);
            assert_eq!(checked, Ok(()), "{schema}: {}", made.as_str());
        }
    }

    #[test]
    fn a_schema_that_never_ends_has_an_example_that_does() {
        let endless = json!({ "$ref": "#" });
        assert_eq!(example(&endless), Value::Null);
        let deep = json!({ "type": "array", "minItems": 1_000_000_000, "items": { "$ref": "#" } });
        assert!(example(&deep).to_string().len() < 1 << 20);
    }
}
