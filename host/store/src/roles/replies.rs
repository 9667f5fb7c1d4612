//! Replies that are kept to answer the same question again.

use crate::{ReplyBounds, ReplyFound, ReplyHit, ReplyKey, StoreError};
use anvil_types::{ReplySize, Timestamp};
use async_trait::async_trait;

/// Replies that are kept to answer the same question again. A settlement keeps them (`Settlement::keep`).
#[async_trait]
pub trait ReplyStore: Send + Sync {
    /// The reply of a key, where it was kept since this time.
    async fn find_reply(&self, key: ReplyKey, since: Timestamp) -> Result<ReplyFound, StoreError>;
    /// Answers a job's call by a kept reply: its entry in the ledger, what it saved, and its entry in the journal, in
    /// one transaction that the lease fences. False where the reply is not there any more; then nothing is written.
    async fn hit_reply(&self, hit: ReplyHit) -> Result<bool, StoreError>;
    /// Takes the reply of a key out: it is damaged.
    async fn drop_reply(&self, key: ReplyKey) -> Result<(), StoreError>;
    /// Takes out what is too old, and what is beyond the bounds: one batch. Answers whether there may be more.
    async fn trim_replies(&self, bounds: ReplyBounds) -> Result<bool, StoreError>;
    /// How many are kept, and how large they are together.
    async fn replies_size(&self) -> Result<ReplySize, StoreError>;
    /// The same by the agent that paid for them, in the order of their names.
    async fn replies_sizes(&self) -> Result<Vec<(String, ReplySize)>, StoreError>;
    /// Purges them: all, or those that an agent paid for; audited. Answers what is gone.
    async fn purge_replies(&self, agent: Option<&str>, by: &str) -> Result<ReplySize, StoreError>;
}
