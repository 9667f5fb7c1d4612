//! Which page of a list is asked for.

use super::Query;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::fmt::Display;
use std::str::FromStr;

/// The names that a query has it by.
pub(crate) const PAGE: [&str; 2] = ["after", "limit"];

/// Where a page begins and how long it is: `USUAL` entries where nothing is said, and `MOST` at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<T, const USUAL: u32 = 50, const MOST: u32 = 500> {
    pub(crate) after: Option<T>,
    pub(crate) limit: u32,
}

impl<T, S, const USUAL: u32, const MOST: u32> FromRequestParts<S> for Page<T, USUAL, MOST>
where
    T: FromStr<Err: Display + 'static>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await?;
        Ok(Self { after: query.value("after")?, limit: query.limit(USUAL, MOST)? })
    }
}
