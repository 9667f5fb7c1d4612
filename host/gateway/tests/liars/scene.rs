//! Where it all happens: a real store, a real gateway, a clock that runs an hour a second, and jobs that ask.

use anvil_budget::{CircuitRule, PressureSteps, PriceTable, Windows, default_models};
use anvil_gateway::{ApiKey, Gateway, GatewayConfig, PaceSettings, Patience, Upstream};
use anvil_store::{Claim, Claimed, SqliteOptions, SqliteStore, Store};
use anvil_types::{
    BootId, Clock, DrivenClock, HostId, JobId, Json, Limits, Nanodollars, NewJob, Priority, Supervisor,
    SystemClock, UpstreamKind,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Those that ask at once.
pub(crate) const GUESTS: u64 = 24;
/// Questions of one job: a failed call has the gateway read what its job has asked before.
const PER_JOB: u64 = 200;
/// How much faster the host's time goes than the machine's.
const RATE: f64 = 3_600.0;

pub(crate) fn clock() -> Arc<DrivenClock> {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    clock.drive(Duration::ZERO, Some(RATE));
    clock
}

fn limits() -> Limits {
    Limits {
        hour_usd: Nanodollars::from_dollars(3),
        day_usd: Nanodollars::from_dollars(40),
        month_usd: Nanodollars::from_dollars(400),
        week_hours: 168,
        job_usd: Nanodollars::from_dollars(1_000_000),
        requests_per_minute: 1_000_000,
        input_tokens_per_minute: 1_000_000_000,
        output_tokens_per_minute: 1_000_000_000,
        max_input_tokens: 100_000,
        max_output_tokens: 2_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 100_000,
    }
}

pub(crate) fn store(folder: &Path, clock: &Arc<DrivenClock>, supervisor: &Supervisor) -> Arc<dyn Store> {
    let options = SqliteOptions {
        supervisor: supervisor.clone(),
        marks: None,
        rule: Arc::new(anvil_budget::AnyLimits),
        prices: Arc::new(PriceTable::built_in()),
        folder: folder.to_owned(),
        clock: clock.clone(),
        limits: limits(),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(clock.now(), 1),
        boot: BootId::new(clock.now(), 2),
    };
    Arc::new(SqliteStore::open(options).expect("a store"))
}

pub(crate) async fn gateway(
    base_url: String,
    store: &Arc<dyn Store>,
    clock: &Arc<DrivenClock>,
    supervisor: &Supervisor,
) -> Gateway {
    let config = GatewayConfig { supervisor: supervisor.clone(), ..config(base_url) };
    Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway")
}

fn config(base_url: String) -> GatewayConfig {
    GatewayConfig {
        supervisor: Supervisor::new(),
        upstream: Upstream {
            kind: UpstreamKind::Simulated,
            base_url,
            api_key: Some(ApiKey::new("sk-liars")),
        },
        // Real time: long enough for a busy machine, short enough for those that hang.
        patience: Patience {
            connect: Duration::from_secs(30),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(6),
            call: Duration::from_mins(2),
            drain: Duration::from_secs(20),
            retries: 3,
        },
        pace: PaceSettings { burst: 100_000, longest_wait: Duration::from_secs(30) },
        circuit: CircuitRule { failures: 5, open_for: Duration::from_mins(1) },
        prices: Arc::new(PriceTable::built_in()),
        models: default_models().clone(),
        pressure: PressureSteps::NONE,
        prompt_cache: false,
        prompt_cache_refresh: false,
        reply_cache: None,
        compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
        batches: None,
        batch_look: Duration::from_mins(1),
    }
}

/// The jobs that ask so many questions, at least one for each guest.
pub(crate) async fn jobs(store: &dyn Store, clock: &dyn Clock, questions: u64) -> Vec<Claimed> {
    let jobs = questions.div_ceil(PER_JOB).max(GUESTS);
    for number in 0..jobs {
        let job = NewJob {
            id: JobId::new(clock.now(), 100 + u128::from(number)),
            agent: "tester".into(),
            action: "test".into(),
            payload: Json::null(),
            priority: Priority::ALL[usize::try_from(number % 4).expect("small")],
            run_at: None,
            idempotency_key: None,
            max_cost: Nanodollars::from_dollars(1_000_000_000),
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: None,
            upstream: UpstreamKind::Simulated,
        };
        store.enqueue(job).await.expect("taken in");
    }
    let claim = Claim {
        agents: vec![anvil_store::ReadyAgent {
            name: "tester".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: u32::try_from(jobs).expect("few"),
        critical_only: false,
        alive: Vec::new(),
        // Months pass in the run.
        lease_for: Duration::from_hours(24 * 365 * 100),
    };
    store.claim(claim).await.expect("a claim")
}
