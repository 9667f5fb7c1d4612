//! Agents: what their attempts use, and which of their versions are set aside.

use crate::{AttemptNote, StoreError};
use anvil_types::{AgentUse, AsideVersion};
use async_trait::async_trait;

/// Agents: what their attempts use, and which of their versions are set aside.
#[async_trait]
pub trait AgentStore: Send + Sync {
    /// Adds what a run of an attempt has used, to its attempt and to its agent. To be called once for each run, before
    /// or after its end is written. Where it broke on its version once too often, that is set aside, with an alert and
    /// in the audit log; then it is answered.
    async fn note_run(&self, note: AttemptNote) -> Result<Option<AsideVersion>, StoreError>;
    /// What the attempts of each agent have used, by name.
    async fn agent_uses(&self) -> Result<Vec<AgentUse>, StoreError>;
    /// The versions that are set aside for this host's upstream.
    async fn versions_aside(&self) -> Result<Vec<AsideVersion>, StoreError>;
    /// Sets a version aside, and puts another in force in its place, until [`AgentStore::roll_forward`] or
    /// [`AgentStore::version_came`]; audited. Refused where the other is in quarantine.
    async fn roll_back(&self, agent: &str, from: &str, to: &str, by: &str) -> Result<(), StoreError>;
    /// Ends all that [`AgentStore::roll_back`] did for an agent; audited. Answers whether there was anything.
    async fn roll_forward(&self, agent: &str, by: &str) -> Result<bool, StoreError>;
    /// Ends the quarantine of all versions of an agent; audited. Answers whether there was any.
    async fn release_versions(&self, agent: &str, by: &str) -> Result<bool, StoreError>;
    /// The file of an agent has the version of this digest: where it is another than those that people went back
    /// from, that is over. Answers whether anything changed.
    async fn version_came(&self, agent: &str, digest: &str) -> Result<bool, StoreError>;
    /// Audits that a person put a plugin into the folder (`agent.put`), or removed one (`agent.remove`).
    async fn note_plugin(&self, action: &'static str, detail: &str, by: &str) -> Result<(), StoreError>;
    /// How many unfinished jobs of any upstream go on on each version, by digest.
    async fn jobs_by_version(&self) -> Result<Vec<(String, u64)>, StoreError>;
}
