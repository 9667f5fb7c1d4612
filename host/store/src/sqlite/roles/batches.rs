use crate::rules::batches::{end, find, make, state};
use crate::rules::duties::{self, Duty};
use crate::sqlite::SqliteStore;
use crate::{
    BatchBody, BatchCall, BatchEnd, BatchPlace, BatchStore, BatchWish, OpenBatch, Settled, StoreError,
};
use anvil_types::{BatchRecord, BatchState, CallId, GatheredCalls, JobId, Timestamp};
use async_trait::async_trait;

#[async_trait]
impl BatchStore for SqliteStore {
    async fn batch_place(
        &self,
        job: JobId,
        position: u32,
        request_hash: [u8; 32],
    ) -> Result<BatchPlace, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::place(db, upstream, job, position, request_hash)).await
    }

    async fn gathered(&self) -> Result<GatheredCalls, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::gathered(db, upstream)).await
    }

    async fn gathered_prices(&self) -> Result<Vec<String>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::prices(db, upstream)).await
    }

    async fn gathered_by(&self, price_row: &str, most: u32) -> Result<Vec<CallId>, StoreError> {
        let (upstream, price_row) = (self.upstream, price_row.to_owned());
        self.readers.read(move |db| find::of_price(db, upstream, &price_row, most)).await
    }

    async fn make_batch(&self, wish: BatchWish) -> Result<Option<OpenBatch>, StoreError> {
        self.write_alone(move |tx| make::make(tx, &wish)).await
    }

    async fn withdraw_gathered(&self) -> Result<u64, StoreError> {
        self.write_alone(make::withdraw).await
    }

    async fn open_batches(&self) -> Result<Vec<OpenBatch>, StoreError> {
        let (upstream, host) = (self.upstream, self.host);
        let open = move |db: &crate::engine::Db| {
            if duties::is_of(db, upstream, host, Duty::Batches)? {
                find::open(db, upstream)
            } else {
                Ok(Vec::new())
            }
        };
        self.readers.read(open).await
    }

    async fn batches(&self, most: u32) -> Result<Vec<BatchRecord>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::newest(db, upstream, most)).await
    }

    async fn batch_sent(
        &self,
        batch: u64,
        upstream_id: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let id = upstream_id.to_owned();
        self.write(move |tx| state::sent(tx, batch, &id, expires_at)).await
    }

    async fn batch_unsure(&self, batch: u64, to: BatchState) -> Result<(), StoreError> {
        self.write(move |tx| state::unsure(tx, batch, to)).await
    }

    async fn batch_back(&self, batch: u64) -> Result<(), StoreError> {
        self.write_alone(move |tx| state::back(tx, batch)).await
    }

    async fn batch_known(&self, upstream_id: &str) -> Result<bool, StoreError> {
        let (upstream, id) = (self.upstream, upstream_id.to_owned());
        self.readers.read(move |db| state::is_known(db, upstream, &id)).await
    }

    async fn batch_bodies(&self, batch: u64, after: u64, bytes: u64) -> Result<Vec<BatchBody>, StoreError> {
        self.readers.read(move |db| find::bodies(db, batch, after, bytes)).await
    }

    async fn batch_left(&self, batch: u64, after: u64, most: u32) -> Result<Vec<(u64, CallId)>, StoreError> {
        self.readers.read(move |db| find::left(db, batch, after, most)).await
    }

    async fn batch_call(&self, call: CallId) -> Result<Option<BatchCall>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::call(db, upstream, call)).await
    }

    async fn batch_body(&self, call: CallId) -> Result<Option<Vec<u8>>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| find::body(db, upstream, call)).await
    }

    async fn end_batched(&self, ended: BatchEnd) -> Result<Settled, StoreError> {
        self.write(move |tx| end::end(tx, &ended)).await
    }
}
