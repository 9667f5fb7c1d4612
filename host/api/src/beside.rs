//! Answers that are one thing and something beside it, in one object.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The same object read as two things. `flatten` cannot: what it holds in between has no JSON as it came, and
/// payloads stay as they came.
pub(crate) fn two<'de, D: Deserializer<'de>, A: DeserializeOwned, B: DeserializeOwned>(
    deserializer: D,
) -> Result<(A, B), D::Error> {
    let text = Box::<RawValue>::deserialize(deserializer)?;
    let read = || Ok((serde_json::from_str(text.get())?, serde_json::from_str(text.get())?));
    read().map_err(|error: serde_json::Error| D::Error::custom(error))
}
