//! A job's id in an address.

use crate::problem::Problem;
use anvil_types::JobId;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

/// The job's id out of a route's `{id}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id(pub(crate) JobId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            Problem::not_found("no-such-job", "There is no such job", "the address is not UTF-8")
        })?;
        let text = params.iter().find(|(key, _)| *key == "id").map_or("", |(_, value)| value);
        text.parse().map(Self).map_err(|error: anvil_types::id::BadId| {
            Problem::not_found("no-such-job", "There is no such job", error.to_string())
        })
    }
}
