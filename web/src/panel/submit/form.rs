//! The form for a job's payload: filled in, read back, and shown again with its errors.

use crate::ask::Form;
use crate::panel::submit::schema::{Members, Property, Widget, properties, typed};
use anvil_api::FieldError;
use anvil_types::Json;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The longest payload that is filled into the fields as well as into the JSON beside them.
const MOST_IN_FIELDS: usize = 256 << 10;

/// One field as it stands on the page.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) about: Property,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
}

/// Which of the two ways of filling in counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The fields.
    Fields,
    /// The JSON text.
    Raw,
}

/// The payload's part of the form.
#[derive(Clone, Debug)]
pub(crate) struct PayloadForm {
    pub(crate) fields: Vec<Field>,
    pub(crate) mode: Mode,
    pub(crate) raw: String,
    pub(crate) raw_error: Option<String>,
}

impl PayloadForm {
    /// An empty form for an action's schema; JSON alone where the schema describes no flat object.
    pub(crate) fn new(schema: &str) -> Self {
        let fields: Vec<Field> = properties(schema)
            .unwrap_or_default()
            .into_iter()
            .map(|about| Field { value: about.initial.clone(), about, error: None })
            .collect();
        let mode = if fields.is_empty() { Mode::Raw } else { Mode::Fields };
        Self { fields, mode, raw: "{}".to_owned(), raw_error: None }
    }

    /// Fills in a payload that there is already, as of a job that is submitted again. One that the fields cannot hold
    /// as it is, or that would stand on the page twice for nothing, is shown as JSON.
    pub(crate) fn fill(&mut self, payload: &Json) {
        self.raw = payload.pretty();
        let members = Some(payload.as_str()).filter(|text| text.len() <= MOST_IN_FIELDS).and_then(members);
        let Some(members) = members else {
            self.mode = Mode::Raw;
            return;
        };
        for field in &mut self.fields {
            let raw = member(&members, &field.about.name);
            let typed = raw.map(|raw| typed(raw.get(), &field.about.widget));
            if typed == Some(None) {
                self.mode = Mode::Raw;
            }
            let absent = || {
                if field.about.widget == Widget::Tick { field.about.initial.clone() } else { String::new() }
            };
            field.value = typed.flatten().unwrap_or_else(absent);
        }
        let known = |name: &String| self.fields.iter().any(|field| field.about.name == *name);
        if !members.iter().all(|(name, _)| known(name)) {
            self.mode = Mode::Raw;
        }
    }

    /// Takes what was sent and makes the payload of it; none where something does not fit, which is
    /// then said beside its field.
    pub(crate) fn read(&mut self, form: &Form) -> Option<Json> {
        form.text("raw").trim_start_matches('\u{feff}').clone_into(&mut self.raw);
        for field in &mut self.fields {
            form.text(&format!("p.{}", field.about.name)).clone_into(&mut field.value);
        }
        if form.text("mode") == "raw" || self.fields.is_empty() {
            self.mode = Mode::Raw;
            return match self.raw.parse() {
                Ok(payload) => Some(payload),
                Err(error) => {
                    self.raw_error = Some(format!("this cannot be taken: {error}"));
                    None
                }
            };
        }
        self.mode = Mode::Fields;
        self.collect()
    }

    /// The payload out of the fields. What the form does not know stays as it is in the JSON beside it.
    fn collect(&mut self) -> Option<Json> {
        let members = members(&self.raw).unwrap_or_default();
        let mut parts = Vec::new();
        let mut fits = true;
        for field in &mut self.fields {
            let before = member(&members, &field.about.name).map(RawValue::get);
            match json_of(&field.about, &field.value, before) {
                Ok(Some(value)) => parts.push(format!("{}:{value}", Json::of(field.about.name.as_str()))),
                Ok(None) => {}
                Err(error) => {
                    field.error = Some(error);
                    fits = false;
                }
            }
        }
        let known = |name: &String| self.fields.iter().any(|field| field.about.name == *name);
        let others = members.iter().filter(|(name, _)| !known(name));
        parts.extend(others.map(|(name, value)| format!("{}:{}", Json::of(name.as_str()), value.get())));
        match format!("{{{}}}", parts.join(",")).parse::<Json>() {
            Ok(payload) => {
                self.raw = payload.pretty();
                fits.then_some(payload)
            }
            Err(error) => {
                self.raw_error = Some(format!("the payload cannot be taken: {error}"));
                None
            }
        }
    }

    /// Puts errors beside their fields; answers those that belong to none.
    pub(crate) fn blame(&mut self, errors: Vec<FieldError>) -> Vec<String> {
        let mut rest = Vec::new();
        for FieldError { pointer, message } in errors {
            let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
            let name = name.replace("~1", "/").replace("~0", "~");
            let place = if self.mode == Mode::Raw { None } else { self.find(&pointer, &name, &message) };
            match place {
                Some(field) => field.error = Some(message),
                None if pointer.is_empty() => rest.push(message),
                None => rest.push(format!("{pointer}: {message}")),
            }
        }
        rest
    }

    /// The field of an error. One that is missing is told of the whole, by a message that names it.
    fn find(&mut self, pointer: &str, name: &str, message: &str) -> Option<&mut Field> {
        let quoted = |field: &Field| message.contains(&format!("\"{}\"", field.about.name));
        self.fields.iter_mut().find(|field| {
            if pointer.is_empty() {
                field.value.is_empty() && quoted(field)
            } else {
                field.about.name == name
            }
        })
    }
}

/// The members of an object; none where the text is no object, or names one of them twice.
fn members(json: &str) -> Option<Vec<(String, Box<RawValue>)>> {
    let Members(members) = serde_json::from_str(json).ok()?;
    let mut names = BTreeSet::new();
    members.iter().all(|(name, _)| names.insert(name.clone())).then_some(members)
}

fn member<'a>(members: &'a [(String, Box<RawValue>)], name: &str) -> Option<&'a RawValue> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
}

/// A field's value as JSON; none where it was left empty. `before` is what stands for it in the JSON beside the form.
fn json_of(about: &Property, text: &str, before: Option<&str>) -> Result<Option<String>, String> {
    if about.widget == Widget::Tick {
        // What was never said stays unsaid, unless that would mean yes.
        let unsaid = text.is_empty() && before.is_none() && !about.required && about.initial.is_empty();
        return Ok((!unsaid).then(|| (!text.is_empty()).to_string()));
    }
    // A browser sends line ends as CR LF.
    let text = text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        // An empty text is a value too.
        let blank =
            |json: &&str| serde_json::from_str::<String>(json).is_ok_and(|text| text.trim().is_empty());
        if let Some(blank) = before.filter(blank) {
            return Ok(Some(blank.to_owned()));
        }
        return if about.required { Err("this is needed".to_owned()) } else { Ok(None) };
    }
    match &about.widget {
        Widget::Line { .. } | Widget::Area => Ok(Some(Json::of(text.as_str()).to_string())),
        Widget::Number { .. } => {
            let number = text.trim().parse::<Json>().ok().filter(|json| json.value().is_number());
            number.map(|json| Some(json.to_string())).ok_or_else(|| format!("`{}` is no number", text.trim()))
        }
        Widget::Select { options } => {
            let known = options.iter().any(|(json, _)| *json == text);
            if known { Ok(Some(text)) } else { Err("choose one of the values".to_owned()) }
        }
        Widget::Json => match text.parse::<Json>() {
            Ok(json) => Ok(Some(json.to_string())),
            Err(error) => Err(format!("this cannot be taken: {error}")),
        },
        Widget::Tick => unreachable!("handled above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"properties":{"text":{"type":"string"},"n":{"type":"number"},
        "yes":{"type":"boolean","default":true},"list":{"type":"array"}},"required":["text"]}"#;

    fn form(pairs: &[(&str, &str)]) -> Form {
        Form(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn fields_become_a_payload_with_exact_numbers() {
        let mut page = PayloadForm::new(SCHEMA);
        let sent = form(&[("p.text", "a\r\nb"), ("p.n", "12345678901234567890.5"), ("p.list", "[1]")]);
        let payload = page.read(&sent).expect("fits");
        assert_eq!(payload.as_str(), r#"{"text":"a\nb","n":12345678901234567890.5,"yes":false,"list":[1]}"#);
    }

    #[test]
    fn what_does_not_fit_is_said_beside_its_field_and_kept() {
        let mut page = PayloadForm::new(SCHEMA);
        assert!(page.read(&form(&[("p.n", "many"), ("p.list", "[")])).is_none());
        let errors: Vec<_> = page.fields.iter().map(|field| field.error.as_deref()).collect();
        assert_eq!(errors[0], Some("this is needed"));
        assert_eq!(errors[1], Some("`many` is no number"));
        assert!(errors[3].is_some_and(|error| error.starts_with("this cannot be taken: it is no JSON")));
        assert_eq!(page.fields[1].value, "many");
    }

    #[test]
    fn an_error_of_the_schema_finds_its_field() {
        let mut page = PayloadForm::new(SCHEMA);
        let error =
            |pointer: &str, message: &str| FieldError { pointer: pointer.into(), message: message.into() };
        let rest = page.blame(vec![
            error("/n", "is too small"),
            error("", "\"text\" is a required property"),
            error("/other", "is odd"),
        ]);
        assert_eq!(page.fields[1].error.as_deref(), Some("is too small"));
        assert!(page.fields[0].error.is_some());
        assert_eq!(rest, ["/other: is odd"]);
    }

    #[test]
    fn a_payload_goes_through_the_form_to_the_last_digit_and_with_what_the_form_does_not_know() {
        let payload: Json =
            r#"{"n":9007199254740993,"text":"a\nb","yes":false,"list":[1.50,9007199254740993]}"#
                .parse()
                .expect("JSON");
        let mut page = PayloadForm::new(SCHEMA);
        page.fill(&payload);
        assert_eq!(page.mode, Mode::Fields);
        let value = |page: &PayloadForm, at: usize| page.fields[at].value.clone();
        assert_eq!(value(&page, 1), "9007199254740993");
        let raw = r#"{"more":{"k":9007199254740993},"n":1,"text":""}"#;
        let sent = form(&[("mode", "fields"), ("raw", raw), ("p.n", "9007199254740993"), ("p.text", "")]);
        let mut page = PayloadForm::new(SCHEMA);
        let payload = page.read(&sent).expect("fits");
        assert_eq!(
            payload.as_str(),
            r#"{"text":"","n":9007199254740993,"yes":false,"more":{"k":9007199254740993}}"#
        );
    }

    #[test]
    fn what_the_fields_cannot_hold_is_shown_as_json() {
        for payload in [
            r#"{"text":5}"#,
            r#"{"text":null}"#,
            r#"{"text":"a\rb"}"#,
            r#"{"text":"a","n":"5"}"#,
            r#"{"text":"a","yes":null}"#,
            r#"{"text":"a","unknown":1}"#,
            r#"{"text":"a","text":"b"}"#,
            "[]",
            &format!("{{\"text\":\"{}\"}}", "x".repeat(300 << 10)),
        ] {
            let mut page = PayloadForm::new(SCHEMA);
            page.fill(&payload.parse().expect("JSON"));
            assert_eq!(page.mode, Mode::Raw, "{}", &payload[..payload.len().min(60)]);
        }
    }
}
