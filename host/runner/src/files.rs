//! The files that a job's earlier runs have handed over: a run that begins anew hands over what it did before.

use anvil_sandbox::HandedOver;
use anvil_store::{Store, StoreError};
use anvil_types::{ArtifactInfo, ArtifactName, JobId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Files of earlier runs that this one has not handed over yet.
pub(crate) struct Files {
    left: Mutex<HashMap<ArtifactName, ArtifactInfo>>,
    written: u64,
}

impl Files {
    /// Those of earlier runs; `written`: what this attempt has written of files, in bytes.
    pub(crate) fn new(files: Vec<ArtifactInfo>, written: u64) -> Self {
        let files = files.into_iter().map(|file| (file.name.clone(), file)).collect();
        Self { left: Mutex::new(files), written }
    }

    /// What the guest is told of them.
    pub(crate) fn handed_over(&self) -> HandedOver {
        let files = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        HandedOver {
            files: files.iter().map(|(name, file)| (name.clone(), size(file.size))).collect(),
            written: size(self.written),
        }
    }

    /// Whether an earlier run has stored just this file.
    pub(crate) async fn has(
        &self,
        store: &dyn Store,
        job: JobId,
        name: &ArtifactName,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        let before = self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let is_like = |file: &ArtifactInfo| file.media_type == media_type && file.size == bytes.len() as u64;
        if !before.as_ref().is_some_and(is_like) {
            return Ok(false);
        }
        let stored = store.artifact(job, name).await?;
        Ok(stored.is_some_and(|(file, stored)| is_like(&file) && stored == bytes))
    }
}
