//! The sandbox: runs attempts of plugins.

use crate::ahead::Stock;
use crate::attempt;
use crate::door::{Door, OpenDoor};
use crate::end::BreachKind;
use crate::gauge::Gauge;
use crate::lanes::{Course, CpuMeter, Credit, Lanes, Outcome, Standing};
use crate::wall::WallMeter;
use crate::world::Seat;
use crate::{
    AttemptEnd, AttemptLimits, Breach, CancellationToken, EngineCount, EngineSettings, JobHost, Plugin,
    SandboxEngine, SandboxError, Stop,
};
use anvil_types::{AttemptUse, Json};
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::Handle;

/// How the sandbox is built. No default: every size is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxSettings {
    /// The engine's sizes.
    pub engine: EngineSettings,
    /// Threads of each of the two lanes that guests run on; see [`SandboxSettings::guest_threads`].
    pub guest_threads: usize,
}

impl SandboxSettings {
    /// One processor less than the machine has, at least one: the panel and the gateway keep one.
    pub fn guest_threads() -> usize {
        std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
    }
}

/// Runs guests, each attempt in a fresh store, on threads of their own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sandbox {
    engine: SandboxEngine,
    lanes: Arc<Lanes>,
    stock: Arc<Stock>,
    host: Handle,
}

impl Sandbox {
    /// Starts the engine and the guests' threads. What guests ask is answered on `host`.
    pub fn new(settings: SandboxSettings, host: Handle) -> Result<Self, SandboxError> {
        let engine = SandboxEngine::new(settings.engine)?;
        let lanes = Arc::new(Lanes::new(settings.guest_threads)?);
        let stock = Arc::new(Stock::new(engine.clone(), Arc::clone(&lanes), host.clone()));
        Ok(Self { engine, lanes, stock, host })
    }

    /// The engine.
    pub fn engine(&self) -> &SandboxEngine {
        &self.engine
    }

    /// Runs one attempt. It ends within its limits whatever the guest does; cancelling (or dropping
    /// the future) stops the guest within a tick and drops what it has asked for.
    pub async fn run(
        &self,
        plugin: &Arc<Plugin>,
        action: &str,
        payload: &Json,
        host: Arc<dyn JobHost>,
        limits: AttemptLimits,
        cancel: &CancellationToken,
    ) -> Ran {
        let credit = Arc::clone(&plugin.credit);
        let (plugin, action, payload) = (Arc::clone(plugin), action.to_owned(), payload.clone());
        let door = |wall| Door::Open(OpenDoor { host, runtime: self.host.clone(), wall });
        let stock = Arc::clone(&self.stock);
        // It is handed on several times before it runs.
        let work = move |seat| Box::pin(attempt::run(seat, stock, plugin, action, payload));
        let (ended, used, burnt) = self.within(Course::Job, limits, credit, cancel, door, work).await;
        let end = match ended {
            Ok(end) => end,
            Err(Cut::Breach(breach) | Cut::Starved(breach)) => AttemptEnd::Broke(breach.into()),
            Err(Cut::Cancelled) => AttemptEnd::Stopped(Stop::Cancelled),
        };
        let fuel = (self.engine.settings().count == EngineCount::Fuel).then_some(burnt);
        Ran { end, used, fuel }
    }

    /// A version is in force from here on, or not any more: instances are made ahead of the jobs of those that are.
    pub(crate) fn put_in_force(&self, plugin: &Arc<Plugin>, is_in_force: bool) {
        plugin.fitness.put_in_force(is_in_force);
        if !is_in_force {
            self.stock.give_back(plugin);
        }
    }

    /// How many instances stand ready for jobs that may come, and how many jobs have had theirs that way.
    #[cfg(any(test, feature = "testing"))]
    pub fn made_ahead(&self) -> (usize, u64) {
        self.stock.counts()
    }

    /// As [`within`](Self::within), on the thread of those that describe themselves: however many guests
    /// compute, a plugin can say what it is.
    pub(crate) async fn describing<T, F>(
        &self,
        limits: AttemptLimits,
        credit: Arc<Credit>,
        cancel: &CancellationToken,
        door: impl FnOnce(Arc<WallMeter>) -> Door,
        work: impl FnOnce(Seat) -> F + Send + 'static,
    ) -> Result<T, Cut>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.within(Course::Describe, limits, credit, cancel, door, work).await.0
    }

    /// Waits for a slot, then lets `work` have a seat on the guests' threads until it ends, a limit
    /// of time is reached, or it is cancelled.
    async fn within<T, F>(
        &self,
        course: Course,
        limits: AttemptLimits,
        credit: Arc<Credit>,
        cancel: &CancellationToken,
        door: impl FnOnce(Arc<WallMeter>) -> Door,
        work: impl FnOnce(Seat) -> F + Send + 'static,
    ) -> (Result<T, Cut>, AttemptUse, u64)
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let slot = tokio::select! {
            biased;
            () = cancel.cancelled() => return (Err(Cut::Cancelled), AttemptUse::default(), 0),
            slot = self.engine.slot() => slot,
        };
        let wall = Arc::new(WallMeter::started());
        let meter = Arc::new(CpuMeter::new(limits.cpu_time));
        let gauge = Arc::new(Gauge::default());
        let (engine, door) = (self.engine.clone(), door(Arc::clone(&wall)));
        let (counted, gauged) = (Arc::clone(&meter), Arc::clone(&gauge));
        let guest = async move {
            let ended = work(Seat { engine, limits, door, meter: counted, gauge: gauged }).await;
            // The slot is free again only when the store is gone.
            drop(slot);
            ended
        };
        let stop = async {
            tokio::select! {
                () = cancel.cancelled() => Cut::Cancelled,
                () = wall.spent(limits.wall_time) => Cut::Breach(Breach::new(
                    BreachKind::WallTime,
                    format!(
                        "the agent ran for {:?}, its limit{}",
                        limits.wall_time,
                        limits.of.raised_by(BreachKind::WallTime)
                    ),
                )),
            }
        };
        let ended = match self.lanes.run(course, guest, Arc::clone(&meter), credit, stop).await {
            Ok(Outcome::Finished(ended)) => Ok(ended),
            Ok(Outcome::Stopped(Cut::Breach(breach), Standing::Ready)) => Err(Cut::Starved(breach)),
            Ok(Outcome::Stopped(cut, _)) => Err(cut),
            Ok(Outcome::OutOfTime) => Err(Cut::Breach(Breach::new(
                BreachKind::CpuTime,
                format!(
                    "the agent computed for {:?}, its limit{}",
                    limits.cpu_time,
                    limits.of.raised_by(BreachKind::CpuTime)
                ),
            ))),
            Err(error) => Err(Cut::Breach(Breach::new(
                BreachKind::Internal,
                format!("the host failed to run the agent: {error}"),
            ))),
        };
        (ended, gauge.read(meter.read(), wall.read()), gauge.burnt())
    }
}

/// How an attempt ended, and what it has used.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// How it ended.
    pub end: AttemptEnd,
    /// What it has used, in this run of it.
    pub used: AttemptUse,
    /// Units of fuel that it burnt, about one an instruction; none where the engine does not count them. Of a guest that
    /// was stopped, what it had burnt when the engine last wrote it down: before the loop that it was in.
    pub fuel: Option<u64>,
}

/// Why a guest did not come to its own end.
#[derive(Debug)]
pub(crate) enum Cut {
    /// It broke a limit.
    Breach(Breach),
    /// Its time by the wall was over while it could have gone on: it waited for a processor, or had one.
    Starved(Breach),
    /// It was cancelled.
    Cancelled,
}
