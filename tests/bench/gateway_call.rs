//! What the gateway adds to a call, and what a call costs the processor.
//!
//! `cargo bench -p anvil --bench gateway_call`. The gateway and a durable store (`synchronous=FULL`) in
//! this process, the simulator in another; beside it, in the same run: the same requests sent directly,
//! and the time of one durable commit on the same disk.

use anvil_budget::{CircuitRule, PressureSteps, PriceTable, Windows, default_models};
use anvil_gateway::{ApiKey, Ask, CallEnd, Gateway, GatewayConfig, PaceSettings, Patience, Terms, Upstream};
use anvil_store::testing::{attempt, hold_request};
use anvil_store::{
    Claim, Claimed, HoldDecision, JournalEntry, JournalKind, JournalWrite, ReadyAgent, Settlement,
    SettlementOutcome, SqliteOptions, SqliteStore, Store,
};
use anvil_types::{
    Asker, BootId, CacheEffect, CallId, Clock, ContentBlock, Effort, EventKind, HostId, JobAsker, JobId,
    Json, Limits, Message, Nanodollars, NewJob, Priority, Request, Role, SystemClock, UpstreamKind, Usage,
};
use futures_util::StreamExt as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const WARM: u32 = 50;
const CALLS: u32 = 500;
const ROUNDS: u32 = 5;
const CALLERS: u32 = 64;
const TIME: Duration = Duration::from_secs(5);

/// Ends the simulator however the bench ends.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn simulator() -> (Simulator, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_anvil"))
        .args(["sim", "--listen", "127.0.0.1:0", "--latency-ms", "0", "--stream-ms-per-token", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the simulator starts");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = said.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("ANTHROPIC_BASE_URL=")).expect("its address");
    (Simulator(child), line.trim().trim_start_matches("ANTHROPIC_BASE_URL=").to_owned())
}

fn limits() -> Limits {
    let much = Nanodollars::from_dollars(1_000_000);
    Limits {
        hour_usd: much,
        day_usd: much,
        month_usd: much,
        week_hours: 168,
        job_usd: much,
        requests_per_minute: 60_000_000,
        input_tokens_per_minute: 2_000_000_000,
        output_tokens_per_minute: 2_000_000_000,
        max_input_tokens: 100_000,
        max_output_tokens: 1_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 1_000,
    }
}

async fn gateway(folder: &std::path::Path, url: &str) -> (Gateway, Arc<dyn Store>, Vec<Claimed>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.join("data"),
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
    for number in 0..CALLERS {
        let job = NewJob {
            id: JobId::new(clock.now(), number.into()),
            agent: "bench".into(),
            action: "bench".into(),
            payload: Json::null(),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: Nanodollars::from_dollars(1_000_000),
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
        agents: vec![ReadyAgent {
            name: "bench".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: CALLERS,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(1),
    };
    let jobs = store.claim(claim).await.expect("a claim");
    let long = Duration::from_secs(30);
    let config = GatewayConfig {
        supervisor: anvil_types::Supervisor::new(),
        upstream: Upstream {
            kind: UpstreamKind::Simulated,
            base_url: url.to_owned(),
            api_key: Some(ApiKey::new("simulated")),
        },
        patience: Patience {
            connect: long,
            first_byte: long,
            idle: long,
            call: long,
            drain: long,
            retries: 0,
        },
        pace: PaceSettings { burst: 1_000_000, longest_wait: long },
        circuit: CircuitRule { failures: 0, open_for: long },
        prices: Arc::new(PriceTable::built_in()),
        models: default_models().clone(),
        pressure: PressureSteps::USUAL,
        prompt_cache: false,
        prompt_cache_refresh: false,
        reply_cache: None,
        compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
        batches: None,
        batch_look: long,
    };
    let gateway = Gateway::start(config, store.clone(), clock).await.expect("a gateway");
    (gateway, store, jobs)
}

fn ask(job: &Claimed, position: u32) -> Ask {
    Ask {
        asker: Asker::Job(JobAsker { lease: job.lease, agent: "bench".into(), attempt: 1, position }),
        terms: Terms {
            tags: Vec::new(),
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
                content: vec![ContentBlock::Text { text: "Say something short.".to_owned() }],
            }],
            tools: Vec::new(),
            effort: None,
            max_output_tokens: Some(16),
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        },
        request_hash: [7; 32],
        text: None,
        fresh: false,
    }
}

async fn call(gateway: &Gateway, job: &Claimed, position: u32) {
    match gateway.call(ask(job, position)).wait().await {
        CallEnd::Answered { answer: Ok(_), .. } => {}
        other => panic!("{other:?}"),
    }
}

async fn direct(http: &reqwest::Client, url: &str) {
    let body = serde_json::json!({
        "model": "claude-sonnet-5-5", "max_tokens": 16, "stream": true,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Say something short."}]}],
    });
    let request = http
        .post(format!("{url}/v1/messages"))
        .header("x-api-key", "simulated")
        .header("anthropic-version", "2023-06-01");
    let mut stream = request.json(&body).send().await.expect("an answer").bytes_stream();
    while let Some(chunk) = stream.next().await {
        chunk.expect("no break");
    }
}

/// The median of what each of the calls takes. As a task of the runtime: what blocks on the runtime from
/// outside is woken by way of the kernel.
async fn median<F: Future<Output = ()> + Send + 'static>(
    each: impl Fn(u32) -> F + Send + 'static,
) -> Duration {
    let calls = async move {
        for number in 0..WARM {
            each(number).await;
        }
        let mut times = Vec::new();
        for number in WARM..WARM + CALLS {
            let began = Instant::now();
            each(number).await;
            times.push(began.elapsed());
        }
        times
    };
    let mut times = tokio::spawn(calls).await.expect("no panic");
    times.sort_unstable();
    times[times.len() / 2]
}

/// Processor time of this process so far, user and system, to the clock tick (10 ms).
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs");
    let fields = stat.rsplit_once(')').expect("a name").1;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

/// Calls a second of many callers, and the processor's time a call.
async fn together<F: Future<Output = ()> + Send + 'static>(
    each: impl Fn(u32, u32) -> F + Send + Sync + 'static,
) -> (f64, Duration) {
    let (each, began, before) = (Arc::new(each), Instant::now(), processor());
    let callers = (0..CALLERS).map(|caller| {
        let each = each.clone();
        tokio::spawn(async move {
            let mut calls = 0_u32;
            while began.elapsed() < TIME {
                each(caller, calls).await;
                calls += 1;
            }
            calls
        })
    });
    let calls: u32 =
        futures_util::future::join_all(callers).await.into_iter().map(|n| n.expect("no panic")).sum();
    (f64::from(calls) / began.elapsed().as_secs_f64(), processor().saturating_sub(before) / calls.max(1))
}

/// What is timed, each with its place in the rounds.
#[derive(Clone)]
struct Scene {
    http: reqwest::Client,
    url: String,
    gateway: Gateway,
    store: Arc<dyn Store>,
    jobs: Arc<Vec<Claimed>>,
}

impl Scene {
    async fn direct(&self) {
        direct(&self.http, &self.url).await;
    }

    async fn commit(&self) {
        self.store.record(EventKind::Limits).await.expect("written");
    }

    /// A hold and a settlement like those of the gateway's call, without the gateway.
    async fn hold_and_settle(&self, position: u32) {
        let (job, now) = (&self.jobs[1], SystemClock::new().now());
        let id = CallId::new(now, u128::from(position) << 32);
        let asker = attempt(job.lease, "bench", position);
        let hold = hold_request(id, asker, Nanodollars::new(1_000_000));
        let decision = self.store.hold(hold).await.expect("decided");
        assert!(matches!(decision, HoldDecision::Granted { .. }));
        self.direct().await;
        let entry = JournalEntry {
            position,
            kind: JournalKind::Call,
            request_hash: [7; 32],
            answer: Json::of(&"x".repeat(400)),
            at: now,
        };
        let settlement = Settlement {
            call: id,
            outcome: SettlementOutcome::Usage {
                usage: Usage { input_tokens: 20, output_tokens: 16, ..Usage::default() },
                cost: Nanodollars::new(200_000),
            },
            detail: Some("end_turn".into()),
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            journal: Some(JournalWrite { lease: job.lease, entry }),
            keep: None,
        };
        assert!(self.store.settle(settlement).await.expect("never refused").journalled);
    }

    /// The median of a section in this round.
    async fn time<F: Future<Output = ()> + Send + 'static>(
        &self,
        section: impl Fn(Self, u32) -> F + Send + 'static,
    ) -> Duration {
        let scene = self.clone();
        median(move |number| section(scene.clone(), number)).await
    }

    /// What one call alone takes: sent directly, and through the gateway; and what of it the commits are.
    async fn one_call(&self, round: u32) {
        let first = round * (WARM + CALLS);
        let alone = self.time(|scene, _| async move { scene.direct().await }).await;
        let through = self
            .time(move |scene, number| async move {
                call(&scene.gateway, &scene.jobs[0], first + number).await;
            })
            .await;
        let commit = self.time(|scene, _| async move { scene.commit().await }).await;
        let around = self
            .time(|scene, _| async move {
                scene.commit().await;
                scene.direct().await;
                scene.commit().await;
            })
            .await;
        let by_hand =
            self.time(move |scene, number| async move { scene.hold_and_settle(first + number).await }).await;
        let allowance = Duration::from_micros(300);
        println!(
            "  p50 direct {alone:?}, through the gateway {through:?}: adds {:?}; one commit {commit:?}, two of them \
             and 0.3 ms: {:?}",
            through.saturating_sub(alone),
            commit * 2 + allowance
        );
        println!(
            "    two commits around the call add {:?}; a hold and a settlement by hand add {:?}",
            around.saturating_sub(alone),
            by_hand.saturating_sub(alone)
        );
    }
}

#[tokio::main]
async fn main() {
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let (_simulator, url) = simulator();
    let (gateway, store, jobs) = gateway(folder.path(), &url).await;
    let http =
        reqwest::Client::builder().tcp_nodelay(true).pool_max_idle_per_host(128).build().expect("a client");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("one call, synchronous=FULL, {cores} cores, {CALLS} calls, the simulator in another process");
    let jobs = Arc::new(jobs);
    let scene = Scene { http, url, gateway, store, jobs };
    for round in 0..ROUNDS {
        scene.one_call(round).await;
    }
    let Scene { http, url, gateway, jobs, .. } = scene;
    let (client, address) = (http.clone(), url.clone());
    let (rate, processor) = together(move |_, _| {
        let (client, address) = (client.clone(), address.clone());
        async move { direct(&client, &address).await }
    })
    .await;
    println!("{CALLERS} callers, direct: {rate:.0} calls/s, {processor:?} of processor time a call");
    let (rate, processor) = together(move |caller, calls| {
        let (gateway, jobs) = (gateway.clone(), jobs.clone());
        async move { call(&gateway, &jobs[caller as usize], 100_000 + calls).await }
    })
    .await;
    println!(
        "{CALLERS} callers, through the gateway: {rate:.0} calls/s, {processor:?} of processor time a call"
    );
}
