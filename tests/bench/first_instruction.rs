//! From submission to the guest's first instruction, through the binary with everything on.
//!
//! `cargo bench -p anvil --bench first_instruction`. An idle host, a guest whose first instruction is a
//! line of log; the time between the client's request and the moment at which the host hears that line.
//! Stated beside it: the time of one durable commit on the same disk in the same run.

mod guest;
mod host;

use guest::host_with;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const JOBS: usize = 200;
const GUEST: &str = r#"
  (data (i32.const 256) "first")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $log (i32.const 1) (i32.const 256) (i32.const 5))
    (call $done))
"#;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(bench());
}

async fn bench() {
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let host = host_with(folder.path(), "first", GUEST, &[]).await;
    let mut waits = Vec::new();
    for _ in 0..JOBS {
        let sent = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let job = json!({ "agent": "first", "action": "run", "payload": {} });
        let answer = host
            .http
            .post(format!("{}/api/v1/jobs", host.url))
            .bearer_auth(&host.token)
            .json(&job)
            .send()
            .await
            .expect("an answer");
        let job: Value = answer.json().await.expect("JSON");
        let id = job["id"].as_str().unwrap_or_else(|| panic!("no job: {job}")).to_owned();
        let end = Instant::now() + Duration::from_secs(10);
        while host.get(&format!("/api/v1/jobs/{id}")).await["finished_at"].is_null() {
            assert!(Instant::now() < end, "the job does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let log = host.get(&format!("/api/v1/jobs/{id}/log")).await;
        let at = log["items"][0]["at"].as_str().expect("a line");
        let heard = at.parse::<jiff::Timestamp>().expect("a time").as_microsecond();
        let sent = i64::try_from(sent.as_micros()).expect("fits");
        waits.push(u64::try_from(heard - sent).unwrap_or(0));
    }
    waits.sort_unstable();
    let commit = commit_time(folder.path());
    let at = |percent: usize| Duration::from_micros(waits[(waits.len() - 1) * percent / 100]);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "submit to the guest's first instruction, idle host, synchronous=FULL, {cores} cores, {JOBS} jobs"
    );
    println!("  p50 {:?}   p90 {:?}   p99 {:?}", at(50), at(90), at(99));
    println!(
        "  one write and fdatasync on the same disk in the same run: p50 {commit:?}; two of them and 1 ms: {:?}",
        commit * 2 + Duration::from_millis(1)
    );
}

/// The median time of appending a page and syncing it, as a commit of the database does.
fn commit_time(folder: &std::path::Path) -> Duration {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join("commit")).expect("a file");
    let mut times: Vec<_> = (0..JOBS)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[7; 4096]).expect("written");
            file.sync_data().expect("synced");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
