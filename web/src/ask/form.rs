//! What a form sent.

use crate::problem::Problem;
use anvil_types::Nanodollars;
use axum::extract::{Form as Pairs, FromRequest, Request};
use axum::http::StatusCode;

/// The pairs of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Pairs::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Pairs(pairs)) => Ok(Self(pairs)),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The form is too large",
                "it is larger than max_body_bytes in the settings",
            )),
            Err(error) => Err(Problem::bad_request("bad-form", "The form makes no sense", error.body_text())),
        }
    }
}

impl Form {
    /// A field; empty where it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// A field; none where it is absent, as a checkbox is that is not ticked.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An amount of dollars as people write it, with or without its sign.
pub(crate) fn dollars(text: &str) -> Option<Nanodollars> {
    text.trim_start_matches('$').parse::<f64>().ok().and_then(Nanodollars::from_usd)
}

/// Words by commas or spaces.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty())
}
