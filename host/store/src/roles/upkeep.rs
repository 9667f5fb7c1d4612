//! Upkeep: what time alone changes, what is put away, and the beginning and the end of a life of the host.

use crate::{Pruned, Recovered, Retention, StoreError, Wiped};
use async_trait::async_trait;

/// Upkeep: what time alone changes, what is put away, and the beginning and the end of a life of the host.
#[async_trait]
pub trait UpkeepStore: Send + Sync {
    /// Looks at what time alone changes: causes of the brake that end, alerts whose window began anew, the
    /// wall's clock. To be called every second or so; does its work once a minute.
    async fn look(&self) -> Result<(), StoreError>;
    /// Takes out what is older, or more, than is kept: one batch, a few milliseconds long. The ledger and
    /// its sums stay, and so does what something unfinished needs.
    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError>;
    /// Wipes what is simulated: jobs, ledger, limits, prices, time, and all that was told and learnt; audited.
    /// What is live is never touched. Refused while this host asks the simulator and something runs.
    async fn wipe_simulated(&self, by: &str) -> Result<Wiped, StoreError>;
    /// Keeps a small note under a key, in place of an earlier one: what is learnt, and cheap to lose.
    async fn remember(&self, key: &str, note: &str) -> Result<(), StoreError>;
    /// The note that was kept under a key.
    async fn recall(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// What people are to know of what is in force since the start, a sentence each: limits and prices that are
    /// not as they were set, an older copy of the ledger in this one's place.
    fn told_at_start(&self) -> Vec<String>;
    /// Why nothing could be written when that was last tried, where the disk with the data folder is full or fails.
    fn disk_trouble(&self) -> Option<String>;
    /// What the start found of the host's earlier lives. Done by the store as it opens, before
    /// anything else.
    fn recovered(&self) -> Recovered;
    /// Ends the writer after all that is queued is durable.
    async fn close(&self);
}
