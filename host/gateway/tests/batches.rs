//! Calls of jobs that are in no hurry: gathered, sent together once, and each ended by its line of the results.
//!
//! `ANVIL_TEST_BATCH_CALLS=100000`: the full size of the large one.

mod clocked;
#[path = "batches/doubt.rs"]
mod doubt;
#[path = "batches/ends.rs"]
mod ends;
#[path = "batches/large.rs"]
mod large;
#[path = "batches/lines.rs"]
mod lines;
#[path = "batches/money.rs"]
mod money;
mod scene;
#[path = "batches/slow.rs"]
mod slow;
#[path = "batches/told.rs"]
mod told;
#[path = "batches/trial.rs"]
mod trial;

use anvil_budget::{BatchRule, BrakeCause};
use anvil_gateway::{Ask, CallEnd, Gateway};
use anvil_sim::{Sim, SimBatchSettings, SimConfig, SimHandle};
use anvil_store::{Claimed, LedgerFilter, Store};
use anvil_types::{
    BrakeCauseKind, CallError, CallRecord, Clock, DrivenClock, LedgerTotals, Limits, Nanodollars, Reply,
    SystemClock, UpstreamKind, WaitReason,
};
use clocked::Same;
use scene::{Setting, ask, claimed, limits, store};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const RULE: BatchRule =
    BatchRule { calls: 1_000, bytes: BatchRule::MOST_BYTES, wait: Duration::from_mins(5) };
const SECOND: Duration = Duration::from_secs(1);

/// A gateway before a simulator, on one clock that the test drives.
struct Batches {
    sim: SimHandle,
    store: Arc<dyn Store>,
    gateway: Gateway,
    job: Claimed,
    clock: Arc<DrivenClock>,
    setting: Setting,
    _folder: TempDir,
}

async fn batches(script: &str) -> Batches {
    with(script, |_| {}).await
}

async fn with(script: &str, change: impl FnOnce(&mut Setting)) -> Batches {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits { max_input_tokens: 10_000_000, ..limits(1_000_000_000_000) };
    let mut setting =
        Setting { clock: clock.clone(), limits, batches: Some(RULE), ..Setting::script(script) };
    setting.first_byte = Duration::from_secs(10);
    // A batch takes half a minute, and each of its calls a second.
    let done = SimBatchSettings { start_ms: 30_000, items_per_minute: 60, ..SimBatchSettings::default() };
    setting.sim = SimConfig { batches: done, ..setting.sim };
    change(&mut setting);
    let same = Same { behind: setting.upstream_behind, ..Same::as_it_is(clock.clone()) };
    let same = Arc::new(same);
    let sim = Sim::start_with_clock(setting.sim.clone(), same).await.expect("a simulator");
    let folder = TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    let gateway = Gateway::start(setting.config(sim.base_url()), store.clone(), clock.clone()).await;
    let gateway = gateway.expect("a gateway");
    Batches { sim, store, gateway, job, clock, setting, _folder: folder }
}

impl Batches {
    /// A question of the job, which is in no hurry.
    fn question(&self, position: u32, text: &str) -> Ask {
        let mut ask = ask(&self.job, position, text);
        ask.terms.economy = true;
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&position.to_le_bytes());
        ask.request_hash = hash;
        ask
    }

    async fn call(&self, ask: Ask) -> CallEnd {
        self.gateway.call(ask).wait().await
    }

    /// Asks a question that is gathered.
    async fn gather(&self, position: u32, text: &str) {
        let end = self.call(self.question(position, text)).await;
        assert!(waits(&end), "{end:?}");
    }

    /// What the job's journal has at a place.
    async fn answer(&self, position: u32) -> Option<Result<Reply, CallError>> {
        let journal = self.store.journal_of(self.job.job.id).await.expect("a read works");
        let entry = journal.into_iter().find(|entry| entry.position == position)?;
        Some(serde_json::from_str(entry.answer.as_str()).expect("an answer"))
    }

    /// Drives the clock on until something is so; at most for so long.
    async fn until(&self, what: &str, longest: Duration, mut is_so: impl AsyncFnMut() -> bool) {
        let end = self.clock.now() + longest;
        let step = (longest / 60).max(SECOND * 10);
        while self.clock.now() < end {
            // A look may be under way: it gets some time before the next step.
            for _ in 0..6 {
                if is_so().await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.clock.advance(step);
        }
        panic!("not in time: {what}");
    }

    /// Drives the clock on until so many calls have ended.
    async fn until_ended(&self, calls: usize, longest: Duration) {
        self.until("all calls have ended", longest, async || {
            let left = self.calls().await.iter().filter(|call| call.settled_at.is_none()).count();
            self.calls().await.len() >= calls && left == 0
        })
        .await;
    }

    async fn calls(&self) -> Vec<CallRecord> {
        self.store.calls(self.job.job.id).await.expect("calls")
    }

    async fn totals(&self) -> LedgerTotals {
        let totals = self.store.ledger_totals(UpstreamKind::Simulated, LedgerFilter::default()).await;
        totals.expect("a read works")
    }

    fn billed(&self) -> Nanodollars {
        Nanodollars::new(self.sim.bill().nano_dollars)
    }

    /// Somebody engages the brake.
    async fn braked_by_ann(&self) {
        let cause = BrakeCause {
            kind: BrakeCauseKind::Person,
            reason: "a look".into(),
            since: self.clock.now(),
            until: None,
            by: Some("ann".into()),
        };
        self.store.engage_brake(cause).await.expect("engaged");
    }

    /// Has the simulator fail.
    fn fails(&self, faults: serde_json::Value) {
        self.sim.set_faults(serde_json::from_value(faults).expect("faults"));
    }

    async fn check(&self) {
        assert_eq!(self.store.verify_sums().await.expect("a read works"), Vec::<String>::new());
    }

    /// Another life of the host: what its task had in memory is gone.
    async fn restart(&mut self) {
        self.gateway.close();
        let config = self.setting.config(self.sim.base_url());
        let gateway = Gateway::start(config, self.store.clone(), self.clock.clone()).await;
        self.gateway = gateway.expect("a gateway");
    }
}

fn waits(end: &CallEnd) -> bool {
    matches!(end, CallEnd::Park(wait) if wait.reason == WaitReason::Batch)
}
