//! Lines that answer lines: of a bulk submission, and of an import. Their members stand in the order of their names.

use crate::Problem;
use anvil_types::{JobId, JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line that answers a line of a bulk submission that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkAnswer {
    /// The job.
    pub id: JobId,
    /// The line that it answers, from 1.
    pub line: u64,
    /// What the line calls itself.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where the job stands.
    pub state: JobState,
    /// 201 where the job is new, 200 where its idempotency key had been used for the same.
    pub status: u16,
}

/// How an imported job came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Came {
    /// As history.
    New,
    /// It was here already.
    Existing,
    /// As a new submission.
    Submitted,
}

/// A line that answers a line of an import that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// How it came in.
    pub came: Came,
    /// The job.
    pub id: JobId,
    /// The line that it answers, from 1.
    pub line: u64,
    /// Where the job stands.
    pub state: JobState,
    /// 201 where the job is new here, else 200.
    pub status: u16,
}

/// A line that answers a line that was refused: what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineProblem {
    /// The line that it answers, from 1.
    pub line: u64,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Problem,
}

/// What a line is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LineAnswer<T> {
    /// It was taken in.
    Taken(T),
    /// It was refused.
    Refused(LineProblem),
}
