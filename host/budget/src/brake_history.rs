//! What the brake did.

use anvil_types::{BrakeCauseKind, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};

/// Whether a cause of the brake came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BrakeMove {
    /// It came.
    Engaged,
    /// It went.
    Released,
}

/// A line of the brake's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BrakeEntry {
    /// When.
    pub at: Timestamp,
    /// Whether the cause came or went.
    pub change: BrakeMove,
    /// The cause.
    pub kind: BrakeCauseKind,
    /// The upstream whose day it is; none for a cause that stops every one.
    pub upstream: Option<UpstreamKind>,
    /// A sentence for people.
    pub reason: String,
    /// Who, where a person did it.
    pub by: Option<String>,
}

/// What the brake did, and whether the day may engage it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BrakeHistory {
    /// What happened, the newest first.
    pub history: Vec<BrakeEntry>,
    /// Until when a person has muted the day's own cause.
    pub muted_until: Option<Timestamp>,
}
