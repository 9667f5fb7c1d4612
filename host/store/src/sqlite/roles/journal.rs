use crate::rules::jobs::{artifacts, journal, logs};
use crate::sqlite::SqliteStore;
use crate::{JournalStore, JournalWrite, StoreError};
use anvil_types::{ArtifactName, Lease, LogLine};
use async_trait::async_trait;

#[async_trait]
impl JournalStore for SqliteStore {
    async fn journal(&self, write: JournalWrite) -> Result<(), StoreError> {
        self.write(move |tx| journal::write(tx, &write)).await
    }

    async fn journal_batch(&self, lease: Lease, first: u32, last: u32) -> Result<(), StoreError> {
        self.write(move |tx| journal::batch(tx, lease, first, last)).await
    }

    async fn note_wait(&self, lease: Lease) -> Result<(), StoreError> {
        self.write(move |tx| journal::note_wait(tx, lease)).await
    }

    async fn journal_cut(&self, lease: Lease, from: u32) -> Result<(), StoreError> {
        self.write(move |tx| journal::cut(tx, lease, from)).await
    }

    async fn progress(&self, lease: Lease, fraction: f64, line: &str) -> Result<(), StoreError> {
        let line = line.to_owned();
        self.write(move |tx| logs::progress(tx, lease, fraction, &line)).await
    }

    async fn append_log(&self, lease: Lease, lines: Vec<LogLine>) -> Result<(), StoreError> {
        self.write(move |tx| logs::append(tx, lease, &lines)).await
    }

    async fn put_artifact(
        &self,
        lease: Lease,
        name: ArtifactName,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write_alone(move |tx| artifacts::put(tx, lease, &name, &media_type, &bytes)).await
    }
}
