//! A JSON Schema as fields of a form: flat ones by their type, nested ones as JSON.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// Texts that may be longer than this get room.
const LONG: u64 = 200;

/// How a field is filled in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Widget {
    /// One line, with the input type that fits its format.
    Line {
        /// `text`, `email`, `url`, `date` …
        kind: &'static str,
    },
    /// Several lines.
    Area,
    /// One of some values.
    Select {
        /// Each as JSON, with what is shown.
        options: Vec<(String, String)>,
    },
    /// Yes or no.
    Tick,
    /// A number.
    Number {
        /// `1` for whole numbers.
        step: &'static str,
        min: Option<String>,
        max: Option<String>,
    },
    /// Anything else, as JSON.
    Json,
}

/// One property of the payload.
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) placeholder: String,
    pub(crate) required: bool,
    pub(crate) widget: Widget,
    /// What stands in it before a person types.
    pub(crate) initial: String,
}

/// The properties that a schema describes, in its author's order; none where it describes no object.
pub(crate) fn properties(schema: &str) -> Option<Vec<Property>> {
    let schema: Schema = serde_json::from_str(schema).ok()?;
    let properties = schema.properties.filter(|properties| !properties.0.is_empty())?;
    let required = |name: &str| schema.required.iter().any(|wanted| wanted == name);
    Some(properties.0.iter().map(|(name, schema)| property(name, schema, required(name))).collect())
}

#[derive(Deserialize)]
struct Schema {
    properties: Option<Members<Value>>,
    #[serde(default)]
    required: Vec<String>,
}

/// An object's members in the order in which they were written.
pub(super) struct Members<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Members<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Members(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

fn property(name: &str, schema: &Value, required: bool) -> Property {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let example = schema.pointer("/examples/0").or_else(|| schema.get("example"));
    let widget = widget(schema, required);
    let initial = schema.get("default").map(|value| as_typed(value, &widget)).unwrap_or_default();
    let title = text("title");
    Property {
        label: if title.is_empty() { readable(name) } else { title },
        name: name.to_owned(),
        hint: text("description"),
        placeholder: example.map(|value| as_typed(value, &widget)).unwrap_or_default(),
        required,
        widget,
        initial,
    }
}

fn widget(schema: &Value, required: bool) -> Widget {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let options = values.iter().map(|value| (value.to_string(), as_text(value)));
        return Widget::Select { options: options.collect() };
    }
    let number = |key: &str| schema.get(key).filter(|value| value.is_number()).map(ToString::to_string);
    match type_of(schema) {
        Some("string") => line_or_area(schema, required),
        Some("boolean") => Widget::Tick,
        Some("integer") => Widget::Number { step: "1", min: number("minimum"), max: number("maximum") },
        Some("number") => Widget::Number { step: "any", min: number("minimum"), max: number("maximum") },
        _ => Widget::Json,
    }
}

/// The one type that a value has; `null` beside it means no more than that it may be absent.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())
        }
        _ => None,
    }
}

fn line_or_area(schema: &Value, required: bool) -> Widget {
    let kind = match schema.get("format").and_then(Value::as_str) {
        Some("email") => "email",
        Some("uri" | "url") => "url",
        Some("date") => "date",
        Some("time") => "time",
        Some("textarea" | "multiline" | "markdown" | "text") => return Widget::Area,
        _ => "text",
    };
    let most = schema.get("maxLength").and_then(Value::as_u64);
    // A text without a form that has to be given is what the job is about: it gets room.
    let open = kind == "text" && schema.get("pattern").is_none();
    let roomy = most.map_or(required, |most| most >= LONG);
    if open && roomy || schema.get("contentMediaType").is_some() {
        Widget::Area
    } else {
        Widget::Line { kind }
    }
}

/// A value of a payload as it would be typed into the widget, where the form can hold it to the last digit.
pub(crate) fn typed(raw: &str, widget: &Widget) -> Option<String> {
    let text = || serde_json::from_str::<String>(raw).ok();
    match widget {
        // Browsers take line ends out of a line, and write those of an area their own way.
        Widget::Line { .. } => text().filter(|text| !text.contains(['\n', '\r'])),
        Widget::Area => text().filter(|text| !text.contains('\r')),
        Widget::Number { .. } => {
            let number = raw.parse::<f64>().is_ok_and(f64::is_finite);
            number.then(|| raw.to_owned())
        }
        Widget::Tick => match raw {
            "true" => Some("on".to_owned()),
            "false" => Some(String::new()),
            _ => None,
        },
        Widget::Select { options } => {
            let same =
                |json: &str| serde_json::from_str::<Value>(json).ok() == serde_json::from_str(raw).ok();
            options.iter().map(|(json, _)| json.clone()).find(|json| json == raw || same(json))
        }
        Widget::Json => Some(anvil_types::json_text::indented(raw, usize::MAX).text),
    }
}

/// A value of a schema as it would be typed into the widget.
pub(crate) fn as_typed(value: &Value, widget: &Widget) -> String {
    match widget {
        Widget::Select { .. } => value.to_string(),
        Widget::Json => serde_json::to_string_pretty(value).unwrap_or_default(),
        Widget::Tick => {
            if value == &Value::Bool(true) {
                "on".to_owned()
            } else {
                String::new()
            }
        }
        Widget::Line { .. } | Widget::Area | Widget::Number { .. } => as_text(value),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `max_length` → `Max length`.
fn readable(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '_' | '-' => text.push(' '),
            c if c.is_uppercase() && !text.is_empty() => {
                text.push(' ');
                text.extend(c.to_lowercase());
            }
            c if text.is_empty() => text.extend(c.to_uppercase()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_becomes_fields_in_its_order() {
        let schema = r#"{"type":"object","required":["requirements"],"properties":{
            "requirements":{"type":"string","description":"What to build","examples":["A login form"]},
            "language":{"enum":["rust","python"],"default":"rust"},
            "tests":{"type":"boolean","default":true},
            "maxFiles":{"type":"integer","minimum":1,"maximum":20},
            "name":{"type":["string","null"]},
            "options":{"type":"object"}}}"#;
        let fields = properties(schema).expect("an object");
        let seen: Vec<_> =
            fields.iter().map(|f| (f.name.as_str(), f.label.as_str(), f.initial.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("requirements", "Requirements", ""),
                ("language", "Language", "\"rust\""),
                ("tests", "Tests", "on"),
                ("maxFiles", "Max files", ""),
                ("name", "Name", ""),
                ("options", "Options", ""),
            ]
        );
        assert_eq!(fields[0].widget, Widget::Area);
        assert_eq!(fields[4].widget, Widget::Line { kind: "text" });
        assert_eq!(fields[5].widget, Widget::Json);
    }

    #[test]
    fn a_schema_without_properties_has_no_form() {
        assert!(properties("true").is_none());
        assert!(properties("{}").is_none());
        assert!(properties(r#"{"type":"string"}"#).is_none());
    }
}
