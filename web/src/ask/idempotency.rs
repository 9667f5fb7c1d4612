//! The `Idempotency-Key` header.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

const HEADER: &str = "idempotency-key";

/// The key, where there is one. One that cannot be read must not be passed over: the submission would be another job.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(HEADER).into_iter();
        let Some(key) = keys.next() else { return Ok(Self(None)) };
        if keys.next().is_some() {
            return Err(bad("it is there more than once; send one"));
        }
        let text = key.to_str().map_err(|_| {
            bad("it has a character that is not printable ASCII; send such a key as `idempotency_key` in the body")
        })?;
        Ok(Self(Some(text.to_owned())))
    }
}

/// Refuses a key where none is looked at: whoever sent it believes that the same request twice makes one job.
pub(crate) fn no_key(headers: &HeaderMap, instead: &str) -> Result<(), Problem> {
    if headers.contains_key(HEADER) {
        return Err(bad(&format!("it is not looked at here; {instead}")));
    }
    Ok(())
}

fn bad(why: &str) -> Problem {
    Problem::bad_request("bad-idempotency-key", "The Idempotency-Key header cannot be used", why)
}
