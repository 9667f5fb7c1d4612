//! A host's rooms within one command: a store and folders that are gone with it, the gateway, the built-in simulator, and
//! no queue.

use crate::failure::Failure;
use crate::serve::{open_store, parts};
use anvil_gateway::Gateway;
use anvil_runner::{RunnerParts, Trial};
use anvil_sandbox::{Catalog, EngineCount, Plugin, Rejection, Sandbox};
use anvil_settings::{Settings, UpstreamConfig};
use anvil_sim::{Script, Sim, SimConfig, SimHandle};
use anvil_store::Store;
use anvil_types::{Clock, Supervisor, SystemClock, UpstreamKind};
use anyhow::{Context as _, anyhow};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Where plugins are tried. Claude is the simulator, and nobody else: no key is read, and no address but loopback's.
pub(super) struct Stage {
    pub(super) settings: Settings,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) trial: Trial,
    sandbox: Sandbox,
    catalog: Catalog,
    sim: SimHandle,
    folder: TempDir,
}

impl Stage {
    /// Sets it up with these settings: all limits are theirs.
    pub(super) async fn set(settings: Settings, count: EngineCount) -> Result<Self, Failure> {
        let sandbox = Sandbox::new(parts::sandbox(&settings, count), Handle::current());
        Self::with(settings, sandbox.map_err(|error| anyhow!(error))?).await
    }

    async fn with(mut settings: Settings, sandbox: Sandbox) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().context("there is no folder to work in")?;
        settings.data.dir = folder.path().join("data");
        settings.plugins.dir = folder.path().join("plugins");
        std::fs::create_dir_all(&settings.data.dir).context("there is no folder to work in")?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let supervisor = Supervisor::new();
        let prices = Arc::new(parts::prices(&settings)?);
        let kind = UpstreamKind::Simulated;
        let store = open_store(&settings, kind, clock.clone(), prices.clone(), supervisor.clone())?;
        let store: Arc<dyn Store> = Arc::new(store);
        let sim = Sim::start(SimConfig::default()).await.map_err(anyhow::Error::from)?;
        let upstream = UpstreamConfig::simulated(sim.base_url());
        let mut config = parts::gateway(&settings, &upstream, prices, &supervisor);
        // Whoever tries a plugin waits for it.
        config.batches = None;
        let gateway =
            Gateway::start(config, store.clone(), clock.clone()).await.map_err(anyhow::Error::from)?;
        let catalog = Catalog::start(sandbox.clone(), parts::catalog(&settings, clock.clone(), &supervisor)?)
            .map_err(|error| anyhow!(error))?;
        let parts = RunnerParts {
            settings: parts::runner(&settings, kind),
            store: store.clone(),
            gateway,
            sandbox: sandbox.clone(),
            catalog: catalog.clone(),
            clock: clock.clone(),
            supervisor,
        };
        let trial = Trial::new(parts).await.map_err(anyhow::Error::from)?;
        Ok(Self { settings, store, clock, trial, sandbox, catalog, sim, folder })
    }

    /// Another stage with the same settings and guests' threads, where nothing has happened yet.
    pub(super) async fn fresh(&self) -> Result<Self, Failure> {
        Self::with(self.settings.clone(), self.sandbox.clone()).await
    }

    /// Has the simulator give these answers, from the first on.
    pub(super) fn play(&self, script: &Script) {
        self.sim.sim().set_script(script.clone());
    }

    /// The plugin in a file, examined as one of the folder is.
    pub(super) async fn load(&self, file: &Path) -> Result<Arc<Plugin>, Failure> {
        Ok(self.examine(file).await.map_err(|rejection| anyhow!("{} {rejection}", file.display()))?)
    }

    /// The same, or why it is none.
    pub(super) async fn examine(&self, file: &Path) -> Result<Arc<Plugin>, Rejection> {
        self.catalog.examine(file).await
    }

    /// Whether a plugin says the same of itself when it is asked again.
    pub(super) async fn describes_alike(&self, plugin: &Arc<Plugin>) -> Result<(), Rejection> {
        self.catalog.describes(plugin).await
    }

    /// A folder that is gone with the stage.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A file's bytes; of one that is larger than a plugin may be, one more than that.
pub(super) fn bytes(file: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    Ok(read().with_context(|| format!("{} cannot be read", file.display()))?)
}
