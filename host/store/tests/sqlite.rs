//! The embedded store passes the suite that every store must pass.

use anvil_store::conformance::{Factory, Setup};
use anvil_store::{SqliteOptions, SqliteStore, Store, StoreError};
use anvil_types::{HostId, Timestamp};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    // Syncing is SQLite's own affair; in memory the suite takes seconds instead of minutes.
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self(folder.expect("a folder"))
    }
}

#[async_trait]
impl Factory for Folder {
    async fn open(&self, setup: Setup) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.options(setup)).expect("the store opens"))
    }

    async fn open_beside(&self, setup: Setup, host: HostId) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(SqliteStore::open_beside(self.options(setup), host)?))
    }

    fn fresh(&self) -> Box<dyn Factory> {
        Box::new(Self::new())
    }
}

impl Folder {
    fn options(&self, setup: Setup) -> SqliteOptions {
        SqliteOptions {
            supervisor: anvil_types::Supervisor::new(),
            marks: None,
            rule: setup.rule,
            prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
            folder: self.0.path().to_owned(),
            clock: setup.clock,
            limits: setup.limits,
            windows: setup.windows,
            upstream: setup.upstream,
            max_attempts: anvil_types::PerAgent::same(3),
            shares: anvil_store::QueueShares::default(),
            new_host: HostId::new(Timestamp::from_secs(1), 7),
            boot: setup.boot,
        }
    }
}

anvil_store::conformance!(Folder::new());
