//! What a store holds for its guest.

use crate::door::Door;
use crate::engine::{EngineCount, SandboxEngine};
use crate::gauge::Gauge;
use crate::guest::Guest;
use crate::lanes::CpuMeter;
use crate::limiter::Limiter;
use crate::lines::Pipes;
use crate::log::JobLog;
use crate::output::Output;
use crate::{AttemptLimits, wasi};
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime::{AsContext, Store, UpdateDeadline};
use wasmtime_wasi::cli::{StdinStream, StdoutStream};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// One guest's world: what it asks with, its limits, its WASI and its outputs.
pub(crate) struct GuestWorld {
    guest: Guest,
    pub(crate) limits: AttemptLimits,
    /// Bytes of its stack.
    pub(crate) stack_bytes: usize,
    pub(crate) stderr: Output,
    pub(crate) limiter: Limiter,
    gauge: Arc<Gauge>,
    stdout: Option<Output>,
    log: Arc<JobLog>,
    wasi: WasiCtx,
    table: ResourceTable,
    /// Whether it has called a function of the host: each of them comes by one of the two ways that mark this.
    has_asked: bool,
}

impl GuestWorld {
    /// What answers the functions of the contract.
    pub(crate) fn asked(&mut self) -> &mut Guest {
        self.has_asked = true;
        &mut self.guest
    }

    /// Whether the guest has called any function of the host so far.
    pub(crate) fn has_asked(&self) -> bool {
        self.has_asked
    }
}

impl WasiView for GuestWorld {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.has_asked = true;
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Drop for GuestWorld {
    // However an attempt ends: what it wrote last is in its log, and what was dropped is counted there.
    fn drop(&mut self) {
        if let Some(stdout) = &self.stdout {
            stdout.finish();
        }
        self.stderr.finish();
        self.log.close();
    }
}

/// A guest's place in the engine before there is a store: which way it speaks is its plugin's.
pub(crate) struct Seat {
    pub(crate) engine: SandboxEngine,
    pub(crate) limits: AttemptLimits,
    pub(crate) door: Door,
    pub(crate) meter: Arc<CpuMeter>,
    pub(crate) gauge: Arc<Gauge>,
}

impl Seat {
    /// A store for a guest that calls the host's functions itself.
    pub(crate) fn calling(self) -> Store<GuestWorld> {
        let (world, terms) = self.world_of_calls();
        terms.store(world)
    }

    /// Takes over a store in which a guest of the same limits was started that has asked nothing. What that took of the
    /// limits counts; all else that the guest finds from here on is this seat's.
    pub(crate) fn taking_over(self, store: &mut Store<GuestWorld>) {
        let (mut world, terms) = self.world_of_calls();
        world.limiter.take_over(&store.data().limiter);
        *store.data_mut() = world;
        terms.hold(store);
    }

    /// A store for a guest that speaks in lines, what asks for it, and the pipes between them.
    pub(crate) fn speaking(self) -> (Store<GuestWorld>, Guest, Pipes) {
        let log = self.log();
        let asking = Guest::new(self.door.clone(), self.limits, Arc::clone(&log));
        // What stands in the store asks nothing: such a guest has no function of the contract.
        let mute = Guest::new(Door::Shut(0), self.limits, Arc::clone(&log));
        let pipes = Pipes::new();
        let (world, terms) = self.world(mute, log, pipes.stdin(), pipes.stdout(), None);
        (terms.store(world), asking, pipes)
    }

    fn log(&self) -> Arc<JobLog> {
        Arc::new(JobLog::new(self.door.host().cloned(), &self.limits, Arc::clone(&self.gauge)))
    }

    fn world_of_calls(self) -> (GuestWorld, Terms) {
        let log = self.log();
        let stdout = Output::stdout(Arc::clone(&log));
        let guest = Guest::new(self.door.clone(), self.limits, Arc::clone(&log));
        self.world(guest, log, tokio::io::empty(), stdout.clone(), Some(stdout))
    }

    fn world(
        self,
        guest: Guest,
        log: Arc<JobLog>,
        stdin: impl StdinStream + 'static,
        out: impl StdoutStream + 'static,
        stdout: Option<Output>,
    ) -> (GuestWorld, Terms) {
        let Self { engine, limits, door, meter, gauge } = self;
        let stderr = Output::stderr(Arc::clone(&log));
        let wasi = wasi::empty_world(&door, stdin, out, stderr.clone());
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let limiter = Limiter::new(limits, engine.single(), Arc::clone(&gauge));
        let world = GuestWorld {
            guest,
            limits,
            stack_bytes: engine.settings().stack_bytes,
            stderr,
            limiter,
            gauge,
            stdout,
            log,
            wasi,
            table,
            has_asked: false,
        };
        (world, Terms { engine, hostcall_bytes: limits.hostcall_bytes, meter })
    }
}

/// What a store itself holds its guest to.
struct Terms {
    engine: SandboxEngine,
    hostcall_bytes: usize,
    meter: Arc<CpuMeter>,
}

impl Terms {
    /// A new store around a world.
    fn store(self, world: GuestWorld) -> Store<GuestWorld> {
        let mut store = Store::new(self.engine.wasmtime(), world);
        self.hold(&mut store);
        store
    }

    /// In force from here on, whatever was before.
    fn hold(self, store: &mut Store<GuestWorld>) {
        store.limiter(|world| &mut world.limiter);
        store.set_hostcall_fuel(self.hostcall_bytes);
        if self.engine.settings().count == EngineCount::Fuel {
            store.set_fuel(FUEL).expect("an engine that counts fuel takes some");
        }
        store.set_epoch_deadline(1);
        let meter = self.meter;
        store.epoch_deadline_callback(move |store| {
            count_fuel(&store);
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(meter.give_way())))
        });
    }
}

/// More fuel than any guest burns within its time: it is there to be counted.
const FUEL: u64 = u64::MAX;

/// Notes what a guest has burnt so far, where its engine counts that.
pub(crate) fn count_fuel(store: &impl AsContext<Data = GuestWorld>) {
    let store = store.as_context();
    if let Ok(left) = store.get_fuel() {
        store.data().gauge.fuel(FUEL - left);
    }
}
