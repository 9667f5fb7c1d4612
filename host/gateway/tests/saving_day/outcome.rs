//! A run of the day, and what came of it.

use crate::drive::{BLOCKING, Steps, drive};
use crate::host::DayHost;
use crate::mix::DayJob;
use crate::runner::{run, submit};
use crate::saving::Saves;
use anvil_store::{LedgerFilter, TierSum};
use anvil_types::{Clock as _, CompressionReplay, LedgerTotals, Nanodollars, Timestamp, UpstreamKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// How long jobs took from when they came, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// What so many of a hundred did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    /// What the simulator charges.
    pub(crate) bill: Nanodollars,
    pub(crate) totals: LedgerTotals,
    /// What is told as saved by compression.
    pub(crate) compressed: Nanodollars,
    /// What compression is reckoned to be worth for the agents' latest calls.
    pub(crate) replays: Vec<CompressionReplay>,
    /// Of jobs that are in a hurry, and of those that are not.
    pub(crate) hurry: Times,
    pub(crate) economy: Times,
    pub(crate) tiers: Vec<TierSum>,
    /// How often a job was parked, was refused by a full queue, a request by the simulator's rate limits, and a reply asked about
    /// again.
    pub(crate) parks: usize,
    pub(crate) refused: usize,
    pub(crate) limited: u64,
    pub(crate) repaired: usize,
    /// How long the machine took.
    pub(crate) machine: Duration,
}

impl Outcome {
    /// What is told as saved in all.
    pub(crate) fn told(&self) -> Nanodollars {
        self.totals.saved + self.totals.reply_saved + self.totals.batch_saved + self.compressed
    }
}

/// Runs the day once, on a thread of its own.
pub(crate) fn outcome(saves: Saves, times: u32, steps: Steps, day: Arc<Vec<DayJob>>) -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING).build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let began = Instant::now();
        let host = DayHost::start(saves, times, day).await;
        let tasks = [tokio::spawn(submit(host.clone())), tokio::spawn(run(host.clone()))];
        tokio::select! {
            () = host.over.notified() => {}
            () = drive(&host, steps) => unreachable!("it drives on"),
        }
        for task in tasks {
            task.abort();
            let failed = task.await.err().is_some_and(|error| error.is_panic());
            assert!(!failed, "{}: the runner fell", saves.name);
        }
        told(&host, saves.name, began.elapsed()).await
    })
}

async fn told(host: &DayHost, name: &'static str, machine: Duration) -> Outcome {
    let (store, kind) = (&host.store, UpstreamKind::Simulated);
    let now = host.clock.now();
    assert_eq!(store.verify_sums().await.expect("a read works"), Vec::<String>::new(), "{name}");
    let spend = store.spend(kind).await.expect("a read works");
    assert_eq!(spend.bounds_broken, 0, "{name}: no call cost more than its hold");
    for window in spend.windows {
        assert!(window.amounts.committed() <= window.limit, "{name}: {window:?}");
    }
    let totals = store.ledger_totals(kind, LedgerFilter::default()).await.expect("a read works");
    let compressed = store.compressed(kind, Timestamp::default(), now).await.expect("a read works");
    let tiers = store.tier_sums(kind, Timestamp::default(), now + Duration::from_secs(1)).await;
    let uses = host.sim.limit_use();
    Outcome {
        name,
        bill: Nanodollars::new(host.sim.bill().nano_dollars),
        totals,
        compressed: compressed.iter().map(|sum| sum.compressed.saved).sum(),
        replays: host.gateway.compression(),
        hurry: times(host, false),
        economy: times(host, true),
        tiers: tiers.expect("a read works"),
        parks: host.parks(),
        refused: host.refused(),
        limited: uses.iter().map(|limit| limit.refused).sum(),
        repaired: host.repaired(),
        machine,
    }
}

fn times(host: &DayHost, economy: bool) -> Times {
    let took = host.took().into_iter().filter(|(number, _)| host.day[*number].kind.economy == economy);
    let mut took: Vec<Duration> = took.map(|(_, took)| took).collect();
    took.sort_unstable();
    Times(took)
}
