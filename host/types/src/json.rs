//! JSON text that is kept as it came: numbers of any size stay exact.
//!
//! What comes from outside is read here, once and strictly, so that whoever reads it afterwards (the schema
//! check, the panel, a client in any language) can: no deeper than [`Json::DEEPEST`], every number finite as
//! a 64-bit float, every `\u` escape a character.

mod repeated;
mod strict;

pub use strict::BadJson;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// One JSON value as text, known to be readable by anyone. Cheap to clone, and written as it stands.
#[derive(Clone, Debug)]
pub struct Json(Arc<RawValue>);

/// So much of a text that cannot be read is shown in its place, in bytes.
const SHOWN: usize = 4 * 1024;

impl Json {
    /// How many arrays and objects may stand within each other. Readers of JSON commonly stop at 128, and
    /// a value stands within a few more where it is shown.
    pub const DEEPEST: usize = 100;

    /// `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned().into())
    }

    /// The JSON of a value of ours.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(to_raw_value(value).expect("values of ours have string keys and no failing parts").into())
    }

    /// A text that was stored as JSON. One that an older version took and nobody can read is told of in an
    /// object instead: why, and how it begins.
    pub fn stored(text: &str) -> Self {
        text.parse().unwrap_or_else(|why: BadJson| {
            let begins = &text[..text.floor_char_boundary(SHOWN)];
            Self::of(
                &serde_json::json!({ "unreadable": why.to_string(), "bytes": text.len(), "begins": begins }),
            )
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value, for reading. Numbers beyond 64 bits lose precision here and only here.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(self.as_str()).unwrap_or(serde_json::Value::Null)
    }

    /// The text with two spaces of indentation: names, their order and numbers as they were written.
    pub fn pretty(&self) -> String {
        crate::json_text::indented(self.as_str(), usize::MAX).text
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl Hash for Json {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl FromStr for Json {
    type Err = BadJson;
    fn from_str(text: &str) -> Result<Self, BadJson> {
        let raw: &RawValue = serde_json::from_str(text)?;
        strict::check(raw.get())?;
        Ok(Self(raw.to_owned().into()))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        strict::check(raw.get()).map_err(serde::de::Error::custom)?;
        Ok(Self(raw.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn what_is_taken_every_reader_can_read() {
        for good in [
            &nested(Json::DEEPEST),
            r#"{"a":{"b":[1,-0,1.5e300,12345678901234567890123]},"c":"[[[\"{{{"}"#,
            r#""\ud83d\ude80 \u0000 \\ud800 \" é""#,
            r#"{"a":1,"a":2}"#,
            " true ",
            "0.1000000000000000055511151231257827",
            "1e-999",
        ] {
            let json: Json = good.parse().unwrap_or_else(|error| panic!("{good}: {error}"));
            assert!(serde_json::from_str::<serde_json::Value>(json.as_str()).is_ok(), "{good}");
            assert_eq!(serde_json::from_str::<Json>(good).expect("the same reader"), json);
        }
    }

    #[test]
    fn what_some_reader_cannot_read_is_refused_by_its_name() {
        for (bad, says) in [
            (nested(Json::DEEPEST + 1), "deeper than 100"),
            (nested(500_000), "deeper than 100"),
            ("{\"a\":".repeat(101) + "1" + &"}".repeat(101), "deeper than 100"),
            ("1e999".to_owned(), "`1e999`"),
            ("{\"n\":-1E400}".to_owned(), "`-1E400`"),
            ("9".repeat(5_000), "a number of 5000 characters"),
            (r#"{"t":"\ud800"}"#.to_owned(), "half a character"),
            (r#""\udc00\ud800""#.to_owned(), "half a character"),
            (r#"{"\ud83d\u0041":1}"#.to_owned(), "half a character"),
            (r#""\ud83d\\ude80""#.to_owned(), "half a character"),
            ("{'a':1}".to_owned(), "no JSON"),
            ("NaN".to_owned(), "no JSON"),
            (String::new(), "no JSON"),
            ("\u{feff}{}".to_owned(), "no JSON"),
            ("[1] 2".to_owned(), "no JSON"),
        ] {
            let shown = &bad[..bad.len().min(40)];
            let error = bad.parse::<Json>().expect_err(shown).to_string();
            assert!(error.contains(says) && error.len() < 200, "{shown}: {error}");
            assert!(serde_json::from_str::<Json>(&bad).is_err(), "{shown}");
        }
    }

    #[test]
    fn what_was_stored_before_is_shown_as_what_it_is() {
        assert_eq!(Json::stored("[1]").as_str(), "[1]");
        let deep = nested(5_000);
        let shown = Json::stored(&deep).value();
        assert_eq!(shown["bytes"], 10_000);
        assert!(shown["unreadable"].as_str().is_some_and(|why| why.contains("deeper")), "{shown}");
        assert_eq!(shown["begins"].as_str().map(str::len), Some(SHOWN));
        assert!(Json::stored("é{").as_str().parse::<Json>().is_ok());
    }
}
