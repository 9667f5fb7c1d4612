use crate::rules::replies::{find, hit, room};
use crate::sqlite::SqliteStore;
use crate::{ReplyBounds, ReplyFound, ReplyHit, ReplyKey, ReplyStore, StoreError};
use anvil_types::{ReplySize, Timestamp};
use async_trait::async_trait;

#[async_trait]
impl ReplyStore for SqliteStore {
    async fn find_reply(&self, key: ReplyKey, since: Timestamp) -> Result<ReplyFound, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::one(db, upstream, key, since)).await
    }

    async fn hit_reply(&self, hit: ReplyHit) -> Result<bool, StoreError> {
        self.write(move |tx| hit::hit(tx, &hit)).await
    }

    async fn drop_reply(&self, key: ReplyKey) -> Result<(), StoreError> {
        self.write(move |tx| room::take_out(tx, key)).await
    }

    async fn trim_replies(&self, bounds: ReplyBounds) -> Result<bool, StoreError> {
        self.write_alone(move |tx| room::trim(tx, bounds)).await
    }

    async fn replies_size(&self) -> Result<ReplySize, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::size(db, upstream)).await
    }

    async fn replies_sizes(&self) -> Result<Vec<(String, ReplySize)>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::sizes(db, upstream)).await
    }

    async fn purge_replies(&self, agent: Option<&str>, by: &str) -> Result<ReplySize, StoreError> {
        let (agent, by) = (agent.map(str::to_owned), by.to_owned());
        self.write_alone(move |tx| room::purge(tx, agent.as_deref(), &by)).await
    }
}
