//! The query of an address, read strictly: a misspelt filter would otherwise show everything.

use super::near::Near;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::Uri;
use axum::http::request::Parts;
use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

/// The most values of one parameter, repeated or not.
const MOST_VALUES: usize = 64;

/// Parameters that may be repeated: each value counts.
const REPEATED: [&str; 1] = ["state"];

/// The pairs of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.uri)
    }
}

/// What is wrong with a query.
pub(crate) fn bad_query(detail: String) -> Problem {
    Problem::bad_request("bad-query", "The query makes no sense", detail)
}

/// What is wrong with a value, in words of ours where the language's own are for programmers.
fn wrong<E: Display + 'static>(name: &str, text: &str, error: &E) -> Problem {
    let said = match (error as &dyn Any).downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => {
            "this number is beyond all that is counted here".to_owned()
        }
        Some(_) => "it must be a whole number, in digits alone".to_owned(),
        None => error.to_string(),
    };
    bad_query(format!("`{name}={text}`: {said}"))
}

impl Query {
    /// The pairs of an address.
    pub(crate) fn read(uri: &Uri) -> Result<Self, Problem> {
        let pairs = Pairs::try_from_uri(uri);
        pairs.map(|Pairs(pairs)| Self(pairs)).map_err(|error| bad_query(error.body_text()))
    }

    /// These pairs.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The pairs of these names, as they came.
    pub(crate) fn pairs(&self, names: &[&str]) -> Vec<(&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, value)| names.contains(name) && !value.is_empty()).collect()
    }

    /// Refuses names that are not among those that the route has in the table, and a second value of one that has a
    /// single one.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        let mut seen = BTreeSet::new();
        for (name, value) in &self.0 {
            if !value.is_empty() && !REPEATED.contains(&name.as_str()) && !seen.insert(name) {
                return Err(bad_query(format!(
                    "`{name}` is there twice, and nobody can tell which of them is meant"
                )));
            }
        }
        let Some((name, _)) = self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) else {
            return Ok(self);
        };
        let near = Near::of(name, known.iter().copied());
        let detail =
            format!("there is no parameter `{name}`{}; this takes {}", near.aside(), near.names("none"));
        Err(near.told(bad_query(detail)))
    }

    /// A value; an empty one is as none, since forms send those.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// A value of a parameter that asks for more where it is absent: an empty one is refused, since it may be a variable that
    /// was not set.
    pub(crate) fn narrows(&self, name: &str, absent: &str) -> Result<Option<&str>, Problem> {
        match self.text(name) {
            None if self.0.iter().any(|(key, _)| key == name) => {
                Err(bad_query(format!("`{name}` is empty; leave it out {absent}")))
            }
            value => Ok(value),
        }
    }

    /// A value of a type.
    pub(crate) fn value<T: FromStr<Err: Display + 'static>>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.text(name).map(|text| text.parse().map_err(|error| wrong(name, text, &error))).transpose()
    }

    /// Several values, by commas or by repetition: each once, and no more than [`MOST_VALUES`].
    pub(crate) fn values<T: FromStr<Err: Display + 'static> + PartialEq>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, Problem> {
        let texts = self.0.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        let mut values = Vec::new();
        for (at, text) in texts.map(str::trim).filter(|text| !text.is_empty()).enumerate() {
            if at == MOST_VALUES {
                return Err(bad_query(format!(
                    "`{name}` has more than {MOST_VALUES} values; each is needed once only"
                )));
            }
            let value = text.parse().map_err(|error| wrong(name, text, &error))?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// The length of a page, from 1 to `most`.
    pub(crate) fn limit(&self, usual: u32, most: u32) -> Result<u32, Problem> {
        let limit = self.value::<u32>("limit")?.unwrap_or(usual);
        if (1..=most).contains(&limit) {
            Ok(limit)
        } else {
            Err(bad_query(format!("`limit={limit}`: a page has 1 to {most} entries")))
        }
    }
}
