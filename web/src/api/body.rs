//! A JSON body, read field by field: all that is wrong is told at once, each with its pointer.

use crate::nearest::nearest;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::FieldError;
use anvil_types::{Json, Nanodollars, encoding};
use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::BytesMut;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tokio_stream::StreamExt;

/// How much of a body that is too long is read and thrown away, in multiples of the limit: a client
/// that is cut off while it sends never sees the answer.
const DRAIN: usize = 8;

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
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
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
        let mut near = None;
        let mut known = Vec::new();
        for name in std::mem::take(&mut self.fields).into_keys() {
            let guess = nearest(&name, self.known.iter().copied());
            let hint = guess.as_deref().map(|guess| format!("; did you mean `{guess}`?")).unwrap_or_default();
            self.wrong(&name, format!("there is no such field{hint}"));
            near = near.or(guess);
            known = self.known.iter().map(ToString::to_string).collect();
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        let each = self.errors.iter().map(|error| format!("{}: {}", error.pointer, error.message));
        let detail = each.collect::<Vec<_>>().join("; ");
        Err(Problem::invalid("invalid-body", "Fields of the body do not fit", detail)
            .with_errors(self.errors)
            .with_known(known, near))
    }
}

pub(super) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::bad_request("malformed-json", "The body is not the JSON that it should be", detail)
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

pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("not readable"));
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-encoding",
            "The body is encoded",
            format!("the request has the Content-Encoding `{encoding}`; send the body as it is"),
        ));
    }
    let given = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("not readable"));
    let media = given.and_then(|text| text.split(';').next()).map(|text| text.trim().to_ascii_lowercase());
    let charset = given.into_iter().flat_map(|text| text.split(';').skip(1)).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    // JSON is UTF-8 (RFC 8259, 8.1); ASCII is a part of it.
    let is_text = charset.is_none_or(|charset| {
        ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
    });
    let is_json = |media: &str| media == "application/json" || media.ends_with("+json");
    if is_text && media.as_deref().is_some_and(is_json) {
        return Ok(());
    }
    let given = given.map_or("no Content-Type".to_owned(), |given| format!("the Content-Type `{given}`"));
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong-content-type",
        "The body has the wrong type",
        format!("the request has {given}; send JSON with `Content-Type: application/json`"),
    ))
}

/// The whole body, which has at most `limit` bytes by the setting of this name.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    setting: &str,
) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut chunks: BodyDataStream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| malformed(format!("the body broke off: {error}")))?;
        seen = seen.saturating_add(chunk.len());
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > limit.saturating_mul(DRAIN) {
            break;
        }
    }
    if seen <= limit {
        return Ok(bytes);
    }
    let size = announced.map_or(format!("over {limit}"), |length| length.to_string());
    Err(Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!("the body has {size} bytes, the limit is {limit} ({setting} in the settings)"),
    ))
}
