//! A host of the bench's own: the binary with everything on, on the disk that the build is on.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest that compiling its plugins may take.
const COMPILING: Duration = Duration::from_mins(5);

fn is_setting(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"ANVIL_")
}

/// Ends the host however the bench ends.
pub(crate) struct Host {
    pub(crate) process: Child,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
    log: PathBuf,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(dead_code, reason = "each bench has what it needs")]
impl Host {
    /// Starts a host on the data and the plugins in `folder`, and waits for its link alone. Its log is `host.log` there.
    pub(crate) fn launch(folder: &Path, settings: &[(&str, String)]) -> Self {
        let log = folder.join("host.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_anvil"));
        // A setting of the bench is none of the host, and what somebody has set for a host of theirs is for that.
        for name in std::env::vars_os().map(|(name, _)| name).filter(|name| is_setting(name)) {
            command.env_remove(name);
        }
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .arg("--plugins")
            .arg(folder.join("plugins"))
            // A key that somebody has set is for other things.
            .env_remove("ANTHROPIC_API_KEY")
            .env_remove("ANTHROPIC_AUTH_TOKEN")
            .env_remove("ANTHROPIC_BASE_URL")
            .envs(settings.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the host starts");
        let said = BufReader::new(process.stdout.take().expect("piped"));
        let http = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
        let mut host = Self { process, url: String::new(), token: String::new(), http, log };
        let login = said.lines().map_while(Result::ok).find(|line| line.contains("/login?token="));
        let login = login.unwrap_or_else(|| panic!("no link: {}", host.log()));
        let (url, token) =
            login.trim().trim_start_matches("panel").trim().split_once("/login?token=").expect("a link");
        (host.url, host.token) = (url.to_owned(), token.to_owned());
        host
    }

    /// Waits until so many agents take jobs.
    pub(crate) async fn ready(&self, agents: usize) {
        let end = Instant::now() + COMPILING;
        loop {
            let shown = self.get("/api/v1/agents").await;
            let shown = shown["items"].as_array().expect("a list");
            if shown.iter().filter(|agent| agent["state"] == "ready").count() >= agents {
                return;
            }
            assert!(Instant::now() < end, "not all agents become ready: {shown:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What stands at a path of the API.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let asked = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await;
        asked.expect("an answer").json().await.expect("JSON")
    }

    /// The text that stands at a path.
    pub(crate) async fn text(&self, path: &str) -> String {
        let asked = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await;
        asked.expect("an answer").text().await.expect("a text")
    }

    /// What it answers to a body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let asked = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        asked.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// The id of a job that it takes in.
    pub(crate) async fn submit(&self, job: &Value) -> String {
        let answer = self.post("/api/v1/jobs", job).await;
        answer["id"].as_str().unwrap_or_else(|| panic!("no job: {answer}")).to_owned()
    }

    /// Its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    /// The lines of its log that say this, where it writes JSON.
    pub(crate) fn lines(&self, message: &str) -> Vec<Value> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == message).collect()
    }

    /// Bytes of its memory that are in the machine's.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("procfs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.split_whitespace().next().and_then(|size| size.parse::<u64>().ok()).expect("KiB") * 1024
    }

    /// Bytes of memory that are its own: what it has written, and compiled code, whole. That lies in files that are in memory
    /// alone, so it takes the machine's memory whether or not a page of it was looked at; [`Self::resident`] counts the
    /// pages that were, and those of the program's own file, and goes on growing with each that is first run.
    #[allow(dead_code, reason = "each bench uses its part")]
    pub(crate) fn own_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("procfs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a size");
        let written =
            line.split_whitespace().next().and_then(|size| size.parse::<u64>().ok()).expect("KiB") * 1024;
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.process.id())).expect("procfs");
        let mut code = std::collections::BTreeMap::new();
        for map in maps.lines().filter(|map| map.contains("/memfd:anvil-code")) {
            let mut parts = map.split_whitespace();
            let hex = |text: &str| u64::from_str_radix(text, 16).expect("an address");
            let (from, to) = parts.next().and_then(|span| span.split_once('-')).expect("a span");
            let offset = parts.nth(1).map(hex).expect("an offset");
            let file = parts.nth(1).expect("a file").to_owned();
            let end = offset + hex(to) - hex(from);
            let whole: &mut u64 = code.entry(file).or_default();
            *whole = end.max(*whole);
        }
        written + code.values().sum::<u64>()
    }

    /// Stops it in order, as a service manager does.
    pub(crate) fn stop(mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
        let end = self.process.wait().expect("it ends");
        assert!(end.success(), "{end}: {}", self.log());
    }
}
