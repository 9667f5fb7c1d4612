//! An action on many jobs: what it would do, and how far it is.

use crate::{JobAction, JobActionId, JobFilter, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an action would touch, counted beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActionPlan {
    /// Jobs that it touches.
    pub touched: u64,
    /// Jobs that match and that it leaves as they are, by the reason.
    pub left: BTreeMap<String, u64>,
    /// More jobs match than were counted: these are the least that it is about.
    pub at_least: bool,
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ActionState {
    /// It goes on by itself, over restarts too.
    Running,
    /// It has come to its end.
    Done,
    /// A person stopped it.
    Stopped,
}

impl ActionState {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
}

/// An action as it stands. Jobs that came after its start are none of its business.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActionRun {
    /// Its id.
    pub id: JobActionId,
    /// What is done.
    #[serde(flatten)]
    pub action: JobAction,
    /// With which jobs.
    pub filter: JobFilter,
    /// Who wanted it.
    pub by: String,
    /// Where it stands.
    pub state: ActionState,
    /// How many jobs it was to touch, as counted before it began.
    pub planned: u64,
    /// How many it has touched.
    pub touched: u64,
    /// How many it came to and left as they are, by the reason.
    pub left: BTreeMap<String, u64>,
    /// What it waits for now.
    pub waits: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}
