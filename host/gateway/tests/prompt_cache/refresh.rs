//! What an unfinished job will probably ask again is kept in its model's cache by calls of the host's own, where that pays.

use super::clocked::Same;
use super::scene::{Setting, ask, claimed, limits, store};
use super::{of, step};
use anvil_budget::{BrakeCause, PressureSteps};
use anvil_gateway::{CallEnd, Gateway, GatewayConfig, REFRESH};
use anvil_sim::{Script, Sim, SimHandle};
use anvil_store::{Claimed, Store};
use anvil_types::{
    BrakeCauseKind, CacheMissReason, CallRecord, CallState, Clock as _, DrivenClock, Limits, LimitsPatch,
    Nanodollars, SystemClock, UpstreamKind,
};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// What the tests' prompts are like: now and then one comes once and never again, so that five minutes are what pays.
const ONCE: [usize; 4] = [1, 2, 3, 4];
/// From a use of a prompt to the time at which it is refreshed, and a second.
const TO_REFRESH: Duration = Duration::from_secs(286);

struct Host {
    clock: Arc<DrivenClock>,
    setting: Setting,
    sim: SimHandle,
    folder: TempDir,
    store: Arc<dyn Store>,
    gateway: Gateway,
    job: Claimed,
    position: u32,
}

impl Host {
    async fn start(refresh: bool, script: &str, pressure: PressureSteps) -> Self {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let limits = Limits { max_input_tokens: 500_000, ..limits(1_000_000_000_000) };
        let first_byte = Duration::from_mins(10);
        let setting =
            Setting { limits, pressure, first_byte, clock: clock.clone(), ..Setting::script(script) };
        let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(Same::as_it_is(clock.clone())));
        let sim = sim.await.expect("a simulator");
        let folder = TempDir::new().expect("a folder");
        let store = store(folder.path(), &setting.limits, &setting.clock);
        let job = claimed(store.as_ref(), clock.as_ref()).await;
        let config = GatewayConfig { prompt_cache_refresh: refresh, ..setting.config(sim.base_url()) };
        let gateway = Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway");
        Self { clock, setting, sim, folder, store, gateway, job, position: 0 }
    }

    /// Its job asks with this system's text.
    async fn asks(&mut self, system: usize) {
        let job = self.job.clone();
        self.asks_as(&job, system).await;
    }

    /// A job asks with this system's text and a question of its own.
    async fn asks_as(&mut self, job: &Claimed, system: usize) {
        self.position += 1;
        let text = format!("What is {}?", self.position);
        let question = of(&step(0, system, &[&text]), ask(job, self.position, ""));
        let end = self.gateway.call(question).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }

    /// Its prompts come as above, and each fifth and a half minute so often.
    async fn learns(&mut self, late: usize) {
        for system in ONCE {
            self.asks(system).await;
            self.clock.advance(Duration::from_secs(3_700));
        }
        for _ in 0..3 {
            self.asks(0).await;
            self.clock.advance(Duration::from_mins(1));
        }
        for _ in 0..late {
            self.asks(0).await;
            self.passes(Duration::from_secs(330)).await;
        }
        self.asks(0).await;
    }

    /// Time passes; each time that a prompt could be refreshed there is time for it.
    async fn passes(&self, length: Duration) {
        let mut left = length;
        while left >= TO_REFRESH {
            self.clock.advance(TO_REFRESH);
            left -= TO_REFRESH;
            tokio::time::sleep(Duration::from_millis(250)).await;
            while !self.store.open_holds().await.expect("holds").is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        self.clock.advance(left);
    }

    async fn calls(&self) -> Vec<CallRecord> {
        self.store.ledger(UpstreamKind::Simulated, None, 1_000).await.expect("the ledger")
    }

    async fn refreshes(&self) -> Vec<CallRecord> {
        let is_one = |call: &CallRecord| call.agent.as_deref() == Some(REFRESH);
        self.calls().await.into_iter().filter(is_one).collect()
    }

    /// What all calls cost, and what is told as saved of them, in nano-dollars.
    async fn comes_to(&self) -> (i64, i64) {
        let calls = self.calls().await;
        let spent: i64 = calls.iter().map(|call| call.cost.get()).sum();
        assert_eq!(spent, self.sim.bill().nano_dollars, "the ledger says what was charged");
        assert!(calls.iter().all(|call| call.cost <= call.hold), "no call costs more than its hold");
        (spent, calls.iter().map(|call| call.saved.get()).sum())
    }
}

const ANSWERS: &str = r#"{"items": [{"text": "Yes."}], "repeat": true}"#;

#[tokio::test]
async fn what_comes_again_a_little_late_costs_less_and_what_is_told_as_saved_is_the_difference() {
    let mut hosts = Vec::new();
    for refresh in [false, true] {
        let mut host = Host::start(refresh, ANSWERS, PressureSteps::NONE).await;
        host.learns(6).await;
        hosts.push(host);
    }
    let (without, with) = (hosts[0].comes_to().await, hosts[1].comes_to().await);
    assert!(hosts[0].refreshes().await.is_empty(), "it is off unless it is said");
    let refreshes = hosts[1].refreshes().await;
    assert!(refreshes.len() >= 3, "{refreshes:?}");
    for call in &refreshes {
        assert!(call.usage.cache_read_tokens > 5_000 && call.usage.output_tokens <= 1, "{:?}", call.usage);
        assert_eq!((call.job, call.saved), (None, Nanodollars::ZERO - call.cost));
        let job = format!("job:{}", hosts[1].job.job.id);
        assert_eq!(call.tags, ["agent:tester", &job]);
    }
    println!("without {without:?}, with {with:?}, {} refreshes", refreshes.len());
    assert!(with.0 < without.0);
    assert_eq!(without.0 - with.0, with.1 - without.1, "to the nano-dollar");
}

#[tokio::test]
async fn what_does_not_come_again_is_refreshed_three_times_at_most_and_then_no_more() {
    let mut host = Host::start(true, ANSWERS, PressureSteps::NONE).await;
    host.learns(3).await;
    let before = host.refreshes().await.len();
    host.passes(Duration::from_mins(50)).await;
    let after = host.refreshes().await.len() - before;
    assert!((1..=3).contains(&after), "{after}");
}

#[tokio::test]
async fn however_many_jobs_share_a_prompt_it_is_refreshed_once_in_five_minutes_and_three_times_at_most() {
    let mut host = Host::start(true, ANSWERS, PressureSteps::NONE).await;
    host.learns(3).await;
    for _ in 0..9 {
        host.clock.advance(Duration::from_secs(1));
        let other = claimed(host.store.as_ref(), host.clock.as_ref()).await;
        host.asks_as(&other, 0).await;
    }
    let before = host.refreshes().await.len();
    let mut counts = Vec::new();
    for _ in 0..10 {
        host.passes(TO_REFRESH).await;
        counts.push(host.refreshes().await.len() - before);
    }
    assert_eq!(counts[0], 1, "what one keeps the others need not: {counts:?}");
    assert!(counts.windows(2).all(|two| two[1] - two[0] <= 1), "{counts:?}");
    assert!(counts[9] <= 3, "{counts:?}");
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_and_writes_all_is_a_miss() {
    let mut host = Host::start(true, ANSWERS, PressureSteps::NONE).await;
    host.learns(3).await;
    let written = r#"{"items": [{"text": "Y", "usage": {"input_tokens": 20, "output_tokens": 1, "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 9000}}], "repeat": true}"#;
    let before = host.refreshes().await.len();
    host.sim.set_script(Script::from_json(written).expect("a script"));
    host.passes(TO_REFRESH).await;
    let calls = host.refreshes().await;
    let missed: Vec<_> = calls.iter().filter_map(|call| Some((call, call.miss.as_ref()?))).collect();
    let [(call, miss)] = missed[..] else { panic!("{calls:?}") };
    assert_eq!((calls.len(), call.usage.cache_write_5m_tokens), (before + 1, 9_000));
    assert_eq!(miss.reason, CacheMissReason::Expired);
    assert!(miss.tokens > 5_000 && miss.cost > Nanodollars::ZERO && miss.cost < call.cost, "{miss:?}");
    host.comes_to().await;
}

/// The day's limit becomes what this makes of what is spent of it, in nano-dollars.
async fn lower(host: &Host, limit: impl Fn(i64) -> i64) {
    let day = host.store.spend(UpstreamKind::Simulated).await.expect("a read").windows[1].amounts.spent();
    let patch = LimitsPatch { day_usd: Some(Nanodollars::new(limit(day.get()))), ..LimitsPatch::default() };
    let limits = host.store.set_limits(patch, &[], "ann").await.expect("changed").limits;
    host.gateway.limits_changed(&limits);
}

/// A host whose job's prompt will be refreshed, unless something is in the way; how many there were since.
async fn refreshes_after(pressure: PressureSteps, way: impl AsyncFnOnce(&Host)) -> usize {
    let mut host = Host::start(true, ANSWERS, pressure).await;
    host.learns(3).await;
    let before = host.refreshes().await.len();
    way(&host).await;
    host.passes(Duration::from_secs(320)).await;
    let spend = host.store.spend(UpstreamKind::Simulated).await.expect("a read");
    assert!(spend.windows.iter().all(|window| window.amounts.spent() + window.amounts.held <= window.limit));
    host.refreshes().await.len() - before
}

#[tokio::test]
async fn none_goes_out_against_a_limit_a_brake_pressure_or_for_a_job_that_cannot_ask_again() {
    assert_eq!(refreshes_after(PressureSteps::NONE, async |_| {}).await, 1, "nothing is in the way");
    let full = async |host: &Host| lower(host, |spent| spent + 1).await;
    assert_eq!(refreshes_after(PressureSteps::NONE, full).await, 0);
    // The day is at two percent, with room for much.
    let pressed = async |host: &Host| lower(host, |spent| spent * 50).await;
    let steps = PressureSteps { cheapest: Some(1), ..PressureSteps::NONE };
    assert_eq!(refreshes_after(steps, pressed).await, 0);
    assert_eq!(refreshes_after(PressureSteps::NONE, pressed).await, 1);
    let braked = async |host: &Host| {
        let since = host.clock.now();
        let (kind, reason, by) = (BrakeCauseKind::Person, "lunch".into(), Some("ann".into()));
        let cause = BrakeCause { kind, reason, since, until: None, by };
        host.store.engage_brake(cause).await.expect("engaged");
    };
    assert_eq!(refreshes_after(PressureSteps::NONE, braked).await, 0);
    let ended = async |host: &Host| {
        host.store.cancel(host.job.job.id, "ann").await.expect("cancelled");
    };
    assert_eq!(refreshes_after(PressureSteps::NONE, ended).await, 0);
    let removed = async |host: &Host| host.gateway.goes_by(|agent| agent != "tester");
    assert_eq!(refreshes_after(PressureSteps::NONE, removed).await, 0);
    let others = async |host: &Host| host.gateway.goes_by(|agent| agent == "tester");
    assert_eq!(refreshes_after(PressureSteps::NONE, others).await, 1);
    let paused = async |host: &Host| {
        host.store.set_queue_pause(Some("lunch"), "ann").await.expect("paused");
    };
    assert_eq!(refreshes_after(PressureSteps::NONE, paused).await, 0);
    let closed = async |host: &Host| host.gateway.close();
    assert_eq!(refreshes_after(PressureSteps::NONE, closed).await, 0);
}

#[test]
fn a_host_that_dies_while_it_refreshes_leaves_it_unknown_at_its_hold() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let life = runtime();
    let (folder, limits, clock, held) = life.block_on(async {
        let mut host = Host::start(true, ANSWERS, PressureSteps::NONE).await;
        host.learns(3).await;
        let hangs = r#"{"items": [{"text": "Late.", "fault": "hang:3000"}], "repeat": true}"#;
        host.sim.set_script(Script::from_json(hangs).expect("a script"));
        host.clock.advance(TO_REFRESH);
        let held = async {
            loop {
                if let Some(call) = host.calls().await.into_iter().find(|call| call.state == CallState::Held)
                {
                    return call;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let held = tokio::time::timeout(Duration::from_secs(20), held).await.expect("it goes out");
        (host.folder, host.setting.limits, host.setting.clock, held)
    });
    life.shutdown_timeout(Duration::from_secs(5));
    assert_eq!(held.agent.as_deref(), Some(REFRESH));
    runtime().block_on(async {
        let store = store(folder.path(), &limits, &clock);
        let calls = store.ledger(UpstreamKind::Simulated, None, 1_000).await.expect("the ledger");
        let call = calls.into_iter().find(|call| call.id == held.id).expect("it is kept");
        assert_eq!((call.state, call.cost), (CallState::Unknown, held.hold));
    });
}
