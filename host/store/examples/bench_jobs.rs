//! Jobs through the queue: taken in, claimed and finished, with nothing done in between; beside BullMQ.
//!
//! `cargo run --release -p anvil-store --features bench --example bench_jobs -- [FOLDER] [JOBS]`

use anvil_budget::Windows;
use anvil_store::{Claim, Finish, QueueStore, ReadyAgent, SqliteOptions, SqliteStore};
use anvil_types::{
    BootId, Clock, HostId, JobId, Json, Limits, Nanodollars, NewJob, Priority, SystemClock, UpstreamKind,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SLOTS: u32 = 10;
const SUBMITTERS: u32 = 64;

fn open(folder: &Path, jobs: u32) -> SqliteStore {
    let clock = Arc::new(SystemClock::new());
    let now = clock.now();
    let much = Nanodollars::from_dollars(1_000_000);
    let limits = Limits {
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
        agents_max: SLOTS,
        // Some places are kept for critical jobs.
        queue_max: jobs + jobs / 100 + 1,
    };
    SqliteStore::open(SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits,
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(now, 1),
        boot: BootId::new(now, 1),
    })
    .expect("the store opens")
}

async fn submit(store: &Arc<SqliteStore>, jobs: u32) {
    let payload: Json = serde_json::json!({ "text": "x".repeat(190) }).to_string().parse().expect("JSON");
    let tasks = (0..SUBMITTERS).map(|submitter| {
        let (store, payload) = (store.clone(), payload.clone());
        tokio::spawn(async move {
            let now = SystemClock::new().now();
            for number in (submitter..jobs).step_by(SUBMITTERS as usize) {
                let job = NewJob {
                    id: JobId::new(now, number.into()),
                    agent: "nothing".into(),
                    action: "run".into(),
                    payload: payload.clone(),
                    priority: Priority::Normal,
                    run_at: None,
                    idempotency_key: None,
                    max_cost: Nanodollars::from_dollars(1),
                    tags: Vec::new(),
                    after: Vec::new(),
                    schedule: None,
                    inputs: Vec::new(),
                    economy: None,
                    upstream: UpstreamKind::Simulated,
                };
                store.enqueue(job).await.expect("taken in");
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
}

fn claim(most: u32) -> Claim {
    Claim {
        agents: vec![ReadyAgent {
            name: "nothing".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(1),
    }
}

/// Each slot goes on as a host's does: a job's end takes the next one along.
async fn work(store: &Arc<SqliteStore>, jobs: u32) {
    let claimed = store.claim(claim(SLOTS)).await.expect("a claim works");
    let slots = claimed.into_iter().map(|first| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut next, mut done) = (Some(first), 0);
            while let Some(claimed) = next {
                let end = Finish::Succeeded { result: Json::null() };
                next = store.finish_and_claim(claimed.lease, end, claim(1)).await.expect("current").pop();
                done += 1;
            }
            done
        })
    });
    let mut done = 0;
    for slot in slots.collect::<Vec<_>>() {
        done += slot.await.expect("no panic");
    }
    assert_eq!(done, jobs);
}

/// BullMQ beside it, on the same disk in the same run. Where a part of it is missing, it says how to install it, and
/// the bench fails: a figure without its peer says nothing.
fn peer(folder: &Path, jobs: u32) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/bench/bullmq_peer.mjs");
    let folder = tempfile::TempDir::new_in(folder).expect("a folder");
    let mut node = std::process::Command::new("node");
    let numbers = [jobs, SUBMITTERS, SLOTS].map(|number| number.to_string());
    let ended = node.arg(script).arg(folder.path()).args(numbers).status();
    let status =
        ended.unwrap_or_else(|error| panic!("node is missing ({error}): apt-get install nodejs npm"));
    assert!(status.success(), "BullMQ was not measured: {status}");
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let jobs: u32 = args.next().map_or(20_000, |jobs| jobs.parse().expect("a number of jobs"));
    let folder = tempfile::TempDir::new_in(folder).expect("a folder");
    let store = Arc::new(open(folder.path(), jobs));
    let rate = |began: Instant| f64::from(jobs) / began.elapsed().as_secs_f64();
    let began = Instant::now();
    submit(&store, jobs).await;
    println!("{SUBMITTERS} submitters: {:.0} jobs/s taken in", rate(began));
    let began = Instant::now();
    work(&store, jobs).await;
    println!("{SLOTS} slots: {:.0} jobs/s claimed and finished", rate(began));
    drop(store);
    peer(folder.path(), jobs);
}
