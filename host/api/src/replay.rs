//! A past job run once more against its journal.

use anvil_types::{JobError, JobId, JournalKind, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a replay went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// The job.
    pub job: JobId,
    /// The digest of the version that the job ran on.
    pub ran_on: String,
    /// The digest of the version that was replayed.
    pub replayed_on: String,
    /// The version that the replayed one says it is.
    pub version: String,
    /// Answers in the job's journal.
    pub answers: u32,
    /// How many of them the replay asked for.
    pub asked_for: u32,
    /// Where it asked for something else, or for less; the first ends the replay, since a live call is refused.
    pub differences: Vec<Difference>,
    /// Whether it came to the same end as the job; not known where it was stopped at a difference.
    pub same_end: Option<bool>,
    /// Its result, where it came to one.
    #[schema(value_type = Json)]
    pub result: Option<Json>,
    /// Why it failed, where it did.
    pub error: Option<JobError>,
}

impl Replayed {
    /// Whether nothing at all differs.
    pub fn is_the_same(&self) -> bool {
        self.differences.is_empty() && self.same_end == Some(true)
    }
}

/// A place at which a replay and the job part ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The place in the journal, from 0.
    pub position: u32,
    /// What was asked then; none where the journal has nothing there.
    pub then: Option<Question>,
    /// What is asked now; none where nothing is.
    pub now: Option<Question>,
}

/// What a guest asks at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// Of which kind.
    pub kind: JournalKind,
    /// The request to Claude, or the task for another agent; none for other kinds, and where the version that asked is not kept any more: the journal
    /// has no more than a hash of it.
    #[schema(value_type = Json)]
    pub request: Option<Json>,
}
