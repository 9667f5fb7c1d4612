//! The one error format: `application/problem+json` (RFC 9457) that says what to do.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// One thing that is wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer to the value (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// A payload that misses the schema of its action: what is wrong, field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadMisfit {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

impl PayloadMisfit {
    /// An object in the payload has a name twice.
    pub fn repeated(agent: &str, action: &str, name: &str) -> Self {
        let message =
            format!("an object in it has `{name}` twice, and nobody can tell which of them is meant");
        Self::whole(agent, action, message)
    }

    /// The payload is longer than a value of its agent may be, by this setting.
    pub fn too_long(agent: &str, action: &str, bytes: u64, most: u64, setting: &str) -> Self {
        let message =
            format!("it is {bytes} bytes long, and a value of `{agent}` has {most} at most (`{setting}`)");
        Self::whole(agent, action, message)
    }

    fn whole(agent: &str, action: &str, message: String) -> Self {
        let errors = vec![FieldError { pointer: String::new(), message }];
        Self { agent: agent.to_owned(), action: action.to_owned(), errors }
    }
}

impl fmt::Display for PayloadMisfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agent, action, errors } = self;
        write!(f, "the payload does not match the schema of {agent}/{action}: ")?;
        for (at, error) in errors.iter().enumerate() {
            let (join, place) = (if at > 0 { "; " } else { "" }, error.pointer.as_str());
            let place = if place.is_empty() { "the payload" } else { place };
            write!(f, "{join}{place}: {}", error.message)?;
        }
        Ok(())
    }
}

/// What is wrong and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Problem {
    /// `urn:anvil:problem:` and a word that never changes, as in `queue-full`.
    #[serde(rename = "type")]
    #[schema(required)]
    pub kind: String,
    /// The same for all of its kind.
    #[schema(required)]
    pub title: String,
    /// The HTTP status.
    #[schema(required)]
    pub status: u16,
    /// A sentence for this one.
    #[schema(required)]
    pub detail: String,
    /// Each thing that is wrong with the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What there is, where something was named that there is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// The name that comes nearest to one that there is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// After how many seconds another try is worth it.
    #[serde(rename = "retry_after_s", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// What the `type` of every problem begins with.
    pub const KIND: &str = "urn:anvil:problem:";
}
