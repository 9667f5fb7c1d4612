//! The upstream: `anvil sim` in a process of its own, which no test kills.

use super::process::Process;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// A Claude that costs nothing and keeps a bill.
pub(crate) struct Upstream {
    url: String,
    http: reqwest::Client,
    _process: Process,
    _folder: TempDir,
}

/// What upstream has charged so far.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Bill {
    /// Requests, refused ones included.
    pub(crate) requests: u64,
    /// Requests that cost something.
    pub(crate) billed_calls: u64,
    /// What all cost.
    pub(crate) nano_dollars: i64,
    /// Requests that are being answered now.
    pub(crate) in_flight: u64,
}

impl Upstream {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts one with these settings of the simulator (TOML).
    pub(crate) async fn start_with(settings: &str) -> Self {
        let folder = TempDir::with_prefix("anvil-sim-").expect("a temporary folder");
        let file = folder.path().join("sim.toml");
        std::fs::write(&file, settings).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_anvil"));
        command.args(["sim", "--listen", "127.0.0.1:0", "--settings"]).arg(&file);
        command.env_remove("ANTHROPIC_API_KEY").env_remove("ANTHROPIC_BASE_URL");
        let mut process = Process::start(command);
        let line = process.line("ANTHROPIC_BASE_URL=", Duration::from_secs(30)).await;
        let url = line.trim().trim_start_matches("ANTHROPIC_BASE_URL=").to_owned();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url, http, _process: process, _folder: folder }
    }

    /// Where it listens, as `ANTHROPIC_BASE_URL` wants it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The bill.
    pub(crate) async fn bill(&self) -> Bill {
        serde_json::from_value(self.get("/_sim/bill").await).expect("a bill")
    }

    /// Every request that it got, oldest first.
    pub(crate) async fn log(&self) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(0, |entry| entry["index"].as_u64().expect("an index"));
            let page = self.get(&format!("/_sim/log?after={after}&limit=1000")).await;
            let items = page["items"].as_array().expect("a list");
            if items.is_empty() {
                return all;
            }
            all.extend(items.iter().cloned());
        }
    }

    /// How often each question came: the last message's first 200 characters.
    pub(crate) async fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for entry in self.log().await {
            *asked.entry(entry["question"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        asked
    }

    /// How its rate limits were used.
    pub(crate) async fn limits(&self) -> Value {
        self.get("/_sim/limits").await
    }

    /// Its time, ms since 1970.
    pub(crate) async fn now_ms(&self) -> i64 {
        self.get("/_sim/clock").await["now_ms"].as_i64().expect("a number")
    }

    /// Plays a script from its start, in place of any other.
    pub(crate) async fn script(&self, script: &Value) {
        self.post("/_sim/script", script).await;
    }

    /// Sets what goes wrong by chance.
    pub(crate) async fn faults(&self, rules: &Value) {
        self.post("/_sim/faults", rules).await;
    }

    /// Sets how long answers take.
    pub(crate) async fn latency(&self, latency: &Value) {
        self.post("/_sim/latency", latency).await;
    }

    /// Jumps its clock ahead, and lets it run this many times as fast.
    pub(crate) async fn drive(&self, ahead: Duration, rate: f64) {
        self.post("/_sim/clock", &json!({"advance_s": ahead.as_secs_f64(), "rate": rate})).await;
    }

    /// Sets how long it takes until an answer's first byte.
    pub(crate) async fn first_byte_after(&self, time: Duration) {
        self.latency(&json!({"first_byte_ms": u64::try_from(time.as_millis()).expect("a short time")})).await;
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.expect("upstream answers");
        answer.json().await.expect("JSON")
    }

    async fn post(&self, path: &str, body: &Value) {
        let answer = self.http.post(format!("{}{path}", self.url)).json(body).send().await;
        let answer = answer.expect("upstream answers");
        let status = answer.status();
        assert!(status.is_success(), "{path}: {status} {}", answer.text().await.unwrap_or_default());
    }
}
