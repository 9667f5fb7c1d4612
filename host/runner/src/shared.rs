//! What the runner's tasks share, and the handle that its users have.

use crate::live_text::LiveText;
use crate::scaling::Scaling;
use crate::settings::RunnerSettings;
use anvil_gateway::Gateway;
use anvil_sandbox::{CancellationToken, Catalog, Sandbox};
use anvil_store::{NewAlert, ReadyAgent, Store, StoreError};
use anvil_types::words::AlertCause;
use anvil_types::{Clock, JobId, Lease, Supervisor};
use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub lease: Lease,
    pub cancel: CancellationToken,
}

/// What the runner's tasks share.
pub(crate) struct Shared {
    pub settings: Arc<RunnerSettings>,
    pub store: Arc<dyn Store>,
    pub gateway: Gateway,
    pub sandbox: Sandbox,
    pub catalog: Catalog,
    pub clock: Arc<dyn Clock>,
    pub supervisor: Supervisor,
    pub live_text: LiveText,
    pub slots: AtomicU32,
    pub scaling: Mutex<Scaling>,
    /// What the runner's tasks run on.
    pub runtime: Handle,
    /// Whose turn it is to take jobs out for the slots that are free.
    pub claiming: Arc<tokio::sync::Mutex<()>>,
    /// A slot became free.
    pub freed: Notify,
    pub shutdown: CancellationToken,
    pub attempts: Mutex<HashMap<JobId, Running>>,
}

impl Shared {
    pub(crate) fn shutting_down(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, HashMap<JobId, Running>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn running_now(&self) -> u32 {
        u32::try_from(self.running().len()).unwrap_or(u32::MAX)
    }

    /// The leases of the attempts under way.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        self.running().values().map(|run| run.lease).collect()
    }

    /// Tells people of something, once for as long as it lasts.
    pub(crate) async fn raise(&self, cause: &AlertCause<'_>) -> Result<(), StoreError> {
        self.store.raise_alert(NewAlert::of(self.settings.upstream, cause)).await.map(drop)
    }

    pub(crate) fn ready_agents(&self) -> Vec<ReadyAgent> {
        let ready = self.catalog.taking_jobs();
        let ready = ready.iter();
        let warm = self.gateway.warm_agents();
        ready
            .map(|plugin| ReadyAgent {
                name: plugin.info.name.clone(),
                digest: plugin.digest().to_owned(),
                settings: self.settings.agent(&plugin.info.name).values,
                warm: warm.contains(&plugin.info.name),
            })
            .collect()
    }
}

/// The running of jobs. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    pub(crate) shared: Arc<Shared>,
}
