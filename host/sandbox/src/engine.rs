//! The engine: one for the whole host.

use crate::SandboxError;
use crate::limiter::Single;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

/// What an engine counts of what its guests do, besides their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineCount {
    /// Nothing: what a host runs.
    Nothing,
    /// The units of fuel that they burn: about one an instruction. Code is compiled for it, and runs slower.
    Fuel,
}

/// How large the pool of instances is. No default: whoever builds an engine names every size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// Guests alive at once, those that describe themselves included; further ones wait for a slot.
    pub max_instances: u32,
    /// Core instances of one guest. A component of ordinary tooling has about five.
    pub max_core_instances: u32,
    /// Memories of one guest.
    pub max_memories: u32,
    /// Tables of one guest.
    pub max_tables: u32,
    /// Bytes of any one memory.
    pub max_memory_bytes: usize,
    /// Elements of any one table.
    pub max_table_elements: usize,
    /// Bytes of any guest's stack.
    pub stack_bytes: usize,
    /// How often a running guest is looked at: the longest that it keeps a thread for itself, and
    /// the longest that a cancel takes.
    pub tick: Duration,
    /// What is counted.
    pub count: EngineCount,
}

/// Room on the host's stack for host functions, above what the guest may use.
const HOST_STACK: usize = 512 * 1024;

/// Memory that an idle slot keeps, so that the next small guest faults no pages: as much as one in Rust has written in a
/// call. A slot keeps it for ever once a guest has written so much in it, whichever plugin comes next, so that every slot
/// does in the end (`make soak`: with a megabyte it took hundreds of thousands of jobs until the last one did).
const KEEP_RESIDENT: usize = 256 * 1024;

/// Idle slots that keep what was in them for the next guest of the same plugin. Where there are so many, the next guest of
/// another takes the one of them that was idle longest, and no slot that was never used.
const WARM_SLOTS: u32 = 16;

/// Instances that are made ahead of jobs, at most. One for each agent of a busy host; what each holds is memory that
/// nobody uses yet.
const AHEAD: u32 = 8;

/// wasmtime's engine, its ticker, and the slots of its pool. Cheap to clone.
#[derive(Clone)]
pub struct SandboxEngine {
    engine: Engine,
    slots: Arc<Semaphore>,
    /// Places of the pool beside its slots: what is made ahead never takes a job's.
    places: Arc<Semaphore>,
    settings: EngineSettings,
}

impl SandboxEngine {
    /// An engine with a pool of these sizes, and the thread that ticks for it.
    pub fn new(settings: EngineSettings) -> Result<Self, SandboxError> {
        let mut config = compile_config(settings.count);
        config.max_wasm_stack(settings.stack_bytes);
        config.async_stack_size(settings.stack_bytes + HOST_STACK);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(&settings)));
        let engine = Engine::new(&config).map_err(SandboxError::engine)?;
        start_ticker(&engine, settings.tick)?;
        let slots = Arc::new(Semaphore::new(settings.max_instances as usize));
        let places = Arc::new(Semaphore::new(ahead(&settings) as usize));
        Ok(Self { engine, slots, places, settings })
    }

    /// The sizes.
    pub fn settings(&self) -> EngineSettings {
        self.settings
    }

    /// The pool's bounds of one memory and one table.
    pub(crate) fn single(&self) -> Single {
        Single {
            memory_bytes: self.settings.max_memory_bytes,
            table_elements: self.settings.max_table_elements,
        }
    }

    pub(crate) fn wasmtime(&self) -> &Engine {
        &self.engine
    }

    /// Waits for a slot of the pool: beyond its slots instantiation fails instead of waiting.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .expect("the semaphore lives as long as the engine, open")
    }

    /// How many instances it has room for that are made ahead of jobs; none where fuel is counted, since what an attempt
    /// burns is counted from its instance's start.
    pub(crate) fn ahead(&self) -> usize {
        ahead(&self.settings) as usize
    }

    /// A place for one of them, where one is free. It is kept until its store is gone, or a job has taken it: that has a
    /// slot.
    pub(crate) fn free_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Waits for a place for one of them.
    pub(crate) async fn place(&self) -> OwnedSemaphorePermit {
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.expect("the semaphore lives as long as the engine, open")
    }
}

fn ahead(settings: &EngineSettings) -> u32 {
    match settings.count {
        EngineCount::Nothing => AHEAD,
        EngineCount::Fuel => 0,
    }
}

impl std::fmt::Debug for SandboxEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxEngine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What decides how code is compiled. The compiling child uses this alone; the host adds its pool,
/// which must not change what compiled code looks like (a test compares their hashes).
pub(crate) fn compile_config(count: EngineCount) -> Config {
    let mut config = Config::new();
    config.consume_fuel(count == EngineCount::Fuel);
    config.strategy(Strategy::Cranelift);
    config.epoch_interruption(true);
    config.wasm_component_model(true);
    // Guests in most languages speak plain functions; without it stores are cheaper. A component
    // that needs it is refused with a sentence (`component::inspect`).
    config.concurrency_support(false);
    // A test names what each toolchain emits. JavaScript that is built small makes its calls this way.
    config.wasm_tail_call(true);
    // No supported language needs these; each is code of the engine that a guest could attack.
    // Threads, GC and exceptions are not even compiled in.
    config.wasm_relaxed_simd(false);
    config.wasm_memory64(false);
    config.wasm_wide_arithmetic(false);
    config.wasm_custom_page_sizes(false);
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(16));
    config
}

fn pool(settings: &EngineSettings) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let guests = settings.max_instances.saturating_add(ahead(settings));
    pool.total_component_instances(guests);
    pool.total_stacks(guests);
    pool.total_core_instances(guests.saturating_mul(settings.max_core_instances));
    pool.total_memories(guests.saturating_mul(settings.max_memories));
    pool.total_tables(guests.saturating_mul(settings.max_tables));
    pool.max_core_instances_per_component(settings.max_core_instances);
    pool.max_memories_per_component(settings.max_memories);
    pool.max_tables_per_component(settings.max_tables);
    pool.max_memories_per_module(settings.max_memories);
    pool.max_tables_per_module(settings.max_tables);
    pool.max_memory_size(settings.max_memory_bytes);
    pool.table_elements(settings.max_table_elements);
    // Metadata of an instance grows with its functions; an interpreter has tens of thousands.
    pool.max_component_instance_size(4 * 1024 * 1024);
    pool.max_core_instance_size(4 * 1024 * 1024);
    pool.linear_memory_keep_resident(KEEP_RESIDENT);
    pool.table_keep_resident(64 * 1024);
    // Where the system tells which pages a guest wrote, those alone are made as they were before it.
    pool.pagemap_scan(wasmtime::Enabled::Auto);
    pool.max_unused_warm_slots(WARM_SLOTS);
    pool
}

/// One operating-system thread, so that a blocked executor cannot stop the ticks. It ends with the
/// engine. Nothing else increments the epoch: a second hand would end other guests' slices early.
fn start_ticker(engine: &Engine, tick: Duration) -> Result<(), SandboxError> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("anvil-ticker".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(tick);
                let Some(engine) = weak.upgrade() else { return };
                engine.increment_epoch();
            }
        })
        .map(drop)
        .map_err(SandboxError::Thread)
}
