//! From submission to the guest's first instruction, through the binary with everything on.
//!
//! `cargo bench -p anvil --bench first_instruction`. An idle host, a guest whose first instruction is a
//! line of log; the time between the client's request and the moment at which the host hears that line.
//! Stated beside it: the time of one durable commit on the same disk in the same run.

use anvil_sandbox::testing::GuestBuilder;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const JOBS: usize = 200;
const GUEST: &str = r#"
  (data (i32.const 256) "first")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $log (i32.const 1) (i32.const 256) (i32.const 5))
    (call $done))
"#;

/// Ends the host however the bench ends.
struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(bench());
}

async fn bench() {
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a folder");
    std::fs::write(plugins.join("first.wasm"), GuestBuilder::new("first", GUEST).component())
        .expect("a plugin");
    let mut child = Command::new(env!("CARGO_BIN_EXE_anvil"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .arg("--plugins")
        .arg(&plugins)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the host starts");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    let _host = Host(child);
    let login =
        said.lines().map_while(Result::ok).find(|line| line.contains("/login?token=")).expect("a link");
    let (url, token) =
        login.trim().trim_start_matches("panel").trim().split_once("/login?token=").expect("a link");
    let http = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
    let get = async |path: String| -> Value {
        let answer = http.get(format!("{url}{path}")).bearer_auth(token).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let mut waits = Vec::new();
    for _ in 0..JOBS {
        let sent = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let job = json!({ "agent": "first", "action": "run", "payload": {} });
        let answer = http
            .post(format!("{url}/api/v1/jobs"))
            .bearer_auth(token)
            .json(&job)
            .send()
            .await
            .expect("an answer");
        let job: Value = answer.json().await.expect("JSON");
        let id = job["id"].as_str().unwrap_or_else(|| panic!("no job: {job}")).to_owned();
        let end = Instant::now() + Duration::from_secs(10);
        while get(format!("/api/v1/jobs/{id}")).await["finished_at"].is_null() {
            assert!(Instant::now() < end, "the job does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let log = get(format!("/api/v1/jobs/{id}/log")).await;
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
