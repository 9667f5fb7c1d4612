//! Answers as JSON: by a schema, by an example in the prompt, or by the fields that it names.

use serde_json::{Map, Value, json};

use super::topic::Topic;

/// A value that keeps to a JSON schema, as far as it says.
pub(super) fn by_schema(schema: &Value, topic: &Topic, name: &str) -> Value {
    at_depth(schema, topic, name, 0)
}

/// Below two levels an array has one item, whatever it asks for: a deep schema must not multiply.
fn at_depth(schema: &Value, topic: &Topic, name: &str, depth: usize) -> Value {
    if let Some(value) =
        schema.get("const").or_else(|| schema["enum"].get(0)).or_else(|| schema.get("default"))
    {
        return value.clone();
    }
    if let Some(one) = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema[*key].get(0)) {
        return at_depth(one, topic, name, depth + 1);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!(bounded(&text_for(name, topic), schema)),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or_else(|| number_for(name))),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(number_for(name))),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0).clamp(1, if depth < 2 { 20 } else { 1 });
            Value::Array((0..least).map(|_| at_depth(&schema["items"], topic, name, depth + 1)).collect())
        }
        _ if schema["properties"].is_object() || kind == Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(
                fields.map(|(key, part)| (key.clone(), at_depth(part, topic, key, depth + 1))).collect(),
            )
        }
        _ => json!(text_for(name, topic)),
    }
}

fn bounded(text: &str, schema: &Value) -> String {
    let most = schema["maxLength"].as_u64().map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    match schema["format"].as_str() {
        Some("date") => "2026-01-15".to_owned(),
        Some("date-time") => "2026-01-15T09:00:00Z".to_owned(),
        Some("email") => "ada@example.com".to_owned(),
        Some("uri") => "https://example.com/".to_owned(),
        _ => text.chars().take(most).collect(),
    }
}

/// A JSON object in the shape that the prompt shows or names.
pub(super) fn from_prompt(system: &str, user: &str, topic: &Topic) -> String {
    let value = [user, system]
        .iter()
        .find_map(|text| {
            let example = example(text)?;
            let schema = example["properties"].is_object();
            Some(if schema { by_schema(&example, topic, "value") } else { like(&example, topic, "value") })
        })
        .or_else(|| [user, system].iter().find_map(|text| by_names(text, topic)))
        .unwrap_or_else(
            || json!({"summary": text_for("summary", topic), "items": list_for(topic), "confidence": 0.8}),
        );
    value.to_string()
}

/// The last object in a text that looks like a shape and not like data: it stands behind words that ask for JSON.
fn example(text: &str) -> Option<Value> {
    let asked = text.to_lowercase().find("json")?;
    let from = text.get(asked..).unwrap_or(text);
    from.match_indices('{').find_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&from[at..]).into_iter::<Value>();
        values.next()?.ok().filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty()))
    })
}

/// A value of the same shape as an example.
fn like(example: &Value, topic: &Topic, name: &str) -> Value {
    match example {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), like(value, topic, key))).collect())
        }
        Value::Array(items) => match items.first() {
            Some(Value::String(_)) | None => list_for(topic),
            Some(item) => json!([like(item, topic, name)]),
        },
        Value::Number(_) => json!(number_for(name)),
        Value::Bool(_) => json!(true),
        Value::Null => Value::Null,
        Value::String(shape) => match shape.as_str() {
            "string" | "str" | "" => json!(text_for(name, topic)),
            "number" | "integer" | "int" | "float" => json!(number_for(name)),
            "boolean" | "bool" => json!(true),
            one_of if one_of.contains('|') => json!(one_of.split('|').next().unwrap_or("").trim()),
            _ => json!(text_for(name, topic)),
        },
    }
}

/// An object with the fields that stand in backticks, or as `"name":`.
fn by_names(text: &str, topic: &Topic) -> Option<Value> {
    let is_name =
        |s: &&str| !s.is_empty() && s.len() <= 40 && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let ticked = text.split('`').skip(1).step_by(2).filter(is_name);
    let quoted =
        text.match_indices("\":").filter_map(|(at, _)| text[..at].rsplit('"').next()).filter(is_name);
    let fields: Map<String, Value> =
        ticked.chain(quoted).map(|name| (name.to_owned(), value_for(name, topic))).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// A value of the kind that a field's name suggests.
fn value_for(name: &str, topic: &Topic) -> Value {
    let lower = name.to_lowercase();
    let ends = |parts: &[&str]| parts.iter().any(|part| lower.ends_with(part));
    if lower.starts_with("is_")
        || lower.starts_with("has_")
        || ends(&["ok", "done", "valid", "enabled", "approved"])
    {
        json!(true)
    } else if ends(&[
        "count",
        "hours",
        "minutes",
        "seconds",
        "days",
        "score",
        "number",
        "total",
        "size",
        "points",
        "risk",
        "confidence",
        "estimate",
        "age",
    ]) {
        json!(number_for(name))
    } else if lower.ends_with('s') && !ends(&["ss", "us", "is"]) {
        list_for(topic)
    } else {
        json!(text_for(name, topic))
    }
}

fn number_for(name: &str) -> i64 {
    i64::try_from(name.len() % 5 + 1).unwrap_or(1)
}

fn list_for(topic: &Topic) -> Value {
    json!([
        format!("Set out what {} must do", topic.name),
        format!("Build {} in its smallest useful form", topic.name),
        format!("Check {} against its requirements", topic.name),
    ])
}

fn text_for(name: &str, topic: &Topic) -> String {
    match name.to_lowercase().as_str() {
        "title" | "name" | "heading" | "subject" | "topic" => topic.title(),
        "id" | "key" | "slug" => topic.slug(),
        "city" | "location" | "place" => topic.name.split(' ').next_back().unwrap_or("Oslo").to_owned(),
        "language" => "javascript".to_owned(),
        "path" | "file" | "filename" => format!("{}.js", topic.slug()),
        "priority" | "severity" | "level" => "medium".to_owned(),
        "status" | "state" => "ready".to_owned(),
        "email" => "ada@example.com".to_owned(),
        "url" | "link" => "https://example.com/".to_owned(),
        "query" | "input" | "question" | "q" => topic.name.clone(),
        "summary" | "description" | "overview" => format!(
            "{}: a small, accessible first version that covers the stated requirements and leaves room to grow.",
            topic.title()
        ),
        "reason" | "rationale" | "why" => {
            format!("It is the simplest way to meet what {} needs.", topic.name)
        }
        other => format!("{} for {}", other.replace('_', " "), topic.name),
    }
}
