//! Jobs from bulk submission to all done, through the binary with everything on, beside SqliteHuey.
//!
//! `cargo bench -p anvil --bench throughput -- [JOBS]`. An agent that asks nothing, a fresh sandbox for each
//! job, events on, `synchronous=FULL`, the default limits but for the queue's. SqliteHuey (`pip install huey`)
//! has fsync on, an empty handler and as many workers as do best for it; it runs on the same disk, before and
//! after.

mod guest;
mod host;

use guest::host_with;
use host::Host;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const JOBS: u64 = 20_000;
const HUEY_JOBS: u64 = 5_000;
const HUEY_WORKERS: [u32; 3] = [1, 2, 4];
const MOST: Duration = Duration::from_mins(5);
/// Bytes of payload, as in the peers' own benches.
const PAYLOAD: usize = 190;
const GUEST: &str = "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))";

fn main() {
    let asked = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    huey(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(anvil(folder.path(), asked.unwrap_or(JOBS)));
    huey(folder.path());
}

async fn anvil(folder: &Path, jobs: u64) {
    // Some places are kept for critical jobs.
    let queue = [("ANVIL_LIMITS_QUEUE_MAX", (jobs + jobs / 100 + 1).to_string())];
    let host = host_with(folder, "nothing", GUEST, &queue).await;
    let line = json!({ "agent": "nothing", "action": "run", "payload": { "text": "x".repeat(PAYLOAD) } });
    let body = format!("{line}\n").repeat(usize::try_from(jobs).expect("fits"));
    let (began, before) = (Instant::now(), processor(&host));
    let request = host.http.post(format!("{}/api/v1/jobs/bulk", host.url)).bearer_auth(&host.token);
    let answer =
        request.header("content-type", "application/jsonl").body(body).send().await.expect("an answer");
    let answers = answer.text().await.expect("its body");
    let taken_in = began.elapsed();
    assert_eq!(answers.lines().count() as u64, jobs, "an answer a line");
    let refused = answers.lines().find(|line| !line.contains("\"id\""));
    assert_eq!(refused, None);
    let done = loop {
        let status = host.get("/api/v1/status").await;
        assert_eq!(status["queue"]["failed"], 0, "{status}");
        if status["queue"]["succeeded"] == jobs {
            break status;
        }
        assert!(began.elapsed() < MOST, "{status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (took, used) = (began.elapsed(), processor(&host).saturating_sub(before));
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |time: Duration| jobs as f64 / time.as_secs_f64();
    println!(
        "anvil, {jobs} jobs, {} slots: {:.0} taken in a second, {:.0} a second from submission to all done, \
         {:?} of processor time each",
        done["agents"]["slots"],
        rate(taken_in),
        rate(took),
        used / u32::try_from(jobs).expect("fits")
    );
}

/// Processor time of the host so far, user and system, to the clock tick (10 ms).
fn processor(host: &Host) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", host.process.id())).expect("procfs");
    let fields = stat.rsplit_once(')').expect("a name").1;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn huey(folder: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/bench/huey_peer.py");
    for workers in HUEY_WORKERS {
        let data = folder.join("huey");
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir(&data).expect("a folder");
        let mut command = Command::new("python3");
        command.arg(script).arg(&data).arg(HUEY_JOBS.to_string()).arg(workers.to_string());
        match command.output() {
            Ok(output) if output.status.success() => print!("{}", String::from_utf8_lossy(&output.stdout)),
            // A figure without its peer says nothing.
            Ok(output) => panic!("huey was not measured: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => panic!("python3 is missing ({error}): apt-get install python3 python3-pip"),
        }
    }
}
