//! The files that a job was submitted with.

use anvil_store::{Store, StoreError};
use anvil_types::words::GuestRefusal;
use anvil_types::{InputInfo, Job, JobId, clip};
use std::sync::Arc;

/// The files of a job, and a way to their bytes. They never change, so every run of the job sees the same, and no
/// journal needs to have them.
#[derive(Clone)]
pub(crate) struct Inputs {
    job: JobId,
    files: Arc<[InputInfo]>,
    store: Arc<dyn Store>,
}

impl Inputs {
    /// Those of a job.
    pub(crate) fn of(job: &Job, store: &Arc<dyn Store>) -> Self {
        Self { job: job.id, files: job.inputs.as_slice().into(), store: store.clone() }
    }

    /// What is told of them.
    pub(crate) fn all(&self) -> Arc<[InputInfo]> {
        self.files.clone()
    }

    /// One of them, or why there is none.
    pub(crate) async fn read(&self, name: &str) -> Result<Result<Vec<u8>, String>, StoreError> {
        let missing = || Ok(Err(GuestRefusal::NoInput { name: clip(name) }.to_string()));
        let Some(file) = self.files.iter().find(|file| file.name.as_str() == name) else { return missing() };
        match self.store.input(self.job, &file.name).await? {
            Some((_, bytes)) => Ok(Ok(bytes)),
            None => missing(),
        }
    }
}
