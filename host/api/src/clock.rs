//! The host's clock, and what belongs to time.

use anvil_types::{Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The header with the host's time that each answer has: its clock may be driven, or be another machine's.
pub const NOW: &str = "anvil-now";

/// The host's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// The host's time.
    pub now: Timestamp,
    /// How many of its seconds pass in one of the machine's.
    pub rate: f64,
    /// Whether it can be driven.
    pub driven: bool,
    /// What the machine's clock says; none where the host's is driven.
    pub wall: Option<Timestamp>,
}

/// That the ledger's time is set back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetBack {
    /// The host's time, until it is restarted.
    pub now: Timestamp,
    /// What the machine's clock says: the ledger's time from the next start on.
    pub wall: Timestamp,
    /// What to do next.
    pub next: String,
}

/// `POST /clock`: drives the simulator's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockRequest {
    /// How many seconds it jumps ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_s: Option<f64>,
    /// How many times as fast as the machine's clock it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// `POST /clock/set-back`: sets the ledger's time back to the machine's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetBackRequest {
    /// Must be true: what was spent at times that were wrong counts in no window then.
    pub confirm: bool,
    /// Why; the audit log keeps it.
    pub reason: String,
}

/// `POST /wipe`: deletes what is simulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WipeRequest {
    /// Must be true.
    pub confirm: bool,
    /// Must be `simulated`: what is live is never wiped.
    pub upstream: UpstreamKind,
}
