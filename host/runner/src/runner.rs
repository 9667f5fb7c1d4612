//! The handle on the running of jobs: what whoever serves people may ask of it.

use crate::live_text::LiveText;
use crate::rehearsal::{self, Past, Rehearsed};
use crate::scaling::Scaling;
use crate::settings::RunnerSettings;
use crate::shared::{Runner, Shared};
use crate::{agents, dispatch, fallen, suspects, versions};
use anvil_api::ScalingStatus;
use anvil_gateway::Gateway;
use anvil_sandbox::{CancellationToken, Catalog, Plugin, Sandbox};
use anvil_store::{Enqueued, Store, StoreError};
use anvil_types::words::HostPart;
use anvil_types::words::ScaleReason;
use anvil_types::{Clock, End, JobId, NewJob, Supervisor, WaitReason};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast};

/// What jobs wait for that a start looks at anew.
const JUDGED_ANEW: [WaitReason; 5] =
    [WaitReason::Pace, WaitReason::Circuit, WaitReason::Money, WaitReason::Holds, WaitReason::Brake];

/// What a runner is made of.
pub struct RunnerParts {
    /// What it goes by.
    pub settings: RunnerSettings,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// The door to Claude.
    pub gateway: Gateway,
    /// Where guests run.
    pub sandbox: Sandbox,
    /// The plugins.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who keeps the host's tasks alive; the runner tells people of those that fall.
    pub supervisor: Supervisor,
}

/// How many attempts run, and may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Attempts under way.
    pub running: u32,
    /// How many may be.
    pub slots: u32,
}

impl Runner {
    /// Starts the tasks that run jobs.
    pub async fn start(parts: RunnerParts) -> Result<Self, StoreError> {
        for agent in parts.store.disabled_agents().await? {
            parts.catalog.set_enabled(&agent, false);
        }
        versions::put_all_in_force(&*parts.store, &parts.catalog).await?;
        let shared = shared(parts).await?;
        let runs = Arc::downgrade(&shared);
        shared.gateway.goes_by(move |agent| {
            let running = runs.upgrade();
            running.is_some_and(|shared| {
                shared.catalog.taking_jobs().iter().any(|plugin| plugin.info.name == agent)
            })
        });
        // What waited in an earlier life is judged anew: what it was told may not be so any more.
        shared.store.resume(&JUDGED_ANEW, None).await?;
        keep(&shared, HostPart::Fallen, fallen::tell);
        keep(&shared, HostPart::Dispatch, dispatch::run);
        keep(&shared, HostPart::Heartbeat, dispatch::heartbeat);
        keep(&shared, HostPart::LoneJobs, suspects::tell);
        keep(&shared, HostPart::Agents, agents::tell);
        Ok(Self { shared })
    }

    /// Takes a job in; where a slot is free, it (or one that is before it) starts in the same step.
    pub async fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError> {
        dispatch::enqueue(&self.shared, job).await
    }

    /// Looks again at what may run: something that jobs wait for has changed, of which no event tells.
    pub fn wake(&self) {
        self.shared.freed.notify_one();
    }

    /// Stops a job's attempt within a tick, where one is under way here. What becomes of the job, the store knows by
    /// then.
    pub fn stop(&self, job: JobId) {
        if let Some(run) = self.shared.running().get(&job) {
            run.cancel.cancel();
        }
    }

    /// How many attempts run, and may run.
    pub fn pool(&self) -> Pool {
        Pool { running: self.shared.running_now(), slots: self.shared.slots.load(Ordering::Relaxed) }
    }

    /// Why there are as many slots as there are, as the scaler has it.
    pub fn scale_reason(&self) -> ScaleReason {
        self.shared.scaling.lock().unwrap_or_else(PoisonError::into_inner).reason()
    }

    /// The same, as it is shown.
    pub fn scaling(&self) -> ScalingStatus {
        self.shared.scaling.lock().unwrap_or_else(PoisonError::into_inner).status()
    }

    /// The text that streams into a job now: what has come so far, and what follows.
    pub fn live_text(&self, job: JobId) -> Option<(String, broadcast::Receiver<String>)> {
        self.shared.live_text.watch(job)
    }

    /// Runs a past job on a plugin against its journal alone: nothing is sent, spent or written.
    pub async fn rehearse(&self, plugin: &Arc<Plugin>, past: &Past<'_>) -> Rehearsed {
        rehearsal::run(&self.shared, plugin, past).await
    }

    /// Cancelled once the host begins to stop.
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shared.shutdown.clone()
    }
}

/// What a runner's tasks share, before any of them runs.
pub(crate) async fn shared(parts: RunnerParts) -> Result<Arc<Shared>, StoreError> {
    let limits = parts.store.limits().await?.limits;
    let slots = limits.agents_min.min(parts.settings.hard_slots).max(1);
    let scaling = Scaling::new(slots, parts.settings.scale_cooldown, parts.clock.now());
    Ok(Arc::new(Shared {
        slots: AtomicU32::new(slots),
        scaling: Mutex::new(scaling),
        runtime: Handle::current(),
        claiming: Arc::default(),
        settings: Arc::new(parts.settings),
        store: parts.store,
        gateway: parts.gateway,
        sandbox: parts.sandbox,
        catalog: parts.catalog,
        clock: parts.clock,
        supervisor: parts.supervisor,
        live_text: LiveText::default(),
        freed: Notify::new(),
        shutdown: CancellationToken::new(),
        attempts: Mutex::default(),
    }))
}

fn keep<T>(shared: &Arc<Shared>, part: HostPart, task: fn(Arc<Shared>) -> T)
where
    T: Future<Output = End> + Send + 'static,
{
    let (supervisor, shared) = (shared.supervisor.clone(), shared.clone());
    supervisor.keep(part.name(), move || task(shared.clone()));
}
