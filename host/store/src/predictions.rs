//! Predictions that are kept, and the days that they are compared with.

use anvil_budget::WindowSpan;
use anvil_types::{DaySeen, Timestamp};

/// A prediction that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPrediction {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// What was predicted, as JSON.
    pub body: String,
    /// What it says of the jobs that came on its first day, as JSON; none before that was worked out.
    pub day: Option<String>,
    /// What it says of all jobs that came, as JSON; none before that was worked out.
    pub whole: Option<String>,
}

/// How much of a prediction is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictedPart {
    /// Its first day.
    FirstDay,
    /// All of it.
    Whole,
}

/// A day that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptDay {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// What was seen while it went by.
    pub seen: DaySeen,
    /// What its jobs came to, as JSON; none before that was worked out.
    pub facts: Option<String>,
    /// When they came, as JSON; none where that is not kept any more.
    pub arrivals: Option<String>,
}

impl KeptDay {
    /// When it is.
    pub fn span(&self) -> WindowSpan {
        WindowSpan { start: self.start, end: self.end }
    }
}

impl KeptPrediction {
    /// When it is of.
    pub fn span(&self) -> WindowSpan {
        WindowSpan { start: self.start, end: self.end }
    }
}
