//! A gateway before a simulator, with a real store and one job that asks.

#![allow(dead_code, reason = "each test binary uses its part")]

use anvil_budget::{BatchRule, CircuitRule, ModelMap, PressureSteps, PriceTable, Windows, default_models};
use anvil_gateway::{ApiKey, Ask, CallEnd, Gateway, GatewayConfig, PaceSettings, Patience, Terms, Upstream};
use anvil_sim::{Script, Sim, SimConfig, SimHandle};
use anvil_store::{Claim, Claimed, ReplyBounds, SqliteOptions, SqliteStore, Store};
use anvil_types::{
    Asker, BootId, CallError, CallErrorKind, CallRecord, Clock, ContentBlock, Effort, HostId, JobAsker,
    JobId, Json, Limits, Message, Nanodollars, NewJob, Priority, Reply, Request, Role, Supervisor,
    SystemClock, UpstreamKind,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Between two looks at a batch.
pub(crate) const LOOK: Duration = Duration::from_secs(30);

/// What a scene is made of, unless a test says otherwise: nothing limits, nothing is tried again.
pub(crate) struct Setting {
    pub(crate) sim: SimConfig,
    pub(crate) limits: Limits,
    pub(crate) retries: u32,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) drain: Duration,
    pub(crate) burst: u32,
    pub(crate) circuit_failures: u32,
    pub(crate) pressure: PressureSteps,
    pub(crate) models: ModelMap,
    pub(crate) reply_cache: Option<ReplyBounds>,
    pub(crate) batches: Option<BatchRule>,
    pub(crate) prices: Arc<PriceTable>,
    /// By how much the upstream's clock is behind, where both are driven.
    pub(crate) upstream_behind: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) supervisor: Supervisor,
}

impl Setting {
    pub(crate) fn script(script: &str) -> Self {
        let script = Script::from_json(script).expect("a script");
        Self {
            sim: SimConfig { script, ..SimConfig::default() },
            limits: limits(1_000_000_000_000),
            retries: 0,
            first_byte: Duration::from_millis(400),
            idle: Duration::from_mins(1),
            drain: Duration::from_secs(5),
            burst: 1_000,
            circuit_failures: 0,
            pressure: PressureSteps::NONE,
            models: default_models().clone(),
            reply_cache: None,
            batches: None,
            prices: Arc::new(PriceTable::built_in()),
            upstream_behind: Duration::ZERO,
            clock: Arc::new(SystemClock::new()),
            supervisor: Supervisor::new(),
        }
    }

    pub(crate) async fn scene(self) -> Scene {
        let sim = Sim::start(self.sim.clone()).await.expect("a simulator");
        let folder = TempDir::new().expect("a folder");
        let store = store(folder.path(), &self.limits, &self.clock);
        let job = claimed(store.as_ref(), self.clock.as_ref()).await;
        let config = self.config(sim.base_url());
        let gateway = Gateway::start(config, store.clone(), self.clock.clone()).await.expect("a gateway");
        Scene { sim, store, gateway, job, setting: self, folder }
    }

    pub(crate) fn config(&self, base_url: String) -> GatewayConfig {
        GatewayConfig {
            supervisor: self.supervisor.clone(),
            upstream: Upstream {
                kind: UpstreamKind::Simulated,
                base_url,
                api_key: Some(ApiKey::new("simulated")),
            },
            patience: Patience {
                connect: Duration::from_secs(5),
                first_byte: self.first_byte,
                idle: self.idle,
                call: Duration::from_mins(2),
                drain: self.drain,
                retries: self.retries,
            },
            pace: PaceSettings { burst: self.burst, longest_wait: Duration::from_secs(30) },
            circuit: CircuitRule { failures: self.circuit_failures, open_for: Duration::from_mins(1) },
            prices: self.prices.clone(),
            models: self.models.clone(),
            pressure: self.pressure,
            prompt_cache: true,
            prompt_cache_refresh: false,
            reply_cache: self.reply_cache,
            compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
            batches: self.batches,
            batch_look: LOOK,
        }
    }
}

pub(crate) struct Scene {
    pub(crate) sim: SimHandle,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gateway: Gateway,
    pub(crate) job: Claimed,
    pub(crate) setting: Setting,
    pub(crate) folder: TempDir,
}

pub(crate) fn limits(day: i64) -> Limits {
    Limits {
        hour_usd: Nanodollars::from_dollars(1_000),
        day_usd: Nanodollars::new(day),
        month_usd: Nanodollars::from_dollars(1_000),
        week_hours: 168,
        job_usd: Nanodollars::from_dollars(1_000),
        requests_per_minute: 60_000,
        input_tokens_per_minute: 100_000_000,
        output_tokens_per_minute: 100_000_000,
        max_input_tokens: 10_000,
        max_output_tokens: 1_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 100,
    }
}

pub(crate) fn store(folder: &Path, limits: &Limits, clock: &Arc<dyn Clock>) -> Arc<dyn Store> {
    let options = SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock: clock.clone(),
        limits: limits.clone(),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(clock.now(), 1),
        boot: BootId::new(clock.now(), 2),
    };
    Arc::new(SqliteStore::open(options).expect("a store"))
}

pub(crate) async fn scene(script: &str, day: i64) -> Scene {
    Setting { limits: limits(day), ..Setting::script(script) }.scene().await
}

pub(crate) async fn claimed(store: &dyn Store, clock: &dyn Clock) -> Claimed {
    let job = NewJob {
        id: JobId::new(clock.now(), 3),
        agent: "tester".into(),
        action: "test".into(),
        payload: Json::null(),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: Nanodollars::from_dollars(1_000_000),
        tags: vec!["night".into()],
        after: Vec::new(),
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
    };
    store.enqueue(job).await.expect("taken in");
    let claim = Claim {
        agents: vec![anvil_store::ReadyAgent {
            name: "tester".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(3),
    };
    store.claim(claim).await.expect("a claim").pop().expect("the job")
}

pub(crate) fn ask(job: &Claimed, position: u32, text: &str) -> Ask {
    Ask {
        asker: Asker::Job(JobAsker { lease: job.lease, agent: "tester".into(), attempt: 1, position }),
        terms: Terms {
            tags: job.job.tags.clone(),
            priority: Priority::Normal,
            since: job.job.created_at,
            effort: Effort::Standard,
            by_score: None,
            floor: None,
            max_input_tokens: None,
            max_output_tokens: None,
            task_budget: false,
            sharers: None,
            economy: false,
        },
        request: Request {
            system: None,
            messages: vec![Message {
                role: Role::User,
                content: vec![ContentBlock::Text { text: text.to_owned() }],
            }],
            tools: Vec::new(),
            effort: None,
            max_output_tokens: Some(200),
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        },
        request_hash: [7; 32],
        text: None,
        fresh: false,
    }
}

/// The error of a call that was answered with one, or that waits because of it. What the account's trouble keeps
/// back is let go on.
pub(crate) async fn told(store: &dyn Store, end: CallEnd) -> Result<Reply, CallError> {
    let wait = match end {
        CallEnd::Answered { answer, .. } => return answer,
        CallEnd::Park(wait) => wait,
        end => panic!("{end:?}"),
    };
    store.account_answers("a test goes on").await.expect("ended");
    let kinds = [
        CallErrorKind::InvalidRequest,
        CallErrorKind::OverBudget,
        CallErrorKind::RateLimited,
        CallErrorKind::Overloaded,
        CallErrorKind::Upstream,
        CallErrorKind::UnknownOutcome,
    ];
    let page = store.ledger(UpstreamKind::Simulated, None, 1).await.expect("the ledger");
    let detail = page.first().and_then(|call| call.detail.clone()).unwrap_or_default();
    let kind = kinds.into_iter().find(|kind| kind.name() == detail).expect("an error's kind");
    Err(CallError { kind, message: wait.detail, retry_after_ms: None, request_sent: true })
}

impl Scene {
    pub(crate) async fn call(&self, position: u32) -> CallEnd {
        self.gateway.call(ask(&self.job, position, "Say something.")).wait().await
    }

    pub(crate) async fn last(&self) -> CallRecord {
        self.store.calls(self.job.job.id).await.expect("calls").pop().expect("a call")
    }

    pub(crate) fn billed(&self) -> Nanodollars {
        let bill = serde_json::to_value(self.sim.bill()).expect("a bill");
        Nanodollars::new(bill["nano_dollars"].as_i64().expect("a number"))
    }

    /// Waits until no call is under way.
    pub(crate) async fn idle(&self) {
        let idle = async {
            while self.gateway.report().in_flight > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), idle).await.expect("idle in the end");
    }
}
