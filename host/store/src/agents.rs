//! What is known of agents beyond their jobs.

use anvil_types::{AttemptUse, Lease};

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
}
