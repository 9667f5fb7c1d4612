//! Calls that go out in batches.

use crate::{BatchBody, BatchCall, BatchEnd, BatchPlace, BatchWish, OpenBatch, Settled, StoreError};
use anvil_types::{BatchRecord, BatchState, CallId, GatheredCalls, JobId, Timestamp};
use async_trait::async_trait;

/// Calls that go out in batches. A hold keeps them (`HoldRequest::batch`); what they hold belongs to their batch: it
/// stands over restarts, and counts as no use of the week. One host sends the batches of all.
#[async_trait]
pub trait BatchStore: Send + Sync {
    /// How a place of a job's journal stands with batches.
    async fn batch_place(
        &self,
        job: JobId,
        position: u32,
        request_hash: [u8; 32],
    ) -> Result<BatchPlace, StoreError>;
    /// What waits for a batch to be made.
    async fn gathered(&self) -> Result<GatheredCalls, StoreError>;
    /// The price rows that what waits is held by.
    async fn gathered_prices(&self) -> Result<Vec<String>, StoreError>;
    /// Some of what waits that is held by a price row.
    async fn gathered_by(&self, price_row: &str, most: u32) -> Result<Vec<CallId>, StoreError>;
    /// Makes a batch of what waits, where one is due, nothing is braked, and this host sends them. What waits although its
    /// job has ended is released first. From now on its calls are in it, whether anything of it is sent or not.
    async fn make_batch(&self, wish: BatchWish) -> Result<Option<OpenBatch>, StoreError>;
    /// Releases what waits although its job has ended: some of it. Answers how many.
    async fn withdraw_gathered(&self) -> Result<u64, StoreError>;
    /// The batches that are not over, the oldest first; none where another host sends them.
    async fn open_batches(&self) -> Result<Vec<OpenBatch>, StoreError>;
    /// The newest batches first. What trouble there is with them is noted elsewhere (`BatchNote`).
    async fn batches(&self, most: u32) -> Result<Vec<BatchRecord>, StoreError>;
    /// The upstream has a batch, under this id. False where it is over, or has an id already.
    async fn batch_sent(
        &self,
        batch: u64,
        upstream_id: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<bool, StoreError>;
    /// Nobody knows whether the upstream has a batch that was being sent.
    async fn batch_unsure(&self, batch: u64, state: BatchState) -> Result<(), StoreError>;
    /// It is certain that the upstream has a batch not: its calls wait again.
    async fn batch_back(&self, batch: u64) -> Result<(), StoreError>;
    /// Whether an id of the upstream's is a batch that is known.
    async fn batch_known(&self, upstream_id: &str) -> Result<bool, StoreError>;
    /// The next requests of a batch behind a place: about as many bytes, one request at least; none at its end.
    async fn batch_bodies(&self, batch: u64, after: u64, bytes: u64) -> Result<Vec<BatchBody>, StoreError>;
    /// Calls of a batch that have no end yet, behind a place; each with its own.
    async fn batch_left(&self, batch: u64, after: u64, most: u32) -> Result<Vec<(u64, CallId)>, StoreError>;
    /// A call of a batch that has no end yet.
    async fn batch_call(&self, call: CallId) -> Result<Option<BatchCall>, StoreError>;
    /// The request of such a call.
    async fn batch_body(&self, call: CallId) -> Result<Option<Vec<u8>>, StoreError>;
    /// Ends such a call, in one transaction with its entry in the journal. Its job goes on where it waits for nothing more
    /// in batches.
    async fn end_batched(&self, end: BatchEnd) -> Result<Settled, StoreError>;
}
