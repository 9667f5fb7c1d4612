//! What the path of an address names.

use crate::problem::Problem;
use anvil_types::{AlertId, CallId, DeliveryId, JobActionId, JobId, QuestionId, Scope};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::fmt::Display;
use std::str::FromStr;

/// What can be named by a part of a path. What is no such name is the name of nothing, and not found.
pub(crate) trait Named: FromStr<Err: Display + 'static> {
    /// The part's name in the table of routes.
    const PART: &'static str = "id";
    /// The problem where there is no such thing.
    const SLUG: &'static str;
    /// Its title.
    const TITLE: &'static str;

    /// What is told of a text that is no such name.
    fn told(_text: &str, error: &Self::Err) -> String {
        error.to_string()
    }
}

impl Named for JobId {
    const SLUG: &'static str = "no-such-job";
    const TITLE: &'static str = "There is no such job";
}

impl Named for JobActionId {
    const SLUG: &'static str = "no-such-action";
    const TITLE: &'static str = "There is no such action";
}

impl Named for AlertId {
    const SLUG: &'static str = "no-such-alert";
    const TITLE: &'static str = "There is no such alert";
}

impl Named for DeliveryId {
    const SLUG: &'static str = "no-such-delivery";
    const TITLE: &'static str = "There is no such delivery";
}

impl Named for CallId {
    const SLUG: &'static str = "no-such-call";
    const TITLE: &'static str = "There is no such call";

    fn told(text: &str, _: &Self::Err) -> String {
        format!("`{text}` is the id of no call")
    }
}

impl Named for QuestionId {
    const SLUG: &'static str = "no-such-question";
    const TITLE: &'static str = "There is no such question";
}

impl Named for Scope {
    const PART: &'static str = "scope";
    const SLUG: &'static str = "no-such-scope";
    const TITLE: &'static str = "There is no such scope";
}

/// What a route's path names.
#[derive(Clone, Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let missing = |detail: String| Problem::not_found(T::SLUG, T::TITLE, detail);
        let text = part(parts, state, T::PART).await.map_err(missing)?;
        text.parse().map(Self).map_err(|error| missing(T::told(&text, &error)))
    }
}

/// A part of the path by its name in the table of routes, without its percent signs.
pub(super) async fn part<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, String> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(|_| "the address is not UTF-8".to_owned())?;
    Ok(params.iter().find(|(key, _)| *key == name).map_or_else(String::new, |(_, value)| value.to_owned()))
}
