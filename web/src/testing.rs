//! A host with everything but a Claude, for the tests: a store in a folder of its own, one agent
//! (`quiet`, with the action `run`) that succeeds at once, and an upstream where nobody listens.

use crate::tests::described::{Side, check};
use crate::{Token, WebConfig, WebState, router};
use anvil_budget::{CircuitRule, PressureSteps, PriceTable, Windows, default_models};
use anvil_control::{Control, ControlParts, ControlSettings, PlanSettings, PlannedHost, PlannedPreset};
use anvil_gateway::{ApiKey, Gateway, GatewayConfig, PaceSettings, Patience, Upstream};
use anvil_runner::{Runner, RunnerParts, RunnerSettings};
use anvil_sandbox::testing::{GuestBuilder, small_engine, small_limits};
use anvil_sandbox::{Catalog, CatalogSettings, CompileCommand, Sandbox, SandboxSettings};
use anvil_store::testing::{claim_of, hold_request, new_job};
use anvil_store::{
    HoldDecision, HoldRequest, PromptForm, Retention, Settlement, SettlementOutcome, SqliteOptions,
    SqliteStore, Store,
};
use anvil_types::{
    Asker, BootId, CacheEffect, CallId, Clock, Compressed, DrivenClock, HostId, InputLimits, JobId, Lease,
    LimitsPatch, Nanodollars, PerAgent, StateSize, Supervisor, SystemClock, Tier, UpstreamKind, Usage,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

/// The token of every test.
pub(crate) const TOKEN: &str = "open-sesame";
/// The most bytes of a body.
pub(crate) const MAX_BODY: usize = 4_096;
/// How much of files a job may come with.
pub(crate) const INPUTS: InputLimits = InputLimits { files: 3, file_bytes: 400_000, bytes: 600_000 };

/// The host and its faces.
pub(crate) struct Scene {
    pub(crate) state: WebState,
    /// The store behind it, for what no face can do.
    pub(crate) store: Arc<dyn Store>,
    /// Who keeps the host's tasks alive.
    pub(crate) supervisor: Supervisor,
    /// `data` and `plugins` are in it.
    pub(crate) folder: TempDir,
    router: Router,
    _stop: watch::Sender<bool>,
}

/// How a host is made.
pub(crate) struct Making {
    /// Its clock; the same where it can be driven.
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) driven: Option<Arc<DrivenClock>>,
    /// Who compiles its plugins.
    pub(crate) compile: CompileCommand,
    /// Its plugins folder.
    pub(crate) plugins: Plugins,
}

/// How a plugins folder is at the start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugins {
    /// All that is in it is loaded, or refused.
    Settled,
    /// It is listed, and nothing of it loaded.
    Listed,
    /// It is gone before it was ever listed.
    Gone,
}

impl Default for Making {
    fn default() -> Self {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        Self {
            clock: clock.clone(),
            driven: Some(clock),
            compile: CompileCommand::InProcess,
            plugins: Plugins::Settled,
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("readable"))
    }
}

impl Scene {
    /// A host with the simulator's kind of upstream.
    pub(crate) async fn new() -> Self {
        Self::made(Making::default()).await
    }

    /// The same, made otherwise.
    pub(crate) async fn made(making: Making) -> Self {
        let folder = TempDir::new().expect("a folder");
        let supervisor = Supervisor::new();
        let (control, store) = control(&folder, making, &supervisor).await;
        let (stop, stopped) = watch::channel(false);
        let config = WebConfig {
            token: Token::new(TOKEN),
            listen: "127.0.0.1:8420".parse().expect("an address"),
            public_url: None,
            allowed_hosts: vec!["anvil.example".to_owned()],
            max_body_bytes: MAX_BODY,
            upstream: UpstreamKind::Simulated,
        };
        let state = WebState::new(Arc::new(control), config, stopped);
        Self { router: router(state.clone()), state, store, supervisor, _stop: stop, folder }
    }

    /// Sends a request as it is; the `Host` is this server's.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        request.headers_mut().entry("host").or_insert("127.0.0.1:8420".parse().expect("a value"));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 8 << 20).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, text };
        if answer.status.is_success()
            && answer.header("content-type") == "application/json"
            && answer.header("content-encoding").is_empty()
        {
            check(self, Side::Answer, &method, &path, &answer.text);
        }
        answer
    }

    /// Sends JSON with the token.
    pub(crate) async fn api(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let answer = self.send(request).await;
        if answer.status.is_success() && !body.is_empty() {
            check(self, Side::Request, &method, path.split('?').next().unwrap_or(path), body);
        }
        answer
    }

    /// Asks for something with the token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api(Method::GET, path, "").await
    }

    /// The cookie of a session, as a browser sends it.
    pub(crate) async fn cookie(&self) -> String {
        let request = Request::get(format!("/login?token={TOKEN}")).body(Body::empty()).expect("a request");
        let answer = self.send(request).await;
        answer.header("set-cookie").split(';').next().expect("a cookie").to_owned()
    }

    /// A call of an agent that has cost so much, in nano-dollars; unknown where nobody knows.
    pub(crate) async fn spend(&self, agent: &str, model: &str, nano: i64, known: bool) -> CallId {
        let call = self.hold(agent, model, nano).await;
        self.settle(call, nano, known, CacheEffect::default()).await;
        call
    }

    /// A call for which the prompt cache did something.
    pub(crate) async fn spend_cached(&self, agent: &str, nano: i64, cache: CacheEffect) -> CallId {
        let call = self.hold(agent, "claude-haiku-5-5", nano).await;
        self.settle(call, nano, true, cache).await;
        call
    }

    /// A call whose prompt was sent shorter.
    pub(crate) async fn spend_compressed(&self, agent: &str, nano: i64, compressed: Compressed) -> CallId {
        let call = self.hold(agent, "claude-haiku-5-5", nano).await;
        let form = PromptForm { form: "f".to_owned(), compressed: Some(compressed) };
        self.end(call, nano, true, CacheEffect::default(), Some(form)).await;
        call
    }

    /// Submits a job of an agent that is not there, so that nobody else takes it, and takes it.
    pub(crate) async fn ghost(&self, number: u128) -> Lease {
        let id = JobId::new(self.state.control.clock.now(), number);
        self.store.enqueue(new_job(id, "ghost", "run")).await.expect("taken in");
        self.store.claim(claim_of("ghost")).await.expect("a claim").pop().expect("the job").lease
    }

    async fn hold(&self, agent: &str, model: &str, nano: i64) -> CallId {
        let now = self.state.control.clock.now();
        let cost = Nanodollars::new(nano);
        let id =
            CallId::new(now, u128::from(now.micros().unsigned_abs()) << 20 | u128::from(nano.unsigned_abs()));
        let asker = Asker::Host { name: agent.to_owned().into() };
        let request = HoldRequest {
            tags: vec!["one".to_owned(), "=two,".to_owned()],
            tier_asked: Tier::Sonnet,
            tier_given: Tier::Sonnet,
            model: model.to_owned(),
            price_row: "row@2026-10-07".to_owned(),
            ..hold_request(id, asker, cost + Nanodollars::new(1))
        };
        let held = self.store.hold(request).await.expect("a hold is decided");
        assert!(matches!(held, HoldDecision::Granted { .. }), "{held:?}");
        id
    }

    async fn settle(&self, call: CallId, nano: i64, known: bool, cache: CacheEffect) {
        self.end(call, nano, known, cache, None).await;
    }

    async fn end(
        &self,
        call: CallId,
        nano: i64,
        known: bool,
        cache: CacheEffect,
        compression: Option<PromptForm>,
    ) {
        let cost = Nanodollars::new(nano);
        let usage =
            Usage { input_tokens: 1_200, output_tokens: 340, cache_read_tokens: 7, ..Usage::default() };
        let outcome = if known {
            SettlementOutcome::Usage { usage, cost }
        } else {
            SettlementOutcome::Unknown { usage, cost }
        };
        let detail = Some("end_turn".to_owned());
        let settlement =
            Settlement { call, outcome, detail, model: None, cache, compression, journal: None, keep: None };
        self.store.settle(settlement).await.expect("it settles");
    }

    /// Sends a form as the panel's own pages do.
    pub(crate) async fn form(&self, path: &str, pairs: &str) -> Answer {
        let request = Request::post(path)
            .header("cookie", self.cookie().await)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(pairs.to_owned()))
            .expect("a request");
        self.send(request).await
    }
}

async fn control(folder: &TempDir, making: Making, supervisor: &Supervisor) -> (Control, Arc<dyn Store>) {
    let Making { clock: shared, driven, compile, plugins: folder_is } = making;
    let data = folder.path().join("data");
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a folder");
    std::fs::write(plugins.join("quiet.wasm"), GuestBuilder::quiet("quiet").component()).expect("a plugin");
    let options = SqliteOptions {
        supervisor: supervisor.clone(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: data.clone(),
        clock: shared.clone(),
        limits: crate::panel::sample_limits().limits,
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(shared.now(), 1),
        boot: BootId::new(shared.now(), 2),
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).expect("a store"));
    let gateway =
        Gateway::start(gateway(supervisor.clone()), store.clone(), shared.clone()).await.expect("a gateway");
    let settings = SandboxSettings { engine: small_engine(), guest_threads: 1 };
    let sandbox = Sandbox::new(settings, tokio::runtime::Handle::current()).expect("a sandbox");
    let catalog = CatalogSettings {
        supervisor: supervisor.clone(),
        plugins: plugins.clone(),
        data,
        max_file_bytes: 1 << 20,
        compile,
        compile_time: Duration::from_mins(1),
        compile_memory_bytes: 1 << 30,
        compiled_bytes: 1 << 30,
        keep: anvil_sandbox::KeepRule { versions: 5, bytes: 1 << 30 },
        may_call: std::collections::HashMap::new(),
        payloads: anvil_types::PerAgent::default(),
        describe: small_limits(),
        clock: shared.clone(),
    };
    let catalog = Catalog::start(sandbox.clone(), catalog).expect("a catalog");
    match folder_is {
        Plugins::Settled => catalog.settled().await,
        Plugins::Listed => catalog.ready().await,
        // Before the watch has its first turn.
        Plugins::Gone => std::fs::remove_dir_all(&plugins).expect("a folder is removed"),
    }
    let parts = RunnerParts {
        supervisor: supervisor.clone(),
        settings: settings_of_runner(),
        store: store.clone(),
        gateway: gateway.clone(),
        sandbox,
        catalog: catalog.clone(),
        clock: shared.clone(),
    };
    let runner = Runner::start(parts).await.expect("a runner");
    let parts = ControlParts {
        settings: settings_of_control(),
        store: store.clone(),
        gateway,
        catalog,
        clock: shared,
        driven,
        supervisor: supervisor.clone(),
        runner,
    };
    (Control::start(&parts), store)
}

fn gateway(supervisor: Supervisor) -> GatewayConfig {
    let short = Duration::from_secs(1);
    GatewayConfig {
        supervisor,
        upstream: Upstream {
            kind: UpstreamKind::Simulated,
            base_url: "http://127.0.0.1:1".to_owned(),
            api_key: Some(ApiKey::new("simulated")),
        },
        patience: Patience {
            connect: short,
            first_byte: short,
            idle: short,
            call: short,
            drain: short,
            retries: 0,
        },
        pace: PaceSettings { burst: 1, longest_wait: short },
        circuit: CircuitRule { failures: 5, open_for: Duration::from_mins(1) },
        prices: Arc::new(PriceTable::built_in()),
        models: default_models().clone(),
        pressure: PressureSteps::USUAL,
        prompt_cache: false,
        prompt_cache_refresh: false,
        reply_cache: None,
        compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
        batches: None,
        batch_look: Duration::from_mins(1),
    }
}

fn settings_of_runner() -> RunnerSettings {
    RunnerSettings {
        upstream: UpstreamKind::Simulated,
        back_off: Duration::from_secs(1),
        lease: Duration::from_secs(30),
        heartbeat: Duration::from_secs(10),
        calls: 10,
        task_budget: true,
        calls_at_once: 2,
        hard_slots: 12,
        scale_cooldown: Duration::from_mins(5),
        attempt: small_limits(),
        questions: anvil_store::testing::question_rules(),
        state: state_quotas(),
        quarantine: anvil_store::QuarantineRule { traps: 3, within: Duration::from_mins(10) },
        agents: std::collections::BTreeMap::new(),
    }
}

/// How much an agent keeps at most in these tests.
fn state_quotas() -> PerAgent<StateSize> {
    let all = StateSize { keys: 10, bytes: 1_000 };
    PerAgent::same(all)
}

/// A host that is planned, and one preset.
fn plan_settings() -> PlanSettings {
    let own = PlannedHost {
        limits: crate::panel::sample_limits().limits,
        hard_slots: 12,
        cooldown: Duration::from_mins(5),
        burst: 5,
        longest_wait: Duration::from_secs(30),
        pressure: PressureSteps::USUAL,
        models: default_models().clone(),
        prices: Arc::new(PriceTable::built_in()),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        prompt_cache: true,
    };
    PlanSettings { presets: vec![PlannedPreset { name: "max-200".to_owned(), host: own.clone() }], own }
}

fn settings_of_control() -> ControlSettings {
    let sources = LimitsPatch::NAMES.iter().map(|name| ((*name).to_owned(), "preset max-200".to_owned()));
    ControlSettings {
        upstream: UpstreamKind::Simulated,
        pressure: PressureSteps::USUAL,
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
        inputs: PerAgent::same(INPUTS),
        attempts: PerAgent::same(3),
        uploads: std::env::temp_dir(),
        plan: plan_settings(),
        limit_sources: sources.collect(),
    }
}
