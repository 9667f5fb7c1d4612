//! What is common to requests.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A member that is there: null is a value of it, and not its absence.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// JSON that is there, null too.
pub(crate) fn given_json<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    given(deserializer)
}
