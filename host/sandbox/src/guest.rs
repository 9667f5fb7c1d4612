//! What a store holds for its guest.

use crate::door::{Door, OpenDoor};
use crate::limiter::{Limiter, Single};
use crate::log::JobLog;
use crate::output::Output;
use crate::{AttemptLimits, HandedOver, wasi};
use anvil_types::ArtifactName;
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// One guest's side of the host: its way out, its world, and what it has used of its limits.
pub(crate) struct Guest {
    pub(crate) limits: AttemptLimits,
    pub(crate) limiter: Limiter,
    pub(crate) log: Arc<JobLog>,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
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
    door: Door,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Guest {
    /// A guest that has not run yet.
    pub(crate) fn new(door: Door, limits: AttemptLimits, single: Single) -> Self {
        let host = match &door {
            Door::Open(door) => Some(Arc::clone(&door.host)),
            Door::Shut => None,
        };
        let log = Arc::new(JobLog::new(host.clone(), &limits));
        let (wasi, stdout, stderr) = wasi::empty_world(host.as_ref(), &log);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let limiter = Limiter::new(limits, single);
        let handed_over = host.as_ref().map(|host| host.handed_over()).unwrap_or_default();
        Self {
            limits,
            limiter,
            log,
            stdout,
            stderr,
            handed_over,
            digests: HashMap::new(),
            parent_files: 0,
            input_files: 0,
            asked_people: 0,
            door,
            wasi,
            table,
        }
    }

    /// The job's host, for `function`.
    pub(crate) fn door(&self, function: &str) -> wasmtime::Result<OpenDoor> {
        self.door.open(function)
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Drop for Guest {
    // However an attempt ends: what it wrote last is in its log, and what was dropped is counted there.
    fn drop(&mut self) {
        self.stdout.finish();
        self.stderr.finish();
        self.log.close();
    }
}
