//! What jobs wait for, as the host stands now.

use crate::explain::{self, Scene};
use crate::foreign;
use crate::parts::ControlParts;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::{BrakeState, QueueCounts, QueuePause, Store, StoreError, Suspects};
use anvil_types::{AgentInfo, Clock, Job, JobState, UpstreamKind};
use std::sync::Arc;

/// How many jobs of each state are looked at for why nothing runs: those that are first in line.
const FRONT: u32 = 20;

/// Gathers what the answer follows from.
#[derive(Clone)]
pub(crate) struct Waits {
    store: Arc<dyn Store>,
    gateway: Gateway,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    runner: Runner,
    upstream: UpstreamKind,
}

/// What of it stands in the store.
struct Stored<'a> {
    brake: &'a BrakeState,
    pause: Option<&'a QueuePause>,
    suspects: &'a Suspects,
    disk: Option<&'a str>,
}

impl Waits {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            catalog: parts.catalog.clone(),
            clock: parts.clock.clone(),
            runner: parts.runner.clone(),
            upstream: parts.settings.upstream,
        }
    }

    /// Tells each job that waits for what.
    pub(crate) async fn explain(&self, jobs: &mut [Job]) -> Result<(), StoreError> {
        let (brake, pause) = (self.store.brake().await?, self.store.queue_pause().await?);
        let suspects = self.store.suspects().await?;
        let disk = self.store.disk_trouble();
        let stored =
            Stored { brake: &brake, pause: pause.as_ref(), suspects: &suspects, disk: disk.as_deref() };
        self.tell(jobs, &stored);
        Ok(())
    }

    /// Why nothing runs, or why what runs does not get on. While calls are under way something does, and nothing has to
    /// be explained, unless all others wait for it.
    pub(crate) async fn why_idle(
        &self,
        brake: &BrakeState,
        pause: Option<&QueuePause>,
        in_flight: u32,
        counts: &QueueCounts,
    ) -> Result<Option<String>, StoreError> {
        let suspects = self.store.suspects().await?;
        if in_flight > 0 && suspects.running.is_none() {
            return Ok(None);
        }
        let disk = self.store.disk_trouble();
        let stored = Stored { brake, pause, suspects: &suspects, disk: disk.as_deref() };
        let mut waiting = self.store.front(FRONT).await?;
        self.tell(&mut waiting, &stored);
        if waiting.is_empty() && !brake.engaged() {
            return Ok(None);
        }
        let agents = self.catalog.agents();
        let scene = self.scene(&agents, &stored);
        Ok(explain::why_idle(&waiting, counts, &scene).map(|why| why.to_string()))
    }

    fn tell(&self, jobs: &mut [Job], stored: &Stored<'_>) {
        let agents = self.catalog.agents();
        let scene = self.scene(&agents, stored);
        for job in jobs {
            job.waiting_for = match job.state {
                JobState::Running if job.upstream == self.upstream => self.gateway.wait_of(job.id),
                _ => explain::wait(job, &scene),
            };
            job.state = foreign::state(job, self.upstream);
        }
    }

    fn scene<'a>(&self, agents: &'a [AgentInfo], stored: &Stored<'a>) -> Scene<'a> {
        let pool = self.runner.pool();
        Scene {
            agents,
            brake: stored.brake,
            pause: stored.pause,
            suspects: stored.suspects,
            disk: stored.disk,
            upstream: self.upstream,
            slots: pool.slots,
            running: pool.running,
            circuit: self.gateway.report().circuit,
            now: self.clock.now(),
        }
    }
}
