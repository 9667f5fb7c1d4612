//! The form of the host's log.

use crate::value::{Raw, Value, quoted};

/// How the host's log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Human,
    /// A JSON object on each line.
    Json,
}

impl LogFormat {
    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl Value for LogFormat {
    const EXPECTED: &'static str = "`human` or `json`";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        [Self::Human, Self::Json].into_iter().find(|format| raw.text() == Some(format.name())).ok_or(None)
    }
    fn show(&self) -> String {
        quoted(self.name())
    }
}
