use crate::engine::Id;
use crate::reading::tree;
use crate::rules::team::hand_over;
use crate::sqlite::SqliteStore;
use crate::{StoreError, TeamAsk, TeamStep, TeamStore};
use anvil_types::{Branch, JobId, Lease};
use async_trait::async_trait;

#[async_trait]
impl TeamStore for SqliteStore {
    async fn hand_over(&self, lease: Lease, asks: Vec<TeamAsk>) -> Result<TeamStep, StoreError> {
        self.write(move |tx| hand_over::hand_over(tx, lease, &asks)).await
    }

    async fn begun_tasks(&self, job: JobId) -> Result<Vec<([u8; 32], u32)>, StoreError> {
        let read = move |db: &crate::engine::Db| {
            db.all(hand_over::BEGUN, [job.bytes()], |row| {
                Ok((row.get("request_hash")?, row.get("occurrence")?))
            })
        };
        self.readers.read(read).await
    }

    async fn tree(&self, job: JobId) -> Result<Vec<Branch>, StoreError> {
        self.readers.read(move |db| tree::tree(db, job)).await
    }
}
