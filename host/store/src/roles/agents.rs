//! Agents: what their attempts use.

use crate::{AttemptNote, StoreError};
use anvil_types::AgentUse;
use async_trait::async_trait;

/// Agents: what their attempts use.
#[async_trait]
pub trait AgentStore: Send + Sync {
    /// Adds what a run of an attempt has used, to its attempt and to its agent. To be called once for each run, before
    /// or after its end is written.
    async fn note_run(&self, note: AttemptNote) -> Result<(), StoreError>;
    /// What the attempts of each agent have used, by name.
    async fn agent_uses(&self) -> Result<Vec<AgentUse>, StoreError>;
}
