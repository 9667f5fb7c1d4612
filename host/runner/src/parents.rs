//! What a job gets from those that it comes after.

use anvil_store::{Store, StoreError};
use anvil_types::words::GuestRefusal;
use anvil_types::{Job, JobId, ParentResult, clip};
use std::sync::Arc;

/// The results of a job's parents, and a way to their files. They never change, so every run of the job
/// sees the same.
#[derive(Clone)]
pub(crate) struct Parents {
    results: Arc<[ParentResult]>,
    store: Arc<dyn Store>,
}

impl Parents {
    /// Reads what the parents of a job gave.
    pub(crate) async fn load(store: &Arc<dyn Store>, job: &Job) -> Result<Self, StoreError> {
        let results = if job.after.is_empty() { Vec::new() } else { store.parents(job.id).await? };
        Ok(Self { results: results.into(), store: store.clone() })
    }

    /// The results.
    pub(crate) fn results(&self) -> Arc<[ParentResult]> {
        self.results.clone()
    }

    /// A parent's file, or why there is none.
    pub(crate) async fn artifact(
        &self,
        parent: &str,
        name: &str,
    ) -> Result<Result<Vec<u8>, String>, StoreError> {
        let id = parent.parse().ok().filter(|id| self.results.iter().any(|parent| parent.id == *id));
        let Some(id) = id else {
            return Ok(Err(GuestRefusal::NoParent { parent: clip(parent) }.to_string()));
        };
        self.file(id, name).await
    }

    /// A file of a job whose files the guest may read, or why there is none.
    pub(crate) async fn file(&self, job: JobId, name: &str) -> Result<Result<Vec<u8>, String>, StoreError> {
        let missing = || Ok(Err(GuestRefusal::NoFile { parent: job, name: clip(name) }.to_string()));
        let Ok(name) = name.parse() else { return missing() };
        match self.store.artifact(job, &name).await? {
            Some((_, bytes)) => Ok(Ok(bytes)),
            None => missing(),
        }
    }
}
