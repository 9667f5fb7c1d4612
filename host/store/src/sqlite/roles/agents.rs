use crate::rules::agent_use;
use crate::sqlite::SqliteStore;
use crate::{AgentStore, AttemptNote, StoreError};
use anvil_types::AgentUse;
use async_trait::async_trait;

#[async_trait]
impl AgentStore for SqliteStore {
    async fn note_run(&self, note: AttemptNote) -> Result<(), StoreError> {
        self.write(move |tx| agent_use::note(tx, &note)).await
    }

    async fn agent_uses(&self) -> Result<Vec<AgentUse>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| agent_use::all(db, upstream)).await
    }
}
