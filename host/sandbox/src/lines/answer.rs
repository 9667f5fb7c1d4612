//! What a call comes with where that is nothing, and what it is answered.

use serde::{Deserialize, Serialize};

/// What a program is answered: one key, as in its own lines.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer<T, E> {
    Ok(T),
    Error(E),
}

impl<T, E> From<Result<T, E>> for Answer<T, E> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Ok(value),
            Err(error) => Self::Error(error),
        }
    }
}

/// A call without values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// An answer that cannot fail.
pub(super) fn ok<T>(value: T) -> Answer<T, ()> {
    Answer::Ok(value)
}
