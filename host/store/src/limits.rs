//! The limits in force and the brake.

use anvil_budget::{BrakeCause, WindowKind};
use anvil_types::{Limits, LimitsPatch, Nanodollars, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// The limits in force.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitsInForce {
    /// The values.
    pub limits: Limits,
    /// What was changed at run time; wins over the settings until it is reset.
    pub changed: LimitsPatch,
    /// Who changed a limit at run time and when, by the limit's name.
    pub changes: Vec<(String, String, Timestamp)>,
    /// Limits that are not in force as they were set, since nothing may be above the settings' hard limits.
    pub cuts: Vec<LimitCut>,
}

/// A limit that is cut down to what the hard limits allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitCut {
    /// Its name.
    pub name: String,
    /// What it was set to, for people.
    pub wanted: String,
    /// What is in force, for people.
    pub limit: String,
}

impl std::fmt::Display for LimitCut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} was set to {}, which the settings now in force do not allow: it is cut down to {}",
            self.name, self.wanted, self.limit
        )
    }
}

/// A limit of one agent or API key, set at run time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeLimit {
    /// Whose.
    pub scope: Scope,
    /// For which window.
    pub window: WindowKind,
    /// How much.
    #[serde(rename = "limit_usd")]
    pub limit: Nanodollars,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A price that a person set at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceChange {
    /// The price.
    pub price: anvil_budget::NewPrice,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The brake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeState {
    /// Its causes; engaged while there is one.
    pub causes: Vec<BrakeCause>,
}

impl BrakeState {
    /// Whether no new call may go out.
    pub fn engaged(&self) -> bool {
        !self.causes.is_empty()
    }
}
