//! What is asked.

use crate::Json;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One of the answers that a question offers; untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QuestionChoice {
    /// What the answer is.
    pub value: String,
    /// What people read; the value where there is none.
    pub label: Option<String>,
}

impl QuestionChoice {
    /// What people read.
    pub fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.value)
    }
}

/// What is asked, as whoever asks has it; untrusted text. Whoever asks just this again asks the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QuestionText {
    /// The question itself: plain text.
    pub prompt: String,
    /// What it takes to answer it: Markdown, of which HTML, links and pictures are shown as text.
    pub details: Option<String>,
    /// The answers that are offered.
    pub choices: Vec<QuestionChoice>,
    /// JSON Schema of a free answer. With choices as well, the answer is one of their values or matches it; with
    /// neither, the answer is a text.
    #[cfg_attr(feature = "schema", schema(value_type = Json))]
    pub schema: Option<Json>,
    /// How long the answer is waited for, in milliseconds.
    pub time_limit_ms: Option<u64>,
    /// What counts as the answer when the time is over.
    #[cfg_attr(feature = "schema", schema(value_type = Json))]
    pub default: Option<Json>,
    /// Named values that no host knows yet, as JSON texts: they tell one question from another, and nothing more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub extras: Vec<(String, String)>,
}

impl QuestionText {
    /// How long the answer is waited for.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit_ms.map(Duration::from_millis)
    }

    /// Whether the answer is a text of its own: neither one that is offered nor one that a schema describes.
    pub fn is_free_text(&self) -> bool {
        self.choices.is_empty() && self.schema.is_none()
    }
}
