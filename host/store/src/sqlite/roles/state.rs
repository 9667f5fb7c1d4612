use crate::rules::state;
use crate::sqlite::SqliteStore;
use crate::{StateStep, StateStore, StoreError};
use anvil_types::{StateAnswer, StateKey, StatePage, StateSize, StateValue};
use async_trait::async_trait;

#[async_trait]
impl StateStore for SqliteStore {
    async fn state_step(&self, step: StateStep) -> Result<StateAnswer, StoreError> {
        self.write(move |tx| state::step(tx, step)).await
    }

    async fn state_sizes(&self) -> Result<Vec<(String, StateSize)>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| state::sizes(db, upstream)).await
    }

    async fn state_size(&self, agent: &str) -> Result<Option<StateSize>, StoreError> {
        let (upstream, agent) = (self.upstream, agent.to_owned());
        self.readers.read(move |db| state::size(db, upstream, &agent)).await
    }

    async fn state_page(
        &self,
        agent: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StatePage, StoreError> {
        let (upstream, agent) = (self.upstream, agent.to_owned());
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.readers.read(move |db| state::page(db, upstream, &agent, &prefix, after.as_deref(), limit)).await
    }

    async fn state_value(&self, agent: &str, key: &StateKey) -> Result<Option<StateValue>, StoreError> {
        let (upstream, agent, key) = (self.upstream, agent.to_owned(), key.clone());
        self.readers.read(move |db| state::value(db, upstream, &agent, &key)).await
    }

    async fn clear_state(
        &self,
        agent: &str,
        key: Option<&StateKey>,
        by: &str,
    ) -> Result<StateSize, StoreError> {
        let (agent, key, by) = (agent.to_owned(), key.cloned(), by.to_owned());
        self.write_alone(move |tx| state::clear(tx, &agent, key.as_ref(), &by)).await
    }
}
