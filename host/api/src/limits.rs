//! Limits: those of the host, and those of one agent or API key.

use anvil_budget::WindowKind;
use anvil_types::{LimitSource, Limits, LimitsPatch, Nanodollars, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Limits by their names.
pub type NamedLimits = BTreeMap<String, Number>;

/// The limits in force and where each comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView<L = Limits> {
    // A client reads them by their names: a newer host may have some that it does not know.
    /// The values.
    #[schema(value_type = Limits)]
    pub limits: L,
    /// Where each comes from, by its name.
    pub sources: BTreeMap<String, LimitSource>,
}

/// The limits of an agent or an API key, and how they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScopeLimitsView {
    /// Whose.
    pub scope: Scope,
    /// The windows that have a limit, the shortest first.
    pub windows: Vec<ScopeWindowStatus>,
}

/// One window of an agent or an API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScopeWindowStatus {
    /// Which.
    pub window: WindowKind,
    /// Settled and unknown.
    pub spent_usd: Nanodollars,
    /// Held by calls under way.
    pub held_usd: Nanodollars,
    /// The part of spent that is unknown.
    pub unknown_usd: Nanodollars,
    /// The limit.
    pub limit_usd: Nanodollars,
    /// What is neither spent nor held of it.
    pub left_usd: Nanodollars,
    /// When it begins anew.
    pub resets_at: Timestamp,
    /// Who set the limit.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// `PUT /limits`: what is changed, and what goes back to what the settings say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitsRequest {
    /// Limits and their new values. Which there are is the host's to say.
    #[serde(flatten)]
    #[schema(value_type = LimitsPatch)]
    pub set: NamedLimits,
    /// The names of limits that go back to what the settings say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset: Vec<String>,
}

/// `PUT /limits/scopes/{scope}`: what is changed, and what is taken away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScopeLimitsRequest {
    /// Limits and their new values.
    #[serde(flatten)]
    #[schema(value_type = anvil_budget::WindowLimits)]
    pub set: NamedLimits,
    /// The names of limits that are taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset: Vec<String>,
}
