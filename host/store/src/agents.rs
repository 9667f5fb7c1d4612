//! What is known of agents beyond their jobs.

use anvil_types::{AttemptUse, Lease};
use std::time::Duration;

/// What a run of an attempt has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptNote {
    /// The lease that it ran under.
    pub lease: Lease,
    /// The attempt's number.
    pub attempt: u32,
    /// The agent.
    pub agent: String,
    /// The digest of the plugin that ran.
    pub digest: String,
    /// What it has used.
    pub used: AttemptUse,
    /// That it broke, where that says something against its plugin.
    pub trap: Option<Trap>,
}

/// A run that broke on its plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// By which name.
    pub kind: String,
    /// The plugin's version, as it says it.
    pub version: String,
    /// When a version is set aside.
    pub rule: QuarantineRule,
    /// The version that would be in force in its place.
    pub instead: Option<PriorVersion>,
}

/// A version that is in force in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorVersion {
    /// The version, as the plugin says it.
    pub version: String,
    /// Its digest.
    pub digest: String,
}

/// When a version is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineRule {
    /// As soon as so many runs broke on it; 0: never,
    pub traps: u32,
    /// within this time.
    pub within: Duration,
}
