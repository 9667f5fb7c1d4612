//! What agents keep beyond their jobs, for each agent and upstream.

use crate::{StateStep, StoreError};
use anvil_types::{StateAnswer, StateKey, StatePage, StateSize, StateValue};
use async_trait::async_trait;

/// What agents keep beyond their jobs, for each agent and upstream.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Answers a question of an attempt: what is written and the answer's entry in the journal are one step. The
    /// same question at the same place again is answered from the journal, and nothing is written.
    async fn state_step(&self, step: StateStep) -> Result<StateAnswer, StoreError>;
    /// How much each agent keeps that has kept anything, by name.
    async fn state_sizes(&self) -> Result<Vec<(String, StateSize)>, StoreError>;
    /// How much an agent keeps; none where it never kept anything.
    async fn state_size(&self, agent: &str) -> Result<Option<StateSize>, StoreError>;
    /// Keys of an agent that begin with `prefix`, behind `after`.
    async fn state_page(
        &self,
        agent: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StatePage, StoreError>;
    /// A value of an agent.
    async fn state_value(&self, agent: &str, key: &StateKey) -> Result<Option<StateValue>, StoreError>;
    /// Clears a key of an agent, or all of them; audited. Answers what is gone.
    async fn clear_state(
        &self,
        agent: &str,
        key: Option<&StateKey>,
        by: &str,
    ) -> Result<StateSize, StoreError>;
}
