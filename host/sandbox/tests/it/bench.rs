//! A sandbox with one plugin in it.

use anvil_sandbox::testing::{Answer, GuestBuilder, Recorder, hostile, small_engine, small_limits};
use anvil_sandbox::{
    AttemptEnd, AttemptLimits, CancellationToken, Catalog, CatalogSettings, CompileCommand, KeepRule,
    LimitsOf, Plugin, Ran, Sandbox, SandboxSettings,
};
use anvil_types::{Json, SystemClock};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Handle;

/// A sandbox and a catalog over folders of their own.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) catalog: Catalog,
    pub(crate) folders: TempDir,
}

impl Bench {
    /// With these guests in the plugins folder.
    pub(crate) async fn with(guests: &[GuestBuilder]) -> Self {
        Self::holding(guests.iter().map(GuestBuilder::component).collect()).await
    }

    /// With these files in the plugins folder.
    pub(crate) async fn holding(files: Vec<Vec<u8>>) -> Self {
        let folders = tempfile::tempdir().unwrap();
        let plugins = folders.path().join("drop");
        std::fs::create_dir(&plugins).unwrap();
        for (index, bytes) in files.into_iter().enumerate() {
            let file = plugins.join(format!("{index}.wasm"));
            std::fs::write(&file, bytes).unwrap();
            age(&file);
        }
        Self::over(folders).await
    }

    /// Over folders that are there already.
    pub(crate) async fn over(folders: TempDir) -> Self {
        let settings =
            SandboxSettings { engine: small_engine(), guest_threads: SandboxSettings::guest_threads() };
        let sandbox = Sandbox::new(settings, Handle::current()).unwrap();
        let catalog = Catalog::start(sandbox.clone(), catalog_settings(folders.path())).unwrap();
        catalog.settled().await;
        Self { sandbox, catalog, folders }
    }

    /// Over folders that are there already, compiled by `compile`; not yet loaded.
    pub(crate) async fn starting(folders: TempDir, compile: CompileCommand) -> Self {
        let settings =
            SandboxSettings { engine: small_engine(), guest_threads: SandboxSettings::guest_threads() };
        let sandbox = Sandbox::new(settings, Handle::current()).unwrap();
        let settings = CatalogSettings { compile, ..catalog_settings(folders.path()) };
        let catalog = Catalog::start(sandbox.clone(), settings).unwrap();
        catalog.ready().await;
        Self { sandbox, catalog, folders }
    }

    /// Ends it, and keeps its folders.
    pub(crate) fn end(self) -> TempDir {
        let Self { sandbox, catalog, folders } = self;
        drop((sandbox, catalog));
        folders
    }

    /// With the guest of this name.
    pub(crate) async fn of(name: &str) -> Self {
        Self::with(&[hostile(name)]).await
    }

    pub(crate) fn plugin(&self, name: &str) -> Arc<Plugin> {
        self.catalog.get(name).unwrap_or_else(|| panic!("{name} is not there: {:#?}", self.catalog.agents()))
    }

    /// Runs the agent of this name.
    pub(crate) async fn run(&self, name: &str, host: &Arc<Recorder>, limits: AttemptLimits) -> AttemptEnd {
        self.measure(name, host, limits).await.end
    }

    /// The same, with what it has used.
    pub(crate) async fn measure(&self, name: &str, host: &Arc<Recorder>, limits: AttemptLimits) -> Ran {
        let never = CancellationToken::new();
        let host = Arc::clone(host);
        self.sandbox.run(&self.plugin(name), "run", &Json::of("x"), host, limits, &never).await
    }
}

/// What the tests' catalogs are built with.
pub(crate) fn catalog_settings(folders: &Path) -> CatalogSettings {
    CatalogSettings {
        supervisor: anvil_types::Supervisor::new(),
        plugins: folders.join("drop"),
        data: folders.join("data"),
        max_file_bytes: 1024 * 1024,
        compile: CompileCommand::InProcess,
        compile_time: Duration::from_mins(1),
        compile_memory_bytes: 1024 * 1024 * 1024,
        compiled_bytes: 1 << 30,
        keep: KeepRule { versions: 0, bytes: 0 },
        may_call: std::collections::HashMap::new(),
        payloads: anvil_types::PerAgent::default(),
        describe: AttemptLimits {
            of: LimitsOf::Description,
            wall_time: Duration::from_mins(1),
            cpu_time: Duration::from_millis(500),
            ..small_limits()
        },
        clock: Arc::new(SystemClock::new()),
    }
}

/// A host that replies at once.
pub(crate) fn host() -> Arc<Recorder> {
    Arc::new(Recorder::new(7, Answer::Reply(Duration::ZERO)))
}

/// Makes a file look as if it had been there for long, so that it need not settle.
pub(crate) fn age(file: &Path) {
    let open = std::fs::File::options().write(true).open(file).unwrap();
    open.set_modified(std::time::SystemTime::now() - Duration::from_mins(1)).unwrap();
}

/// The kind under which an attempt broke.
pub(crate) fn broke(end: &AttemptEnd) -> &str {
    match end {
        AttemptEnd::Broke(error) => &error.kind,
        other => panic!("it should have broken a limit: {other:?}"),
    }
}

/// The result as JSON text.
pub(crate) fn result(end: &AttemptEnd) -> &str {
    match end {
        AttemptEnd::Succeeded { result, .. } => result.as_str(),
        other => panic!("it should have succeeded: {other:?}"),
    }
}
