//! Tasks that a job hands to other agents: each is a job that this one leads.

use crate::{StoreError, TeamAsk, TeamStep};
use anvil_types::{Branch, JobId, Lease};
use async_trait::async_trait;

/// Tasks that a job hands to other agents.
#[async_trait]
pub trait TeamStore: Send + Sync {
    /// Takes tasks that a running attempt asks for at once. Those that were begun before are found again by their request
    /// and their occurrence; the others are begun as far as the tree has places and the job money, and none of that
    /// stands unless the attempt is parked in the same step. Where all are over or refused, they are answered and
    /// journalled instead. Fenced.
    async fn hand_over(&self, lease: Lease, asks: Vec<TeamAsk>) -> Result<TeamStep, StoreError>;
    /// The requests, with their occurrences, of the tasks that a job has begun.
    async fn begun_tasks(&self, job: JobId) -> Result<Vec<([u8; 32], u32)>, StoreError>;
    /// The jobs of the tree that a job stands in, each before those that it leads; none where it stands alone.
    async fn tree(&self, job: JobId) -> Result<Vec<Branch>, StoreError>;
}
