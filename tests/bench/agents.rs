//! What agents cost a host: how soon it is ready, how long a job waits for its instance, and what each that waits in a
//! call holds.
//!
//! `cargo bench -p anvil --bench agents`, after `make agents`: the six agents that come along, in four languages, in the
//! binary with everything on. A job's wait is the host's own word (`sandbox=debug` in its log): from when it asks for an
//! instance until its guest begins in it, whether that was made ahead or is made for it. Readiness is from the process's start to the moment at which the last agent takes jobs.

mod host;
mod load;

use host::Host;
use load::load;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Starts of a host whose agents were compiled before.
const STARTS: usize = 15;
/// Instances of each agent, one after the other, and again as many together.
const JOBS: usize = 300;
/// Guests in a call at once, beside a first one.
const HELD: u64 = 200;
/// Slots while many jobs are done together.
const SLOTS: u32 = 4;
const MOST: Duration = Duration::from_mins(5);

/// An agent that comes along, and a job for it.
struct Agent {
    name: &'static str,
    language: &'static str,
    action: &'static str,
    payload: Value,
}

impl Agent {
    fn job(&self) -> Value {
        json!({ "agent": self.name, "action": self.action, "payload": self.payload })
    }
}

fn agents() -> [Agent; 6] {
    let agent = |name, language, action, payload| Agent { name, language, action, payload };
    let file = |path, content| json!({ "files": [{ "path": path, "content": content }] });
    [
        agent("code-generator", "Rust", "generate", json!({ "requirements": "Adds two numbers." })),
        agent("feature-team", "Rust", "deliver", json!({ "brief": "A page that adds two numbers." })),
        agent("requirements-analyzer", "TypeScript", "analyze", json!({ "brief": "A page that adds." })),
        agent("test-automator", "TypeScript", "generate-tests", file("add.js", "export const add = 1;")),
        agent("documentation-generator", "Go", "generate-docs", file("main.go", "package main")),
        agent("design-architect", "Python", "design", json!({ "requirements": "- R1: It adds." })),
    ]
}

fn main() {
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(bench(folder.path()));
}

async fn bench(folder: &Path) {
    let all = agents();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("agents, {cores} cores, synchronous=FULL, at a load of {} when this began", load());
    for agent in &all {
        alone(folder, agent);
    }
    put(&folder.join("all"), &all);
    readiness(&folder.join("all"), "the six agents", all.len()).await;
    let python = all.iter().find(|agent| agent.language == "Python").expect("one of them");
    readiness(&folder.join(python.name), "the one in Python alone", 1).await;
    for agent in &all {
        instances(&folder.join(agent.name), agent).await;
    }
    for agent in &all {
        held(&folder.join(agent.name), agent).await;
    }
}

/// A folder for a host that has this agent alone.
fn alone(folder: &Path, agent: &Agent) {
    put(&folder.join(agent.name), std::slice::from_ref(agent));
}

/// Puts agents into a plugins folder, as old files: none of them is a copy under way.
fn put(folder: &Path, agents: &[Agent]) {
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins).expect("a folder");
    for agent in agents {
        let file = format!("{}.wasm", agent.name);
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dist").join(&file);
        let bytes =
            fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}: make agents", built.display()));
        let to = plugins.join(file);
        fs::write(&to, bytes).expect("a plugin");
        let written = fs::File::options().append(true).open(to).expect("it is there");
        written.set_modified(SystemTime::now() - Duration::from_hours(1)).expect("a time");
    }
}

fn settings(more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("ANVIL_PRESET", "unlimited-dev".to_owned()),
        ("ANVIL_LOG", "info,sandbox=debug".to_owned()),
        ("ANVIL_LOG_FORMAT", "json".to_owned()),
        // The same job again and again, each with its calls.
        ("ANVIL_SAVING_REPLY_CACHE", "false".to_owned()),
    ];
    settings.extend(more.iter().cloned());
    settings
}

/// How soon a host is ready whose agents were compiled in an earlier life.
async fn readiness(folder: &Path, what: &str, agents: usize) {
    let host = Host::launch(folder, &settings(&[]));
    host.ready(agents).await;
    host.stop();
    let (mut answers, mut ready, mut loads) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let began = SystemTime::now();
        let host = Host::launch(folder, &settings(&[]));
        host.ready(agents).await;
        let since = |line: &Value| time(line).duration_since(began).unwrap_or_default();
        answers.extend(host.lines("ready").iter().map(since));
        let loaded: Vec<_> = host.lines("agent loaded").iter().map(since).collect();
        ready.extend(loaded.iter().max());
        let begun = host.lines("starting").first().map(since).expect("its first line");
        loads.extend(loaded.iter().max().map(|last| last.saturating_sub(begun)));
        host.stop();
    }
    println!(
        "a host with {what}, compiled before, {STARTS} starts: all ready after p50 {}, at most {}; from its first line on p50 \
         {}; it answers after p50 {} (load {})",
        millis(&mut ready, 50),
        millis(&mut ready, 100),
        millis(&mut loads, 50),
        millis(&mut answers, 50),
        load()
    );
}

/// How long a job waits for its instance: of jobs one after the other, and of many together.
async fn instances(folder: &Path, agent: &Agent) {
    let quick = [
        ("ANVIL_LIMITS_AGENTS_MIN", SLOTS.to_string()),
        ("ANVIL_LIMITS_AGENTS_MAX", SLOTS.to_string()),
        ("ANVIL_SIMULATOR_LATENCY_MS", "0".to_owned()),
        ("ANVIL_SIMULATOR_STREAM_MS_PER_TOKEN", "0".to_owned()),
        // One that leads others fails here, where it is alone.
        ("ANVIL_JOBS_MAX_ATTEMPTS", "1".to_owned()),
    ];
    let host = Host::launch(folder, &settings(&quick));
    host.ready(1).await;
    for _ in 0..JOBS {
        let id = host.submit(&agent.job()).await;
        over(&host, &[id]).await;
    }
    let alone = Starts::of(&host);
    let mut ids = Vec::new();
    for _ in 0..JOBS {
        ids.push(host.submit(&agent.job()).await);
    }
    over(&host, &ids).await;
    let together = Starts::of(&host).since(&alone);
    let mut making = took(&host.lines("a guest is instantiated ahead"));
    let making = if making.is_empty() {
        "none is made ahead".to_owned()
    } else {
        format!("making one ahead takes p50 {}", micros(&mut making, 50))
    };
    println!(
        "{} ({}): a job waits for its instance {} where jobs come one after the other; {} where {JOBS} come together; \
         {making} (load {})",
        agent.name,
        agent.language,
        alone.told(),
        together.told(),
        load()
    );
}

/// What jobs waited for their instances, in the order in which they began.
struct Starts {
    waited: Vec<Duration>,
    /// Whether each instance had been made ahead.
    ahead: Vec<bool>,
}

impl Starts {
    /// All so far.
    fn of(host: &Host) -> Self {
        let lines = host.lines("a guest is instantiated");
        assert!(!lines.is_empty(), "the log says how long jobs wait for their instances");
        let ahead = lines.iter().map(|line| line["ahead"] == true).collect();
        Self { waited: took(&lines), ahead }
    }

    /// Those after these.
    fn since(mut self, before: &Self) -> Self {
        Self {
            waited: self.waited.split_off(before.waited.len()),
            ahead: self.ahead.split_off(before.ahead.len()),
        }
    }

    fn told(&self) -> String {
        let mut waited = self.waited.clone();
        let ahead = self.ahead.iter().filter(|ahead| **ahead).count() * 100 / self.ahead.len();
        format!("p50 {}, p90 {}, {ahead} % made ahead", micros(&mut waited, 50), micros(&mut waited, 90))
    }
}

/// The times that these lines tell.
fn took(lines: &[Value]) -> Vec<Duration> {
    lines.iter().filter_map(|line| line["took_ns"].as_u64().map(Duration::from_nanos)).collect()
}

/// Waits until these jobs are over, or wait for somebody: each had its instance.
async fn over(host: &Host, ids: &[String]) {
    let end = Instant::now() + MOST;
    for id in ids {
        loop {
            let job = host.get(&format!("/api/v1/jobs/{id}")).await;
            if !job["finished_at"].is_null() || job["state"] == "parked" {
                break;
            }
            assert!(Instant::now() < end, "a job does not end: {job:#}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// What each guest holds that waits in a call.
async fn held(folder: &Path, agent: &Agent) {
    if agent.name == "feature-team" {
        // It asks others and parks; it makes no call of its own.
        return;
    }
    let slow = [
        ("ANVIL_LIMITS_AGENTS_MIN", (HELD + 2).to_string()),
        ("ANVIL_LIMITS_AGENTS_MAX", (HELD + 2).to_string()),
        ("ANVIL_SIMULATOR_LATENCY_MS", "600000".to_owned()),
    ];
    let host = Host::launch(folder, &settings(&slow));
    host.ready(1).await;
    let mut resident = Vec::new();
    for jobs in [1, HELD] {
        for _ in 0..jobs {
            host.submit(&agent.job()).await;
        }
        let wanted = if jobs == 1 { 1 } else { HELD + 1 };
        let end = Instant::now() + MOST;
        loop {
            let status = host.get("/api/v1/status").await;
            if status["pace"]["calls_in_flight"].as_u64() >= Some(wanted) {
                break;
            }
            assert!(Instant::now() < end, "not all jobs come to their call: {status:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        resident.push(host.resident());
    }
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    println!(
        "{} ({}): {HELD} in a call at once hold {:.2} MiB each beyond the first; with that one the host has {:.0} MiB (load {})",
        agent.name,
        agent.language,
        mib(resident[1].saturating_sub(resident[0]) / HELD),
        mib(resident[0]),
        load()
    );
}

/// When a line of the log was written.
fn time(line: &Value) -> SystemTime {
    let at = line["time"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()).expect("a time");
    SystemTime::UNIX_EPOCH + Duration::from_nanos(at.as_nanosecond().try_into().expect("it is after 1970"))
}

/// What so many percent stay below.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn millis(times: &mut [Duration], percent: usize) -> String {
    format!("{} ms", percentile(times, percent).as_millis())
}

fn micros(times: &mut [Duration], percent: usize) -> String {
    format!("{} µs", percentile(times, percent).as_micros())
}
