//! A host of the bench's own: the binary with everything on, on the disk that the build is on.

use anvil_sandbox::testing::GuestBuilder;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest that compiling its one plugin may take.
const COMPILING: Duration = Duration::from_secs(30);

/// Ends the host however the bench ends.
pub(crate) struct Host {
    pub(crate) process: Child,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Host {
    /// Starts a host in `folder` whose one agent is this guest, and waits until the agent takes jobs.
    pub(crate) async fn start(folder: &Path, agent: &str, guest: &str, settings: &[(&str, String)]) -> Self {
        let plugins = folder.join("plugins");
        std::fs::create_dir(&plugins).expect("a folder");
        let file = plugins.join(format!("{agent}.wasm"));
        std::fs::write(file, GuestBuilder::new(agent, guest).component()).expect("a plugin");
        let mut process = Command::new(env!("CARGO_BIN_EXE_anvil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .arg("--plugins")
            .arg(&plugins)
            .envs(settings.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the host starts");
        let said = BufReader::new(process.stdout.take().expect("piped"));
        let http = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
        let mut host = Self { process, url: String::new(), token: String::new(), http };
        let login =
            said.lines().map_while(Result::ok).find(|line| line.contains("/login?token=")).expect("a link");
        let (url, token) =
            login.trim().trim_start_matches("panel").trim().split_once("/login?token=").expect("a link");
        (host.url, host.token) = (url.to_owned(), token.to_owned());
        let end = Instant::now() + COMPILING;
        while host.get(&format!("/api/v1/agents/{agent}")).await["state"] != "ready" {
            assert!(Instant::now() < end, "the agent does not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        host
    }

    /// What stands at a path of the API.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let asked = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await;
        asked.expect("an answer").json().await.expect("JSON")
    }
}
