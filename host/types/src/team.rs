//! Work that a job has other agents do: tasks, their answers, and the tree of jobs that they make.
//!
//! A job that has others do tasks *leads* the jobs that do them; the one that nobody leads is the tree's *root*.

use crate::words::TeamRefusal;
use crate::{ArtifactInfo, JobId, JobState, Json, Nanodollars};
use serde::{Deserialize, Serialize};

/// The most jobs of a tree, its root included.
pub const MOST_IN_TREE: u32 = 64;
/// The most jobs on a path through a tree, its root included.
pub const DEEPEST_TREE: u32 = 4;

/// What an agent asks another to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamTask {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// The most that it may spend, where the task says so.
    pub max_cost: Option<Nanodollars>,
}

/// A task that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamDone {
    /// The job that did it.
    pub job: JobId,
    /// Its agent.
    pub agent: String,
    /// Its result, JSON: as a text, since it may be nested as deep as what is read may be.
    pub result: String,
    /// Its files.
    pub artifacts: Vec<ArtifactInfo>,
    /// What it cost, with all that it led itself.
    pub cost: Nanodollars,
}

/// Why a task was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamFailure {
    /// A word of an open vocabulary.
    pub kind: String,
    /// For people.
    pub message: String,
    /// The job, where one was made.
    pub job: Option<JobId>,
    /// More: the name, and JSON.
    pub extras: Vec<(String, String)>,
}

/// What a task is answered.
pub type TeamAnswer = Result<TeamDone, TeamFailure>;

impl TeamFailure {
    /// For this reason; `job`: the job, where one was made.
    pub fn of(refusal: &TeamRefusal<'_>, job: Option<JobId>) -> Self {
        Self {
            kind: refusal.kind().to_owned(),
            message: refusal.to_string(),
            job,
            extras: refusal.extras().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// A job of a tree, with the money of its branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Branch {
    /// The job.
    pub id: JobId,
    /// The job that it is done for; none of the root.
    pub lead: Option<JobId>,
    /// How many jobs stand above it.
    pub depth: u32,
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// Where it stands.
    pub state: JobState,
    /// Settled and unknown cost of its own calls.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
    /// The same of all jobs below it.
    #[serde(rename = "below_usd")]
    pub below: Nanodollars,
    /// Held by calls of its own that are under way.
    #[serde(rename = "held_usd")]
    pub held: Nanodollars,
    /// The most that it may spend, with all below it.
    #[serde(rename = "max_cost_usd")]
    pub max_cost: Nanodollars,
}
