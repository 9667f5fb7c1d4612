//! What a store is opened with.

use anvil_budget::Windows;
use anvil_types::{BootId, Clock, HostId, Limits, UpstreamKind};
use std::path::PathBuf;
use std::sync::Arc;

/// What a store is opened with; all of it is named.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The data folder; made, for its owner alone, where it is missing.
    pub folder: PathBuf,
    /// The clock. [`SqliteStore::ledger_time`](super::SqliteStore::ledger_time) says what it must not be
    /// behind; where it is, the store's own time stands still until it has caught up.
    pub clock: Arc<dyn Clock>,
    /// The limits of the settings; what was changed at run time wins over them.
    pub limits: Limits,
    /// Where windows begin and end.
    pub windows: Windows,
    /// The upstream that this host asks: its day is the one whose brake `Store::brake` tells of. Calls
    /// of another kind have their own brake all the same.
    pub upstream: UpstreamKind,
    /// The id that the host gets where the folder is new; an older folder has one.
    pub new_host: HostId,
    /// This life of the host. Leases and holds of its earlier lives are void.
    pub boot: BootId,
}
