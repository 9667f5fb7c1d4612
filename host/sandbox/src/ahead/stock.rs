//! The instances that stand ready, and how they are made.

use super::Prepared;
use crate::door::Door;
use crate::engine::SandboxEngine;
use crate::lanes::{Course, CpuMeter, Credit, Lanes, Outcome};
use crate::world::{GuestWorld, Seat};
use crate::{AttemptLimits, Plugin};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// The most memory of an instance that is made ahead. What most languages build starts with less; an interpreter with
/// ten times as much, which nobody may come to use.
const MOST_MEMORY: usize = 4 * 1024 * 1024;

/// How long one stands that nothing takes. Jobs that come less often each wait for their own, as they would without.
const STANDS: Duration = Duration::from_mins(1);

/// Time on a processor, and by the wall, that a start may take. It took less than a tick for a job before.
const START_CPU: Duration = Duration::from_millis(100);
const START_WALL: Duration = Duration::from_secs(1);

/// The instances that were made ahead of jobs.
pub(crate) struct Stock {
    engine: SandboxEngine,
    lanes: Arc<Lanes>,
    host: Handle,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    /// What stands ready, what has stood longest first.
    ready: VecDeque<Ready>,
    /// What one is to be made of; the first is under way.
    wishes: VecDeque<Wish>,
    /// Whether somebody looks for those that have stood too long.
    is_watched: bool,
    /// How many were taken.
    #[cfg(any(test, feature = "testing"))]
    taken: u64,
}

/// An instance that stands ready for the next job of a plugin.
struct Ready {
    prepared: Prepared,
    limits: AttemptLimits,
    of: Weak<Plugin>,
    since: Instant,
    /// Free again when the store is gone: it is dropped last.
    _place: OwnedSemaphorePermit,
}

/// The next instance of a plugin, within limits.
#[derive(Clone)]
struct Wish {
    plugin: Arc<Plugin>,
    limits: AttemptLimits,
    /// How far apart its last two jobs came; none where only one has.
    apart: Option<Duration>,
}

impl Shelf {
    fn take_of(&mut self, plugin: &Arc<Plugin>) -> Option<Ready> {
        let at = self.ready.iter().position(|ready| ready.is_of(plugin))?;
        self.ready.remove(at)
    }

    /// Whether none makes room for a version whose jobs come so far apart: each has stood for less than that, so that it
    /// is likely to be taken sooner. Else of versions that take turns, one more than there are places, each would lose its
    /// own just before its next job.
    fn is_full_for(&self, apart: Option<Duration>) -> bool {
        self.ready.front().is_some_and(|oldest| apart.is_none_or(|apart| oldest.since.elapsed() <= apart))
    }

    fn has(&self, plugin: &Arc<Plugin>) -> bool {
        self.ready.iter().any(|ready| ready.is_of(plugin))
            || self.wishes.iter().any(|wish| Arc::ptr_eq(&wish.plugin, plugin))
    }
}

impl Ready {
    fn is_of(&self, plugin: &Arc<Plugin>) -> bool {
        self.of.as_ptr() == Arc::as_ptr(plugin)
    }
}

impl Stock {
    /// An empty one. Instances are made on the lanes; `host` waits for them.
    pub(crate) fn new(engine: SandboxEngine, lanes: Arc<Lanes>, host: Handle) -> Self {
        Self { engine, lanes, host, shelf: Mutex::default() }
    }

    /// The instance that stands ready for a job of this plugin, if one does. The job has a slot. One that was made
    /// within other limits might be another one within these: it is given back.
    pub(crate) fn take(&self, plugin: &Arc<Plugin>, limits: &AttemptLimits) -> Option<Prepared> {
        let mut shelf = self.shelf();
        let ready = shelf.take_of(plugin)?;
        if ready.limits != *limits {
            drop(shelf);
            self.lanes.discard(ready);
            return None;
        }
        #[cfg(any(test, feature = "testing"))]
        {
            shelf.taken += 1;
        }
        Some(ready.prepared)
    }

    /// A job of this plugin has its instance, whose world this is and for which it waited so long: the next one is
    /// made, where that may be.
    pub(crate) fn follow(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        limits: AttemptLimits,
        world: &GuestWorld,
        waited: Duration,
    ) {
        if self.engine.ahead() == 0 || !plugin.fitness.is_fit() || plugin.entry.functions().is_none() {
            return;
        }
        if let Some(why) = unfit(world) {
            plugin.fitness.rule_out(why);
        } else if waited <= self.engine.settings().tick {
            self.wish(Wish { plugin: Arc::clone(plugin), limits, apart: plugin.fitness.comes() });
        }
    }

    /// No job comes any more that begins on this version: what stands ready for one is given back.
    pub(crate) fn give_back(&self, plugin: &Arc<Plugin>) {
        let gone = self.shelf().take_of(plugin);
        if let Some(gone) = gone {
            self.lanes.discard(gone);
        }
    }

    /// How many stand ready, and how many were taken so far.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn counts(&self) -> (usize, u64) {
        let shelf = self.shelf();
        (shelf.ready.len(), shelf.taken)
    }

    fn wish(self: &Arc<Self>, wish: Wish) {
        let mut shelf = self.shelf();
        if shelf.has(&wish.plugin) || shelf.wishes.len() >= self.engine.ahead() {
            return;
        }
        shelf.wishes.push_back(wish.clone());
        if shelf.wishes.len() == 1 {
            self.host.spawn(Arc::clone(self).make_all(wish));
        }
    }

    /// Makes one after the other, from this one until no more is wished for.
    async fn make_all(self: Arc<Self>, first: Wish) {
        let _maker = Maker(&self);
        let mut next = Some(first);
        while let Some(wish) = next {
            self.make(wish).await;
            let mut shelf = self.shelf();
            shelf.wishes.pop_front();
            next = shelf.wishes.front().cloned();
        }
    }

    async fn make(self: &Arc<Self>, Wish { plugin, limits, apart }: Wish) {
        let place = match self.engine.free_place() {
            Some(place) => place,
            None => {
                let oldest = {
                    let mut shelf = self.shelf();
                    if shelf.is_full_for(apart) {
                        return;
                    }
                    shelf.ready.pop_front()
                };
                self.lanes.discard(oldest);
                self.engine.place().await
            }
        };
        let meter = Arc::new(CpuMeter::new(START_CPU));
        // Of no job: a start that draws a number is found out, and its instance not used.
        let door = Door::Shut(0);
        let (counted, gauge) = (Arc::clone(&meter), Arc::default());
        let seat = Seat { engine: self.engine.clone(), limits, door, meter: counted, gauge };
        let entry = Arc::clone(&plugin.entry);
        let making = async move {
            let began = std::time::Instant::now();
            let made = match entry.functions() {
                Some(pre) => Some(Prepared::new(seat, pre).await),
                None => None,
            };
            (made, place, began.elapsed())
        };
        let stop = tokio::time::sleep(START_WALL);
        let ended = self.lanes.run(Course::Ahead, making, meter, Arc::new(Credit::new()), stop).await;
        match ended {
            Ok(Outcome::Finished((Some(Ok(prepared)), place, took))) => {
                if let Some(why) = unfit(prepared.world()) {
                    plugin.fitness.rule_out(why);
                    return self.lanes.discard((prepared, place));
                }
                let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                tracing::debug!(took_ns, "a guest is instantiated ahead");
                let (of, since) = (Arc::downgrade(&plugin), Instant::now());
                self.put(&plugin, Ready { prepared, limits, of, since, _place: place });
            }
            Ok(Outcome::Finished((Some(Err(error)), ..))) => plugin.fitness.rule_out(&error.to_string()),
            Ok(Outcome::OutOfTime) => plugin.fitness.rule_out("its start computes for long"),
            Err(error) => plugin.fitness.rule_out(&error.to_string()),
            // Where the machine is busy time passes by no fault of the plugin.
            Ok(Outcome::Finished((None, ..)) | Outcome::Stopped((), _)) => {}
        }
    }

    fn put(self: &Arc<Self>, plugin: &Plugin, ready: Ready) {
        let mut shelf = self.shelf();
        // Looked at under the lock: whoever takes a version out of force says so first, and then looks here.
        if !plugin.fitness.is_fit() {
            drop(shelf);
            return self.lanes.discard(ready);
        }
        shelf.ready.push_back(ready);
        if !std::mem::replace(&mut shelf.is_watched, true) {
            self.host.spawn(watch(Arc::downgrade(self)));
        }
    }

    /// Gives back what has stood too long. When to look again; none while nothing stands here.
    fn give_back_idle(&self, now: Instant) -> Option<Instant> {
        let mut shelf = self.shelf();
        while shelf.ready.front().is_some_and(|oldest| oldest.since + STANDS <= now) {
            self.lanes.discard(shelf.ready.pop_front());
        }
        let next = shelf.ready.front().map(|oldest| oldest.since + STANDS);
        shelf.is_watched = next.is_some();
        next
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever makes what is wished for.
struct Maker<'a>(&'a Stock);

impl Drop for Maker<'_> {
    fn drop(&mut self) {
        // A fault of the host while it made one: later wishes find somebody else.
        if std::thread::panicking() {
            self.0.shelf().wishes.clear();
        }
    }
}

impl std::fmt::Debug for Stock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stock").finish_non_exhaustive()
    }
}

/// Why an instance that finds this world is none that may be made ahead, if it is not.
fn unfit(world: &GuestWorld) -> Option<&'static str> {
    if world.has_asked() {
        return Some("its start asks the host, which answers each job otherwise");
    }
    (world.limiter.memory_bytes() > MOST_MEMORY).then_some("it starts with much memory")
}

/// Gives back what stands too long, while anything stands.
async fn watch(stock: Weak<Stock>) {
    while let Some(next) = stock.upgrade().and_then(|stock| stock.give_back_idle(Instant::now())) {
        tokio::time::sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ahead::Fitness;
    use crate::contract::Contract;
    use crate::entry::Entry;
    use crate::plugin::Known;
    use crate::testing::{GuestBuilder, small_engine, small_limits};
    use crate::{Sandbox, SandboxSettings, wasi};
    use wasmtime::component::{Component, Linker};

    /// A plugin in force that nobody has asked anything yet.
    fn plugin(sandbox: &Sandbox, start: &str) -> Arc<Plugin> {
        let guest = GuestBuilder::quiet("guest").and(&format!("(func (export \"_initialize\") {start})"));
        let engine = sandbox.engine().wasmtime();
        let mut linker = Linker::new(engine);
        wasi::link(&mut linker).expect("it is linked");
        Contract::link_all(&mut linker).expect("it is linked");
        let component = Component::new(engine, guest.component()).expect("it is a component");
        let info: anvil_types::AgentInfo = serde_json::from_value(serde_json::json!({
            "name": "guest", "version": "1.0.0", "summary": "", "file": "", "digest": "", "size": 0, "state": "ready",
            "reason": null, "actions": [], "model_floor": null, "effort": "simple", "time_limit_s": null,
            "loaded_at": anvil_types::Timestamp::default(),
        }))
        .expect("it is a description");
        let fitness = Fitness::default();
        fitness.put_in_force(true);
        Arc::new(Plugin {
            known: Arc::new(Known::new(info.clone()).expect("it has a version")),
            info,
            credit: Arc::new(Credit::new()),
            entry: Arc::new(Entry::of(&linker, &component).expect("it is an agent")),
            fitness,
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_start_that_does_otherwise_than_before_is_given_up_and_not_tried_again() {
        let settings = SandboxSettings { engine: small_engine(), guest_threads: 1 };
        let host = Handle::current();
        let sandbox = Sandbox::new(settings, host.clone()).expect("a sandbox");
        let lanes = Arc::new(Lanes::new(1).expect("threads"));
        let stock = Arc::new(Stock::new(sandbox.engine().clone(), lanes, host));
        let limits = small_limits();
        let bad = [
            "(loop $on (br $on))",
            "(loop $on (br_if $on (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1))))",
            "(drop (memory.grow $memory (i32.const 80)))",
            "unreachable",
            "(drop (call $random))",
        ];
        let bad = bad.map(|start| plugin(&sandbox, start));
        let good = plugin(&sandbox, "");
        let began = Instant::now();
        for plugin in bad.iter().chain([&good]) {
            stock.wish(Wish { plugin: Arc::clone(plugin), limits, apart: None });
        }
        while stock.counts().0 == 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "those before hold it up");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(bad.iter().all(|plugin| !plugin.fitness.is_fit()) && good.fitness.is_fit());
        assert_eq!(stock.counts(), (1, 0));
        assert!(bad.iter().all(|plugin| stock.take(plugin, &limits).is_none()));
        assert!(stock.take(&good, &limits).is_some());
    }
}
