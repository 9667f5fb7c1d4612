//! A JSON body, read field by field: all that is wrong is told at once, each with its pointer.

use super::body::{is_json, malformed, read};
use super::near::Near;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::FieldError;
use anvil_types::{Json, Nanodollars, encoding};
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_path_to_error::Segment;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The fields of a JSON object, each as the text that came, so that numbers stay exact.
#[derive(Debug)]
pub(crate) struct Object {
    fields: BTreeMap<String, Box<RawValue>>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl FromRequest<WebState> for Object {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, state.config.max_body_bytes, "max_body_bytes").await?;
        Self::parse(&bytes)
    }
}

/// The members of an object. A name that comes twice is told of: the last would win without a word.
struct Members {
    fields: BTreeMap<String, Box<RawValue>>,
    twice: BTreeSet<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members { fields: BTreeMap::new(), twice: BTreeSet::new() };
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    match members.fields.entry(name) {
                        Entry::Occupied(first) => drop(members.twice.insert(first.key().clone())),
                        Entry::Vacant(place) => drop(place.insert(value)),
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl Object {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Err(malformed("the body is empty; send a JSON object"));
        }
        let text = encoding::utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let Members { fields, twice } =
            serde_json::from_str(text).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => {
                    malformed(format!("the body is no JSON object: {error}"))
                }
                _ => malformed(format!("the body is no JSON: {error}")),
            })?;
        let mut object = Self { fields, known: Vec::new(), errors: Vec::new() };
        for name in twice {
            object.wrong(&name, "is there twice, and nobody can tell which of them is meant");
        }
        Ok(object)
    }

    /// A field; null is as absent. `wants` says what it must be, for whoever sent something else.
    pub(crate) fn field<T: DeserializeOwned>(&mut self, name: &'static str, wants: &str) -> Option<T> {
        self.known.push(name);
        let raw = self.fields.remove(name).filter(|raw| raw.get() != "null")?;
        let value = serde_json::from_str(raw.get()).ok();
        if value.is_none() {
            self.wrong(name, format!("must be {wants}; it is {}", shown(raw.get())));
        }
        value
    }

    /// A field with fields of its own, of which that is named which is wrong; null is as absent.
    pub(crate) fn nested<T: DeserializeOwned>(&mut self, name: &'static str, wants: &str) -> Option<T> {
        let raw = self.field::<Box<RawValue>>(name, wants)?;
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let error = match serde_path_to_error::deserialize(&mut reader) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut pointer = name.to_owned();
        for part in error.path() {
            let part = match part {
                Segment::Seq { index } => index.to_string(),
                Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
                Segment::Enum { .. } | Segment::Unknown => continue,
            };
            pointer = format!("{pointer}/{part}");
        }
        if pointer == name {
            self.wrong(name, format!("must be {wants}; it is {}", shown(raw.get())));
        } else {
            self.wrong(&pointer, format!("cannot be taken: {}", error.inner()));
        }
        None
    }

    /// A field that says what is not to be done: null, which elsewhere is as absent, says nothing and is refused.
    pub(crate) fn guard(&mut self, name: &'static str) -> bool {
        if self.is_null(name) {
            self.wrong(name, "must be true or false; it is null");
        }
        self.field(name, "true or false").unwrap_or(false)
    }

    /// An amount of dollars, to the digit that was written; null is as absent.
    pub(crate) fn dollars(&mut self, name: &'static str, wants: &str) -> Option<Nanodollars> {
        let raw = self.field::<Box<RawValue>>(name, wants)?;
        let amount = Nanodollars::from_decimal(raw.get());
        if amount.is_none() {
            self.wrong(name, format!("must be {wants}; it is {}", shown(raw.get())));
        }
        amount
    }

    /// A field that is any JSON; null is as absent. What cannot be taken is refused for what is wrong with it.
    pub(crate) fn json(&mut self, name: &'static str) -> Option<Json> {
        self.known.push(name);
        let raw = self.fields.remove(name).filter(|raw| raw.get() != "null")?;
        match raw.get().parse() {
            Ok(json) => Some(json),
            Err(error) => {
                self.wrong(name, format!("cannot be taken: {error}"));
                None
            }
        }
    }

    /// Whether a field is there, which is taken out then: it is known, and never right.
    pub(crate) fn take_out(&mut self, name: &str) -> bool {
        self.fields.remove(name).is_some()
    }

    /// Whether a field is there and is null, which is taken out then.
    pub(crate) fn is_null(&mut self, name: &'static str) -> bool {
        let null = self.fields.get(name).is_some_and(|raw| raw.get() == "null");
        if null {
            self.known.push(name);
            self.fields.remove(name);
        }
        null
    }

    /// A field that has to be there.
    pub(crate) fn required<T: DeserializeOwned + Default>(&mut self, name: &'static str, wants: &str) -> T {
        let errors = self.errors.len();
        let value = self.field(name, wants);
        if value.is_none() && self.errors.len() == errors {
            self.wrong(name, format!("is missing; it must be {wants}"));
        }
        value.unwrap_or_default()
    }

    /// Whether nothing has been found wrong so far.
    pub(crate) fn fits(&self) -> bool {
        self.errors.is_empty()
    }

    /// Says what is wrong with a field.
    pub(crate) fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError { pointer: format!("/{name}"), message: message.into() });
    }

    /// Everything that was wrong: fields that nobody asked for, and values that do not fit.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let mut misspelt: Option<Near> = None;
        for name in std::mem::take(&mut self.fields).into_keys() {
            let near = Near::of(&name, self.known.iter().copied());
            self.wrong(&name, format!("there is no such field{}", near.at_the_end()));
            misspelt = misspelt.filter(Near::is_near).or(Some(near));
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        let each = self.errors.iter().map(|error| format!("{}: {}", error.pointer, error.message));
        let detail = each.collect::<Vec<_>>().join("; ");
        let problem = Problem::invalid("invalid-body", "Fields of the body do not fit", detail)
            .with_errors(self.errors);
        Err(match misspelt {
            Some(near) => near.told(problem),
            None => problem,
        })
    }
}

/// The beginning of what was sent.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    if text.len() <= MOST {
        text.to_owned()
    } else {
        format!("{}…", &text[..text.floor_char_boundary(MOST)])
    }
}
