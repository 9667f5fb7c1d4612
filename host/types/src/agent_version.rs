//! Versions of agents: which is in force, which are kept, and why one is set aside.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a version is not in force though its file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AsideCause {
    /// A person went back to an earlier one.
    RolledBack,
    /// So many jobs broke on it that it was set aside.
    Quarantined,
}

impl AsideCause {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled_back",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A version that is set aside until a person ends that, or another file comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideVersion {
    /// Its agent.
    pub agent: String,
    /// Its digest.
    pub digest: String,
    /// The version that is in force in its place; none where there was none.
    pub instead: Option<String>,
    /// Why.
    pub cause: AsideCause,
    /// The same for people.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// The version of an agent's file, while another is in force in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReplacedVersion {
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The file that has it.
    pub file: String,
    /// Why it is not in force.
    pub cause: AsideCause,
    /// The same for people, with what ends it.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// How a kept version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// New jobs run on it.
    InForce,
    /// It can be gone back to.
    Kept,
    /// A person went back from it.
    RolledBack,
    /// It was set aside: so many jobs broke on it.
    Quarantined,
}

impl VersionState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Kept => "kept",
            Self::RolledBack => "rolled_back",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A version that was in force and whose bytes the host has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AgentVersion {
    /// The version, as the plugin says it.
    pub version: String,
    /// The BLAKE3 hash of the file, in hexadecimal.
    pub digest: String,
    /// The file of the plugins folder that it came from when it last came into force.
    pub file: String,
    /// The file's length in bytes.
    pub size: u64,
    /// When it was in force for the first time.
    pub first_seen: Timestamp,
    /// When it last came into force out of its file.
    pub last_seen: Timestamp,
    /// How it stands.
    pub state: VersionState,
    /// Why it is set aside.
    pub reason: Option<String>,
    /// Unfinished jobs that go on on it, of every upstream.
    pub jobs: u64,
}
