//! What a guest asks with: its way out, and what it has used of its limits there.

use crate::door::{Door, OpenDoor};
use crate::log::JobLog;
use crate::{AttemptLimits, HandedOver};
use anvil_types::ArtifactName;
use std::collections::HashMap;
use std::sync::Arc;

/// One guest's side of the host's functions, however it calls them.
pub(crate) struct Guest {
    pub(crate) limits: AttemptLimits,
    pub(crate) log: Arc<JobLog>,
    /// What the job has handed over, in all of its attempts.
    pub(crate) handed_over: HandedOver,
    /// What stands in the files that it has handed over in this run, with their media types.
    pub(crate) digests: HashMap<ArtifactName, blake3::Hash>,
    /// How many files of its parents it has read.
    pub(crate) parent_files: u32,
    /// Files of its own job that it has read so far.
    pub(crate) input_files: u32,
    /// How often it has asked people.
    pub(crate) asked_people: u32,
    /// How many files of its tasks it has read.
    pub(crate) task_files: u32,
    door: Door,
}

impl Guest {
    /// A guest that has not asked anything yet.
    pub(crate) fn new(door: Door, limits: AttemptLimits, log: Arc<JobLog>) -> Self {
        let handed_over = door.host().map(|host| host.handed_over()).unwrap_or_default();
        Self {
            limits,
            log,
            handed_over,
            digests: HashMap::new(),
            parent_files: 0,
            input_files: 0,
            asked_people: 0,
            task_files: 0,
            door,
        }
    }

    /// The job's host, for `function`.
    pub(crate) fn door(&self, function: &str) -> wasmtime::Result<OpenDoor> {
        self.door.open(function)
    }
}
