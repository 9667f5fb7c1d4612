//! What a running attempt leaves, fenced by its lease.

use crate::{JournalWrite, StoreError};
use anvil_types::{ArtifactName, Lease, LogLine};
use async_trait::async_trait;

/// What a running attempt leaves, fenced by its lease.
#[async_trait]
pub trait JournalStore: Send + Sync {
    /// Writes an answer that cost nothing into the journal.
    async fn journal(&self, write: JournalWrite) -> Result<(), StoreError>;
    /// Notes that the questions of these positions are asked at once: a retry asks all of them anew. Before they
    /// are asked.
    async fn journal_batch(&self, lease: Lease, first: u32, last: u32) -> Result<(), StoreError>;
    /// Notes that a call of the job waits for pace or money: a crash meanwhile says nothing about the job. Its
    /// next answer ends that.
    async fn note_wait(&self, lease: Lease) -> Result<(), StoreError>;
    /// Puts aside the journal from this position on: the job went another way.
    async fn journal_cut(&self, lease: Lease, from: u32) -> Result<(), StoreError>;
    /// Tells how far the job is.
    async fn progress(&self, lease: Lease, fraction: f64, line: &str) -> Result<(), StoreError>;
    /// Adds lines to the job's log.
    async fn append_log(&self, lease: Lease, lines: Vec<LogLine>) -> Result<(), StoreError>;
    /// Takes a file; one of the same name is replaced.
    async fn put_artifact(
        &self,
        lease: Lease,
        name: ArtifactName,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError>;
}
