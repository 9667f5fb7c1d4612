//! Agents as the rest of the house sees them.

use crate::{Effort, Json, ReplacedVersion, Tier, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// Whether an agent can take jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    /// It takes jobs.
    Ready,
    /// A person switched it off; its jobs wait.
    Disabled,
    /// The file is no agent; `reason` says why.
    Rejected,
    /// So many jobs broke on it that it was set aside, and no earlier version is kept; its jobs wait.
    Quarantined,
    /// Its file is gone; its jobs wait.
    Retired,
    /// Another file has a newer version of the same agent.
    Shadowed,
    /// Its code is being compiled, or waits for that. An agent known from before takes jobs: they wait.
    Compiling,
    /// The host could not load it, by no fault of the file's; it is tried again. `reason` says why.
    Delayed,
}

impl AgentState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Disabled => "disabled",
            Self::Rejected => "rejected",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
            Self::Shadowed => "shadowed",
            Self::Compiling => "compiling",
            Self::Delayed => "delayed",
        }
    }

    /// Whether its jobs run.
    pub fn takes_jobs(self) -> bool {
        self == Self::Ready
    }

    /// Whether jobs may be submitted for it; they run when it is ready.
    pub fn is_known(self) -> bool {
        match self {
            Self::Ready | Self::Disabled | Self::Retired => true,
            Self::Compiling | Self::Delayed | Self::Quarantined => true,
            Self::Rejected | Self::Shadowed => false,
        }
    }
}

/// One thing that an agent can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActionInfo {
    /// Its name.
    pub name: String,
    /// One sentence; untrusted text.
    pub summary: String,
    /// JSON Schema of the payload.
    pub input_schema: Json,
    /// JSON Schema of the result.
    pub output_schema: Json,
}

/// What an agent can do. Shared: a copy costs nothing, however much an agent says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions(Arc<[ActionInfo]>);

impl Deref for Actions {
    type Target = [ActionInfo];
    fn deref(&self) -> &[ActionInfo] {
        &self.0
    }
}

impl From<Vec<ActionInfo>> for Actions {
    fn from(actions: Vec<ActionInfo>) -> Self {
        Self(actions.into())
    }
}

impl FromIterator<ActionInfo> for Actions {
    fn from_iter<T: IntoIterator<Item = ActionInfo>>(actions: T) -> Self {
        Self(actions.into_iter().collect())
    }
}

impl Serialize for Actions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

/// One plugin file and what it says of itself. All texts are untrusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AgentInfo {
    /// The agent's name; the file's where the file is no agent.
    pub name: String,
    /// Its version; empty where the file is no agent.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// The file's name in the plugins folder; of a kept version in place of its file's, the file that it came from.
    pub file: String,
    /// The file's BLAKE3 hash in hexadecimal; empty while it could not be read.
    pub digest: String,
    /// The file's length in bytes.
    pub size: u64,
    /// Whether it takes jobs.
    pub state: AgentState,
    /// Why it does not.
    pub reason: Option<String>,
    /// What it can do.
    pub actions: Actions,
    /// Downgrades stop at this tier.
    pub model_floor: Option<Tier>,
    /// The effort of requests that do not say.
    pub effort: Effort,
    /// The longest an attempt may take, in seconds, where the agent says.
    pub time_limit_s: Option<u64>,
    /// Whether it has Claude use tools until a task is done.
    #[serde(default)]
    pub tool_loop: bool,
    /// The agents that it may hand work to, by the host's settings.
    #[serde(default)]
    pub may_call: Vec<String>,
    /// When this version came into force.
    pub loaded_at: Timestamp,
    /// The version of its file, where this one is in force in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<ReplacedVersion>,
}
