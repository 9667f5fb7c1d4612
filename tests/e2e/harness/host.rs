//! The host: `anvil serve` in a folder of its own.

use super::agents::agent;
use super::compiled::Compiled;
use super::process::Process;
use super::rest::Rest;
use super::upstream::Upstream;
use super::wait::until;
use rustix::process::Signal;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// A start compiles the plugins, on a machine that may be busy with other tests.
const START: Duration = Duration::from_mins(3);
/// How long a host may take to stop when it is told to.
const STOP: Duration = Duration::from_secs(20);

/// A host that is being set up.
pub(crate) struct Setup {
    folder: TempDir,
    settings: Vec<(String, String)>,
    compiled_before: bool,
}

/// A host that was started, with the folder that all its files are in.
pub(crate) struct Host {
    folder: TempDir,
    settings: Vec<(String, String)>,
    /// Whether its first start goes on compiled code of other tests.
    compiled_before: bool,
    process: Option<Process>,
    rest: Option<Rest>,
}

impl Setup {
    /// A host with default settings, no agents, and the built-in simulator.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("anvil-e2e-").expect("a temporary folder");
        for part in ["plugins", "home"] {
            fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        Self { folder, settings: Vec::new(), compiled_before: false }
    }

    /// With an agent in its plugins folder.
    pub(crate) fn agent(self, name: &str) -> Self {
        self.plugin(&format!("{name}.wasm"), &agent(name))
    }

    /// With any file in its plugins folder.
    pub(crate) fn plugin(self, file: &str, bytes: &[u8]) -> Self {
        fs::write(self.folder.path().join("plugins").join(file), bytes).expect("a plugin is written");
        self
    }

    /// With a setting, by the name of its environment variable.
    #[expect(clippy::needless_pass_by_value, reason = "a number or a text, as it stands in the test")]
    pub(crate) fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Asks this upstream, which is declared to be a simulator.
    pub(crate) fn simulated_by(self, upstream: &Upstream) -> Self {
        self.set("ANVIL_UPSTREAM_KIND", "simulated").set("ANTHROPIC_BASE_URL", upstream.url())
    }

    /// With the compiled code that other tests left, and leaves its own to them: for plugins that take long to compile.
    pub(crate) fn compiled_before(mut self) -> Self {
        self.compiled_before = true;
        self
    }

    /// Starts it and waits until it has printed its link.
    pub(crate) async fn start(self) -> Host {
        let mut host = self.prepare();
        host.start().await;
        host
    }

    /// A host that does not run yet.
    pub(crate) fn prepare(self) -> Host {
        let Self { folder, settings, compiled_before } = self;
        Host { folder, settings, compiled_before, process: None, rest: None }
    }
}

impl Host {
    /// A setting from its next start on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Starts it, on the data of its earlier life if it had one.
    pub(crate) async fn start(&mut self) {
        let compiled = std::mem::take(&mut self.compiled_before).then(|| Compiled::give(&self.data()));
        self.spawn();
        self.ready().await;
        self.loaded().await;
        if let Some(compiled) = compiled {
            compiled.take(&self.data());
        }
    }

    /// Waits until every plugin of its folder has been loaded or rejected.
    pub(crate) async fn loaded(&self) {
        let rest = self.rest();
        until("all plugins are loaded", START, async || {
            let agents = rest.get("/api/v1/agents").await;
            let agents = agents["items"].as_array().expect("a list of agents").clone();
            let busy = agents.iter().any(|agent| agent["state"] == "compiling");
            (agents.len() >= self.plugin_files() && !busy).then_some(())
        })
        .await;
    }

    fn plugin_files(&self) -> usize {
        let files = std::fs::read_dir(self.plugins()).into_iter().flatten().flatten();
        files.filter(|file| file.path().extension().is_some_and(|extension| extension == "wasm")).count()
    }

    /// Starts it without waiting until it answers.
    pub(crate) fn spawn(&mut self) {
        assert!(self.process.is_none(), "the host runs already");
        self.process = Some(Process::start(self.command(["serve"])));
    }

    /// Waits until it has printed its link.
    pub(crate) async fn ready(&mut self) {
        let process = self.process.as_mut().expect("the host was started");
        let link = process.line("/login?token=", START).await;
        let (url, token) = link.trim().split_once("/login?token=").expect("it was asked for");
        let url = url.rsplit(' ').next().unwrap_or(url);
        self.rest = Some(Rest::new(url, token));
    }

    /// `kill -9`. Gives all that it said in this life.
    pub(crate) async fn kill(&mut self) -> String {
        self.rest = None;
        self.process.take().expect("the host runs").kill().await
    }

    /// SIGTERM, as a service manager stops it.
    pub(crate) async fn stop(&mut self) -> (ExitStatus, String) {
        self.rest = None;
        self.process.take().expect("the host runs").terminate(STOP).await
    }

    /// SIGTERM, and no wait for its end: another signal may follow.
    pub(crate) fn tell_to_stop(&self) {
        self.tell(Signal::TERM);
    }

    /// A signal, and no wait for what follows from it.
    pub(crate) fn tell(&self, signal: Signal) {
        self.process.as_ref().expect("the host runs").signal(signal);
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, String) {
        self.rest = None;
        self.process.take().expect("the host runs").end(STOP).await
    }

    /// SIGSTOP: the whole process stands still.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().expect("the host runs").signal(Signal::STOP);
    }

    /// SIGCONT: it goes on.
    pub(crate) fn thaw(&self) {
        self.process.as_ref().expect("the host runs").signal(Signal::CONT);
    }

    /// The memory that it has in use now (resident set), in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let id = self.process.as_ref().expect("the host runs").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("the system tells of processes");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.split_whitespace().next().and_then(|size| size.parse().ok()).expect("a number of KiB")
    }

    /// A client of it.
    pub(crate) fn rest(&self) -> &Rest {
        self.rest.as_ref().expect("the host runs")
    }

    /// All that it said in this life.
    pub(crate) fn said(&self) -> String {
        self.process.as_ref().expect("the host runs").said()
    }

    /// What it said in this life on its standard error: its log.
    pub(crate) fn logged(&self) -> String {
        self.process.as_ref().expect("the host runs").logged()
    }

    /// The folder that all its files are in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its plugins.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.folder.path().join("plugins")
    }

    /// The command line, as a person uses it beside the running host.
    pub(crate) async fn anvil(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        if let Some(rest) = &self.rest {
            command.env("ANVIL_URL", rest.url()).env("ANVIL_TOKEN", rest.token());
        }
        command.kill_on_drop(true).output().await.expect("anvil runs")
    }

    /// The binary with this host's settings and nothing else of the test's environment.
    pub(crate) fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_anvil"));
        command.args(args).env_clear().current_dir(&home).env("HOME", &home);
        command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "RUST_BACKTRACE"));
        command.env("ANVIL_DATA_DIR", self.data()).env("ANVIL_PLUGINS_DIR", self.plugins());
        command.env("ANVIL_SERVER_LISTEN", "127.0.0.1:0");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}
