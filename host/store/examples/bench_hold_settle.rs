//! Hold and settle: pairs a second through the store, beside the same SQL statements run bare on the
//! same disk in the same run.
//!
//! `cargo run --release -p anvil-store --features bench --example bench_hold_settle -- [FOLDER] [SECONDS]`

use anvil_budget::Windows;
use anvil_store::bare::Bare;
use anvil_store::testing::{attempt, hold_request};
use anvil_store::{
    Claim, Enqueued, HoldDecision, HoldRequest, JournalEntry, JournalKind, JournalWrite, LedgerStore,
    QueueStore, ReadyAgent, Settlement, SettlementOutcome, SqliteOptions, SqliteStore,
};
use anvil_types::{
    BootId, CacheEffect, CallId, Clock, HostId, JobId, Json, Lease, Limits, Nanodollars, NewJob, Priority,
    SystemClock, UpstreamKind, Usage,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CALLERS: [usize; 2] = [1, 64];

fn limits() -> Limits {
    let much = Nanodollars::from_dollars(1_000_000);
    Limits {
        hour_usd: much,
        day_usd: much,
        month_usd: much,
        week_hours: 168,
        job_usd: much,
        requests_per_minute: 50,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3,
        agents_max: 10,
        queue_max: 200,
    }
}

fn open(folder: &Path) -> SqliteStore {
    let clock = Arc::new(SystemClock::new());
    let now = clock.now();
    SqliteStore::open(SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits: limits(),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(now, 1),
        boot: BootId::new(now, 1),
    })
    .expect("the store opens")
}

/// A running job for each caller.
async fn jobs(store: &SqliteStore, callers: usize) -> Vec<Lease> {
    let now = SystemClock::new().now();
    for number in 0..callers {
        let job = NewJob {
            id: JobId::new(now, number as u128),
            agent: "code-generator".into(),
            action: "generate".into(),
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
        assert!(matches!(store.enqueue(job).await, Ok(Enqueued::New(_))));
    }
    let claim = Claim {
        agents: vec![ReadyAgent {
            name: "code-generator".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: u32::try_from(callers).expect("few"),
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(1),
    };
    let claimed = store.claim(claim).await.expect("a claim works");
    assert_eq!(claimed.len(), callers);
    claimed.into_iter().map(|claimed| claimed.lease).collect()
}

fn hold_of(id: CallId, lease: Lease) -> HoldRequest {
    hold_request(id, attempt(lease, "code-generator", 0), Nanodollars::new(5_000_000))
}

fn settlement_of(id: CallId, lease: Lease) -> Settlement {
    Settlement {
        call: id,
        outcome: SettlementOutcome::Usage {
            usage: Usage { input_tokens: 1_000, output_tokens: 500, ..Usage::default() },
            cost: Nanodollars::new(3_000_000),
        },
        detail: Some("end_turn".into()),
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: Some(JournalWrite {
            lease,
            entry: JournalEntry {
                position: 0,
                kind: JournalKind::Call,
                request_hash: [7; 32],
                answer: Json::of(&"x".repeat(500)),
                at: SystemClock::new().now(),
            },
        }),
        keep: None,
    }
}

async fn through_store(folder: PathBuf, callers: usize, time: Duration) -> f64 {
    let store = Arc::new(open(&folder));
    let leases = jobs(&store, callers).await;
    let numbers = Arc::new(AtomicU64::new(1));
    let began = Instant::now();
    let mut tasks = Vec::new();
    for lease in leases {
        let (store, numbers) = (store.clone(), numbers.clone());
        tasks.push(tokio::spawn(async move {
            let clock = SystemClock::new();
            let mut pairs = 0_u32;
            while began.elapsed() < time {
                let id = CallId::new(clock.now(), numbers.fetch_add(1, Ordering::Relaxed).into());
                let held = store.hold(hold_of(id, lease)).await.expect("decided");
                assert!(matches!(held, HoldDecision::Granted { .. }));
                let settled = store.settle(settlement_of(id, lease)).await.expect("never refused");
                assert!(settled.first && settled.journalled);
                pairs += 1;
            }
            pairs
        }));
    }
    let mut pairs = 0;
    for task in tasks {
        pairs += task.await.expect("no panic");
    }
    f64::from(pairs) / began.elapsed().as_secs_f64()
}

async fn bare(folder: PathBuf, callers: usize, time: Duration) -> f64 {
    let store = open(&folder);
    let leases = jobs(&store, callers).await;
    drop(store);
    let mut bare = Bare::open(&folder).expect("the database opens");
    let clock = SystemClock::new();
    let (mut number, mut pairs) = (0_u64, 0_u32);
    let began = Instant::now();
    while began.elapsed() < time {
        let calls: Vec<_> = leases
            .iter()
            .map(|lease| {
                number += 1;
                (CallId::new(clock.now(), number.into()), *lease)
            })
            .collect();
        let holds: Vec<_> = calls.iter().map(|(id, lease)| hold_of(*id, *lease)).collect();
        let settlements: Vec<_> = calls.iter().map(|(id, lease)| settlement_of(*id, *lease)).collect();
        bare.holds(clock.now(), &holds).expect("written");
        bare.settlements(clock.now(), &settlements).expect("written");
        pairs += u32::try_from(calls.len()).expect("few");
    }
    f64::from(pairs) / began.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().map_or(3, |text| text.parse().expect("a number of seconds"));
    let time = Duration::from_secs(seconds);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!(
        "hold + settle with journal entry and events, synchronous=FULL, {cores} cores, {}",
        parent.display()
    );
    println!("{:>8} {:>16} {:>16} {:>8}", "callers", "store, pairs/s", "bare SQL, pairs/s", "ratio");
    for callers in CALLERS {
        let folder = tempfile::tempdir_in(&parent).expect("a folder");
        let store = through_store(folder.path().join("store"), callers, time).await;
        let bare = bare(folder.path().join("bare"), callers, time).await;
        println!("{callers:>8} {store:>16.0} {bare:>16.0} {:>8.2}", store / bare);
    }
}
