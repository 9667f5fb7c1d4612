//! What agents keep beyond their jobs.

use crate::parts::ControlParts;
use anvil_api::{StateList, StateUse};
use anvil_store::{Store, StoreError};
use anvil_types::{PerAgent, StateKey, StateSize, StateValue};
use std::sync::Arc;

/// What agents keep beyond their jobs.
pub struct StateControl {
    store: Arc<dyn Store>,
    quotas: PerAgent<StateSize>,
}

impl StateControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), quotas: parts.settings.state.clone() }
    }

    fn beside_quota(&self, agent: &str, kept: StateSize) -> StateUse {
        StateUse { agent: agent.to_owned(), kept, quota: *self.quotas.of(agent) }
    }

    /// What each agent keeps that has kept anything.
    pub async fn all(&self) -> Result<Vec<StateUse>, StoreError> {
        let sizes = self.store.state_sizes().await?;
        Ok(sizes.into_iter().map(|(agent, kept)| self.beside_quota(&agent, kept)).collect())
    }

    /// Keys of an agent that begin with `prefix`, behind `after`; none where it never kept anything.
    pub async fn page(
        &self,
        agent: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<StateList>, StoreError> {
        let Some(kept) = self.store.state_size(agent).await? else { return Ok(None) };
        let page = self.store.state_page(agent, prefix, after, limit).await?;
        let whole = self.beside_quota(agent, kept);
        Ok(Some(StateList { whole, items: page.items, next: page.next }))
    }

    /// What an agent that never kept anything is told of.
    pub fn none_of(&self, agent: &str) -> StateList {
        let whole = self.beside_quota(agent, StateSize::default());
        StateList { whole, items: Vec::new(), next: None }
    }

    /// A value of an agent.
    pub async fn value(&self, agent: &str, key: &StateKey) -> Result<Option<StateValue>, StoreError> {
        self.store.state_value(agent, key).await
    }

    /// Clears all that an agent keeps; none where it never kept anything.
    pub async fn clear(&self, agent: &str, by: &str) -> Result<Option<StateSize>, StoreError> {
        if self.store.state_size(agent).await?.is_none() {
            return Ok(None);
        }
        self.store.clear_state(agent, None, by).await.map(Some)
    }

    /// Clears a key of an agent; none where there is no such key.
    pub async fn clear_key(
        &self,
        agent: &str,
        key: &StateKey,
        by: &str,
    ) -> Result<Option<StateSize>, StoreError> {
        let gone = self.store.clear_state(agent, Some(key), by).await?;
        Ok(Some(gone).filter(|gone| gone.keys > 0))
    }
}
