//! What a store is opened with.

use crate::QueueShares;
use anvil_budget::{LimitsRule, PriceTable, Windows};
use anvil_types::{BootId, Clock, HostId, Limits, PerAgent, Supervisor, UpstreamKind};
use std::path::PathBuf;
use std::sync::Arc;

/// What a store is opened with; all of it is named.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The data folder; made, for its owner alone, where it is missing.
    pub folder: PathBuf,
    /// A folder of this machine, outside of the data folder, for marks of how far ledgers have come; none where
    /// there is no such place.
    pub marks: Option<PathBuf>,
    /// The clock. [`SqliteStore::ledger_time`](crate::sqlite::SqliteStore::ledger_time) says what it must not be
    /// behind; where it is, the store's own time stands still until it has caught up.
    pub clock: Arc<dyn Clock>,
    /// The limits of the settings; what was changed at run time wins over them.
    pub limits: Limits,
    /// What limits may be at most, those of the settings and those that were changed at run time.
    pub rule: Arc<dyn LimitsRule>,
    /// The prices of the settings.
    pub prices: Arc<PriceTable>,
    /// Where windows begin and end.
    pub windows: Windows,
    /// The upstream that this host asks. What was set, told, learnt and queued for another is left alone, and
    /// so is its time.
    pub upstream: UpstreamKind,
    /// How many attempts a new job has, and as many more one that a person runs again.
    pub max_attempts: PerAgent<u32>,
    /// The shares of the queue that one agent, or one schedule, may fill.
    pub shares: QueueShares,
    /// The id that the host gets where the folder is new; an older folder has one.
    pub new_host: HostId,
    /// This life of the host. Leases and holds of its earlier lives are void.
    pub boot: BootId,
    /// Who is told of its threads where they fall.
    pub supervisor: Supervisor,
}
