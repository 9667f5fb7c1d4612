use crate::rules::{agent_use, agents, audit, versions};
use crate::sqlite::SqliteStore;
use crate::{AgentStore, AttemptNote, StoreError};
use anvil_types::{AgentUse, AsideVersion};
use async_trait::async_trait;

#[async_trait]
impl AgentStore for SqliteStore {
    async fn note_run(&self, note: AttemptNote) -> Result<Option<AsideVersion>, StoreError> {
        self.write(move |tx| agent_use::note(tx, &note)).await
    }

    async fn agent_uses(&self) -> Result<Vec<AgentUse>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| agent_use::all(db, upstream)).await
    }

    async fn versions_aside(&self) -> Result<Vec<AsideVersion>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| versions::all(db, upstream)).await
    }

    async fn roll_back(&self, agent: &str, from: &str, to: &str, by: &str) -> Result<(), StoreError> {
        let [agent, from, to, by] = [agent, from, to, by].map(str::to_owned);
        self.write(move |tx| versions::roll_back(tx, &agent, &from, &to, &by)).await
    }

    async fn roll_forward(&self, agent: &str, by: &str) -> Result<bool, StoreError> {
        let [agent, by] = [agent, by].map(str::to_owned);
        self.write(move |tx| versions::forward(tx, &agent, &by)).await
    }

    async fn release_versions(&self, agent: &str, by: &str) -> Result<bool, StoreError> {
        let [agent, by] = [agent, by].map(str::to_owned);
        self.write(move |tx| versions::release(tx, &agent, &by)).await
    }

    async fn version_came(&self, agent: &str, digest: &str) -> Result<bool, StoreError> {
        let [agent, digest] = [agent, digest].map(str::to_owned);
        self.write(move |tx| versions::came(tx, &agent, &digest)).await
    }

    async fn note_plugin(&self, action: &'static str, detail: &str, by: &str) -> Result<(), StoreError> {
        let [detail, by] = [detail, by].map(str::to_owned);
        self.write(move |tx| audit::note(tx, &by, action, &detail)).await
    }

    async fn jobs_by_version(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.readers.read(agents::jobs_by_version).await
    }
}
