//! Lines of a job's log.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How weighty a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the agent's author.
    Debug,
    /// What happens.
    Info,
    /// Something odd.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One line of a job's log. What a guest writes is untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Its place in the job's log, from 1; 0 until it is stored.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// How weighty it is.
    pub level: LogLevel,
    /// `guest` (the log function), `stdout`, `stderr` or `host`.
    pub source: String,
    /// The text, without its line end.
    pub line: String,
}
