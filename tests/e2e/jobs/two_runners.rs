//! Two runners on one store: one stalls past its lease, the other takes its job over, and then the first wakes.
//!
//! Both stand in this process, since the data folder admits one host. The one that stalls has threads of its own, all
//! of which stand still when it does; only the store and the other go on.

use crate::harness::{StallingClock, Upstream, agent, until};
use anvil_budget::{CircuitRule, PressureSteps, PriceTable, Windows, default_models};
use anvil_control::{Control, ControlParts, ControlSettings, PlanSettings, PlannedHost, Submission};
use anvil_gateway::{ApiKey, Gateway, GatewayConfig, PaceSettings, Patience, Upstream as Asked};
use anvil_runner::{Runner, RunnerParts, RunnerSettings};
use anvil_sandbox::{
    AttemptLimits, Catalog, CatalogSettings, CompileCommand, EngineCount, EngineSettings, LimitsOf, Sandbox,
    SandboxSettings,
};
use anvil_store::{Finish, Retention, SqliteOptions, SqliteStore, Store, StoreError};
use anvil_types::{
    BootId, CallState, Clock, DrivenClock, EventKind, HostId, InputLimits, Job, JobId, JobState, Json, Lease,
    Limits, Nanodollars, PerAgent, Priority, StateSize, SystemClock, UpstreamKind,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_mins(1);
const LEASE: Duration = Duration::from_secs(15);
const MIB: usize = 1024 * 1024;
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

/// A runner with threads of its own.
struct Other {
    runner: Control,
    runtime: Option<Runtime>,
}

impl Drop for Other {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A store that two runners share, and an upstream.
struct Scene {
    upstream: Upstream,
    clock: Arc<DrivenClock>,
    store: Arc<dyn Store>,
    folder: TempDir,
}

fn limits() -> Limits {
    let much = Nanodollars::from_dollars(1_000);
    Limits {
        hour_usd: much,
        day_usd: much,
        month_usd: much,
        week_hours: 168,
        job_usd: much,
        requests_per_minute: 60_000,
        input_tokens_per_minute: 100_000_000,
        output_tokens_per_minute: 100_000_000,
        max_input_tokens: 10_000,
        max_output_tokens: 1_000,
        agents_min: 3,
        agents_max: 3,
        queue_max: 100,
    }
}

fn attempt_limits() -> AttemptLimits {
    AttemptLimits {
        of: LimitsOf::Attempt,
        memory_bytes: 64 * MIB,
        table_elements: 10_000,
        instances: 50,
        wall_time: PATIENCE,
        cpu_time: PATIENCE,
        log_lines: 1_000,
        log_bytes: MIB,
        artifacts: 16,
        artifact_bytes: MIB,
        hostcall_bytes: MIB,
        resources: 100,
    }
}

fn gateway(upstream: &Upstream) -> GatewayConfig {
    GatewayConfig {
        supervisor: anvil_types::Supervisor::new(),
        upstream: Asked {
            kind: UpstreamKind::Simulated,
            base_url: upstream.url().to_owned(),
            api_key: Some(ApiKey::new("simulated")),
        },
        patience: Patience {
            connect: PATIENCE,
            first_byte: PATIENCE,
            idle: PATIENCE,
            call: PATIENCE * 2,
            drain: PATIENCE,
            retries: 0,
        },
        pace: PaceSettings { burst: 1_000, longest_wait: Duration::from_secs(30) },
        circuit: CircuitRule { failures: 0, open_for: Duration::from_mins(1) },
        prices: Arc::new(PriceTable::built_in()),
        models: default_models().clone(),
        pressure: PressureSteps::NONE,
        prompt_cache: false,
        prompt_cache_refresh: false,
        reply_cache: None,
        compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
        batches: None,
        batch_look: std::time::Duration::from_mins(1),
    }
}

fn settings() -> RunnerSettings {
    RunnerSettings {
        upstream: UpstreamKind::Simulated,
        back_off: Duration::from_millis(100),
        lease: LEASE,
        // By no sign of life does a runner that stalled hear of what happened meanwhile.
        heartbeat: Duration::from_hours(1),
        calls: 50,
        task_budget: true,
        calls_at_once: 8,
        hard_slots: 3,
        scale_cooldown: Duration::from_mins(5),
        attempt: attempt_limits(),
        questions: anvil_store::testing::question_rules(),
        state: state_quotas(),
        quarantine: anvil_store::QuarantineRule { traps: 3, within: Duration::from_mins(10) },
        agents: BTreeMap::new(),
    }
}

fn state_quotas() -> PerAgent<StateSize> {
    PerAgent::same(StateSize { keys: 10, bytes: 1_000 })
}

/// What nobody plans with here.
fn planned_host() -> PlannedHost {
    PlannedHost {
        limits: limits(),
        hard_slots: 3,
        cooldown: Duration::from_mins(5),
        burst: 100,
        longest_wait: Duration::from_secs(30),
        pressure: PressureSteps::NONE,
        models: default_models().clone(),
        prices: Arc::new(PriceTable::built_in()),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        prompt_cache: false,
    }
}

fn settings_of_control() -> ControlSettings {
    ControlSettings {
        upstream: UpstreamKind::Simulated,
        pressure: PressureSteps::NONE,
        state: state_quotas(),
        own_costs: std::collections::BTreeMap::new(),
        retention: Retention {
            finished_for: Duration::from_hours(24),
            finished_jobs: 1_000,
            alerts_for: Duration::from_hours(24),
        },
        batches: true,
        batch_rule: anvil_budget::BatchRule {
            calls: 1_000,
            bytes: anvil_budget::BatchRule::MOST_BYTES,
            wait: Duration::from_mins(5),
        },
        reply_cache: true,
        replies: anvil_store::ReplyBounds { ttl: Duration::from_hours(24), entries: 100, bytes: 1_000_000 },
        inputs: PerAgent::same(InputLimits { files: 0, file_bytes: 0, bytes: 0 }),
        attempts: PerAgent::same(3),
        uploads: std::env::temp_dir(),
        plan: PlanSettings { own: planned_host(), presets: Vec::new() },
        limit_sources: BTreeMap::new(),
    }
}

/// Starts a runner on the current runtime.
async fn runner(
    store: Arc<dyn Store>,
    config: GatewayConfig,
    clock: Arc<dyn Clock>,
    folder: &Path,
) -> Control {
    let gateway = Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway");
    let engine = EngineSettings {
        max_instances: 8,
        max_core_instances: 50,
        max_memories: 8,
        max_tables: 16,
        max_memory_bytes: 64 * MIB,
        max_table_elements: 10_000,
        stack_bytes: MIB,
        tick: Duration::from_millis(5),
        count: EngineCount::Nothing,
    };
    let handle = tokio::runtime::Handle::current();
    let sandbox = Sandbox::new(SandboxSettings { engine, guest_threads: 1 }, handle).expect("a sandbox");
    let catalog = CatalogSettings {
        supervisor: anvil_types::Supervisor::new(),
        plugins: folder.join("plugins"),
        data: folder.join("data"),
        max_file_bytes: 64 * MIB as u64,
        compile: CompileCommand::Child {
            program: env!("CARGO_BIN_EXE_anvil").into(),
            args: vec!["compile-plugin".into()],
        },
        compile_time: PATIENCE,
        compile_memory_bytes: 2_048 * MIB as u64,
        compiled_bytes: 1 << 30,
        keep: anvil_sandbox::KeepRule { versions: 5, bytes: 1 << 30 },
        may_call: std::collections::HashMap::new(),
        payloads: anvil_types::PerAgent::default(),
        describe: attempt_limits(),
        clock: clock.clone(),
    };
    let catalog = Catalog::start(sandbox.clone(), catalog).expect("a catalog");
    let parts = RunnerParts {
        supervisor: anvil_types::Supervisor::new(),
        settings: settings(),
        store: store.clone(),
        gateway: gateway.clone(),
        sandbox,
        catalog: catalog.clone(),
        clock: clock.clone(),
    };
    let runner = Runner::start(parts).await.expect("a runner");
    let control = Control::start(&ControlParts {
        supervisor: anvil_types::Supervisor::new(),
        settings: settings_of_control(),
        store,
        gateway,
        catalog: catalog.clone(),
        clock,
        driven: None,
        runner,
    });
    catalog.settled().await;
    control
}

impl Scene {
    async fn new() -> Self {
        let (upstream, folder) = (Upstream::start().await, TempDir::new().expect("a folder"));
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        for runner in ["one", "two"] {
            let plugins = folder.path().join(runner).join("plugins");
            std::fs::create_dir_all(&plugins).expect("a folder");
            std::fs::write(plugins.join("asker.wasm"), agent("asker")).expect("a plugin");
        }
        let options = SqliteOptions {
            supervisor: anvil_types::Supervisor::new(),
            marks: None,
            rule: std::sync::Arc::new(anvil_budget::AnyLimits),
            prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
            folder: folder.path().join("store"),
            clock: clock.clone(),
            limits: limits(),
            windows: Windows::new(jiff::tz::TimeZone::UTC),
            upstream: UpstreamKind::Simulated,
            max_attempts: anvil_types::PerAgent::same(3),
            shares: anvil_store::QueueShares::default(),
            new_host: HostId::new(clock.now(), 1),
            boot: BootId::new(clock.now(), 2),
        };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).expect("a store"));
        Self { upstream, clock, store, folder }
    }

    /// The runner that is going to stall, with a clock to stall it by.
    async fn first(&self) -> (Other, Arc<StallingClock>) {
        // As many threads as can stand still at once, and some.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(16).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let clock = Arc::new(StallingClock::new(self.clock.clone()));
        let (store, config, folder) =
            (self.store.clone(), gateway(&self.upstream), self.folder.path().join("one"));
        let stalling = clock.clone();
        let runner = runtime.spawn(async move { runner(store, config, stalling, &folder).await }).await;
        (Other { runner: runner.expect("a runner"), runtime: Some(runtime) }, clock)
    }

    async fn second(&self) -> Control {
        let folder = self.folder.path().join("two");
        runner(self.store.clone(), gateway(&self.upstream), self.clock.clone(), &folder).await
    }

    async fn job(&self, id: JobId) -> Job {
        self.store.job(id).await.expect("a read").expect("the job")
    }

    async fn succeeded(&self, id: JobId) -> Job {
        until("the job has succeeded", PATIENCE, async || {
            let job = self.job(id).await;
            (job.state == JobState::Succeeded).then_some(job)
        })
        .await
    }

    /// The states that a job went through, as events told of them.
    async fn told(&self, id: JobId) -> Vec<JobState> {
        let events = self.store.events(0, Some(id), 1_000).await.expect("a read");
        let state = |event: anvil_types::Event| match event.kind {
            EventKind::Job { state, .. } => Some(state),
            _ => None,
        };
        events.into_iter().filter_map(state).collect()
    }

    /// What holds at the end of either story: one end, both calls that were sent are counted, nothing is held, and
    /// the lease of the one that stalled is good for nothing any more.
    async fn verify(&self, job: &Job, sent: usize) {
        use JobState::{Queued, Running, Succeeded};
        assert_eq!(self.told(job.id).await, [Queued, Running, Queued, Running, Succeeded]);
        assert_eq!((job.lease, job.attempts), (2, 1));
        let calls = self.store.calls(job.id).await.expect("a read");
        assert!(calls.iter().all(|call| call.state == CallState::Settled), "{calls:#?}");
        assert_eq!(calls.len(), sent);
        let now = self.job(job.id).await;
        assert_eq!(now.held, Nanodollars::ZERO);
        assert_eq!(now.cost.get(), self.upstream.bill().await.nano_dollars, "both are paid");
        assert_eq!((now.state, &now.result), (Succeeded, &job.result));
        let stale = Lease { job: job.id, number: 1 };
        let refused = self.store.finish(stale, Finish::Succeeded { result: Json::null() }).await;
        assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    }
}

async fn submit(runner: &Control, payload: serde_json::Value) -> JobId {
    let submission = Submission {
        agent: "asker".into(),
        action: "ask".into(),
        payload: payload.to_string().parse().expect("JSON"),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: None,
        tags: Vec::new(),
        after: Vec::new(),
        inputs: Vec::new(),
        files_of: None,
        economy: None,
    };
    runner.intake.submit(submission).await.expect("it is taken in").job.id
}

async fn at_rest(runner: &Control) {
    until("the runner has nothing to do", PATIENCE, async || {
        let status = runner.status.get().await.expect("a status");
        (status.agents.running == 0 && status.pace.calls_in_flight == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_settlement_that_comes_after_the_lease_is_lost_is_kept_and_the_job_ends_once() {
    let scene = Scene::new().await;
    let hangs = json!({"text": "to the one that stalled", "latency": {"first_byte_ms": NEVER_MS}});
    scene.upstream.script(&json!({"items": [hangs, "to the other"]})).await;
    let (first, stalling) = scene.first().await;
    let id = submit(&first.runner, json!({"prompt": "Who?", "max_output_tokens": 100})).await;
    until("its call is under way", PATIENCE, async || {
        (scene.upstream.bill().await.in_flight == 1).then_some(())
    })
    .await;
    stalling.stall();
    let _second = scene.second().await;
    scene.clock.advance(LEASE + Duration::from_secs(1));
    let job = scene.succeeded(id).await;
    // Now the first answer comes, and the one that asked for it wakes.
    scene.upstream.drive(Duration::from_hours(2), 1.0).await;
    stalling.wake();
    at_rest(&first.runner).await;
    let job = scene.job(job.id).await;
    scene.verify(&job, 2).await;
    let result = job.result.clone().expect("a result").to_string();
    assert!(result.contains("to the other") && !result.contains("stalled"), "{result}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_runner_that_wakes_after_its_lease_is_lost_finishes_nothing() {
    let scene = Scene::new().await;
    let (first, stalling) = scene.first().await;
    // Its call is answered at once; then it computes for some seconds.
    let payload = json!({"prompt": "Who?", "max_output_tokens": 100, "spin": 2_500_000_000_u64});
    let id = submit(&first.runner, payload).await;
    until("its call is answered", PATIENCE, async || {
        let calls = scene.store.calls(id).await.expect("a read");
        calls.first().is_some_and(|call| call.state == CallState::Settled).then_some(())
    })
    .await;
    stalling.stall();
    assert_eq!(scene.job(id).await.state, JobState::Running, "the guest computes");
    let _second = scene.second().await;
    scene.clock.advance(LEASE + Duration::from_secs(1));
    let job = scene.succeeded(id).await;
    stalling.wake();
    at_rest(&first.runner).await;
    scene.verify(&job, 1).await;
    let result = job.result.clone().expect("a result").value();
    assert_eq!(result["replies"][0]["origin"], "journal", "it is the result of the second");
}
