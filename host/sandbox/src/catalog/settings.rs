//! How the catalog is built.

use super::KeepRule;
use crate::{AttemptLimits, CompileCommand};
use anvil_types::{Clock, PerAgent, Supervisor};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How the catalog is built. No default: every bound is named.
#[derive(Clone, Debug)]
pub struct CatalogSettings {
    /// The plugins folder, which people put files into. Made if it is missing.
    pub plugins: PathBuf,
    /// The data folder: `compiled/` and `plugins/` below it are the catalog's own.
    pub data: PathBuf,
    /// The largest plugin file, in bytes.
    pub max_file_bytes: u64,
    /// Who compiles: a child process, or this process itself (tests).
    pub compile: CompileCommand,
    /// The longest that one compilation may take.
    pub compile_time: Duration,
    /// The most memory that one compilation may take, in bytes; bounds a child only.
    pub compile_memory_bytes: u64,
    /// The most bytes of compiled code that are kept; what is in force or needed by a job is kept in any case.
    pub compiled_bytes: u64,
    /// How many versions are kept that nothing needs.
    pub keep: KeepRule,
    /// The agents that each may hand work to, to be shown.
    pub may_call: HashMap<String, Vec<String>>,
    /// The longest payload of each agent's jobs.
    pub payloads: PerAgent<PayloadBound>,
    /// Bounds of one `describe`.
    pub describe: AttemptLimits,
    /// The clock that `loaded_at` is read from.
    pub clock: Arc<dyn Clock>,
    /// Who keeps the watch of the folder alive.
    pub supervisor: Supervisor,
}

/// The longest payload of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadBound {
    /// In bytes.
    pub bytes: u64,
    /// The setting that says so.
    pub setting: String,
}

impl Default for PayloadBound {
    /// No bound.
    fn default() -> Self {
        Self { bytes: u64::MAX, setting: String::new() }
    }
}
