//! A real browser: Chromium, driven through chromedriver.

use super::process::Process;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// Nothing but what the page needs: no sandbox, since a container has no right to one, and no talk with the world.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];
const START: Duration = Duration::from_secs(30);

/// A browser with a profile of its own.
pub(crate) struct Browser {
    client: Client,
    driver_url: String,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts one. Where there is none, the test is skipped, and says so.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let (Some(chromium), Some(chromedriver)) = (program("chromium"), program("chromedriver")) else {
            skip(test, "there is no chromium and chromedriver (apt-get install chromium chromium-driver)");
            return None;
        };
        let profile = TempDir::with_prefix("anvil-browser-").expect("a temporary folder");
        let mut command = Command::new(chromedriver);
        command.arg("--port=0").env("HOME", profile.path());
        let mut driver = Process::start(command);
        let line = driver.line("started successfully on port ", START).await;
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        let driver_url = format!("http://127.0.0.1:{port}");
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        flags.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let Value::Object(wanted) = wanted else { unreachable!("it is written as an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&driver_url).await;
        let client = client.unwrap_or_else(|error| panic!("no browser: {error}\n{}", driver.said()));
        Some(Self { client, driver_url, _driver: driver, _profile: profile })
    }

    /// What drives it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What the pages wrote to the console since the last look: level and message.
    pub(crate) async fn console(&self) -> Vec<(String, String)> {
        let session = self.client.session_id().await.expect("the browser answers").expect("a session");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = http.post(format!("{}/session/{session}/se/log", self.driver_url));
        let answer = request.json(&json!({"type": "browser"})).send().await.expect("the driver answers");
        let answer: Value = answer.json().await.expect("JSON");
        let entries = answer["value"].as_array().unwrap_or_else(|| panic!("no log: {answer}"));
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| (text(entry, "level"), text(entry, "message"))).collect()
    }

    /// Closes it: the driver alone would leave it behind.
    pub(crate) async fn close(self) {
        self.client.close().await.expect("the browser closes");
    }
}

/// Where a program is.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Says that a test cannot run here. `tests/run` lists what was skipped; with `ANVIL_TEST_NO_SKIPS=1` it is a failure.
pub(crate) fn skip(test: &str, reason: &str) {
    let strict = std::env::var("ANVIL_TEST_NO_SKIPS").is_ok_and(|value| value == "1");
    assert!(!strict, "{test} must not be skipped, but {reason}");
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = std::env::var_os("ANVIL_TEST_SKIPS") {
        let file = OpenOptions::new().append(true).create(true).open(Path::new(&file));
        writeln!(file.expect("the list of what was skipped"), "{test}: {reason}").expect("a line is written");
    }
}
