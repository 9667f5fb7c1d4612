//! What the doctor found.

use crate::show::{Table, clean};
use serde_json::{Value, json};

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As it should be.
    Good,
    /// Worth a second look.
    Look,
    /// It keeps the host from its work.
    Wrong,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Wrong => "WRONG",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) about: &'static str,
    pub(super) how: How,
    pub(super) what: String,
}

impl Finding {
    pub(super) fn good(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, how: How::Good, what: what.into() }
    }

    pub(super) fn look(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, how: How::Look, what: what.into() }
    }

    pub(super) fn wrong(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, how: How::Wrong, what: what.into() }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "about": self.about, "state": self.how.name().to_ascii_lowercase(), "what": self.what })
    }
}

/// A line for each.
pub(super) fn table(findings: &[Finding]) -> String {
    let mut table = Table::default();
    for Finding { about, how, what } in findings {
        table.row([how.name().to_owned(), (*about).to_owned(), clean(what)]);
    }
    table.to_string()
}
