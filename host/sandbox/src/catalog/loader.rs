//! From a file to a plugin that is ready to run.

use super::CatalogSettings;
use super::cache::Cache;
use super::kept::{self, Kept};
use super::plain::{Fingerprint, fingerprint};
use crate::ahead::Fitness;
use crate::compile::{Bounds, CompileTask, Exchange, GivenSchema};
use crate::component::DescriptionFlaw;
use crate::contract::Contract;
use crate::describe::{Description, SEED, describe};
use crate::entry::Entry;
use crate::lanes::Credit;
use crate::plugin::Known;
use crate::world::GuestWorld;
use crate::{CompileError, EngineCount, Plugin, Rejection, Sandbox, SandboxError, compile, wasi};
use anvil_types::{AgentInfo, AgentState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Linker};

/// A plugin of up to this many bytes never waits for the compilation of a larger one.
const SMALL: u64 = 2 * 1024 * 1024;
/// What a look at a description's schemas may take.
const SCHEMAS: Bounds =
    Bounds { time: Duration::from_secs(30), cpu: Duration::from_secs(5), memory_bytes: 256 * 1024 * 1024 };

/// Checks, compiles, links and asks.
pub(crate) struct Loader {
    sandbox: Sandbox,
    linker: Linker<GuestWorld>,
    settings: CatalogSettings,
    cache: Arc<Cache>,
    kept: Arc<Kept>,
    /// Whose turn it is to read a whole file: one at a time, since each may be as large as memory allows.
    reading: Semaphore,
    /// Whose turn it is to load compiled code: as many as there are processors.
    loading: Semaphore,
    /// Whose turn it is to compile, for small files and for large ones.
    small: Semaphore,
    large: Semaphore,
}

/// The bytes of a version on this host's own disk, where nobody changes them.
pub(crate) struct Source {
    pub(crate) print: Fingerprint,
    bytes: Bytes,
}

enum Bytes {
    /// Kept before.
    Kept(PathBuf),
    /// Copied just now; gone with this value unless it is a plugin.
    Draft(Exchange),
}

impl Source {
    fn path(&self) -> &Path {
        match &self.bytes {
            Bytes::Kept(path) => path,
            Bytes::Draft(draft) => &draft.0,
        }
    }
}

impl Loader {
    pub(crate) fn new(sandbox: Sandbox, settings: CatalogSettings) -> Result<Self, SandboxError> {
        let engine = sandbox.engine().wasmtime();
        let mut linker = Linker::new(engine);
        wasi::link(&mut linker)?;
        Contract::link_all(&mut linker).map_err(SandboxError::engine)?;
        let cache = Arc::new(Cache::open(&settings.data.join("compiled"), engine)?);
        let kept = Arc::new(Kept::open(&settings.data.join(kept::FOLDER))?);
        let turns = || Semaphore::new(1);
        let loading = Semaphore::new(processors() as usize);
        let (reading, small, large) = (turns(), turns(), turns());
        Ok(Self { sandbox, linker, settings, cache, kept, reading, loading, small, large })
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) fn settings(&self) -> &CatalogSettings {
        &self.settings
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Reads a file of the plugins folder, piece by piece, and sees to it that its bytes are kept whole.
    /// None where `unless` is its digest.
    pub(crate) async fn read(
        &self,
        file: &Path,
        unless: Option<String>,
    ) -> Result<Option<Source>, Rejection> {
        let _turn = self.reading.acquire().await.expect("the semaphore is never closed");
        let (file, limit, kept) = (file.to_owned(), self.settings.max_file_bytes, Arc::clone(&self.kept));
        blocking(move || {
            let print = fingerprint(&file, limit, None)?;
            if unless.is_some_and(|digest| digest == print.digest) && kept.intact(&print.digest).is_some() {
                return Ok(None);
            }
            if let Some(path) = kept.intact(&print.digest) {
                return Ok(Some(Source { print, bytes: Bytes::Kept(path) }));
            }
            let draft = kept.draft();
            let print = fingerprint(&file, limit, Some(&draft.0))?;
            Ok(Some(Source { print, bytes: Bytes::Draft(draft) }))
        })
        .await
    }

    /// The kept bytes of this digest; none where they are not kept whole.
    pub(crate) async fn kept_source(&self, digest: &str) -> Result<Option<Source>, Rejection> {
        let _turn = self.reading.acquire().await.expect("the semaphore is never closed");
        let (kept, digest) = (Arc::clone(&self.kept), digest.to_owned());
        blocking(move || {
            let Some(path) = kept.intact(&digest) else { return Ok(None) };
            let size = path.metadata().map_or(0, |metadata| metadata.len());
            Ok(Some(Source { print: Fingerprint { digest, size }, bytes: Bytes::Kept(path) }))
        })
        .await
    }

    /// Bytes that somebody handed over, in a file.
    pub(crate) async fn given(&self, bytes: Vec<u8>) -> Result<Source, Rejection> {
        let (size, limit) = (bytes.len() as u64, self.settings.max_file_bytes);
        if size > limit {
            return Err(Rejection::TooLarge { size, limit });
        }
        let kept = Arc::clone(&self.kept);
        blocking(move || {
            let draft = kept.draft();
            std::fs::write(&draft.0, &bytes).map_err(|error| Kept::failed(&error))?;
            let print = Fingerprint { digest: blake3::hash(&bytes).to_hex().to_string(), size };
            Ok(Source { print, bytes: Bytes::Draft(draft) })
        })
        .await
    }

    /// Whether this version is loaded without a compilation.
    pub(crate) fn is_quick(&self, digest: &str) -> bool {
        self.cache.has(digest)
    }

    /// The plugin in `source`, which came from `file`; its bytes are kept from here on.
    pub(crate) async fn load(&self, file: &str, source: Source) -> Result<Arc<Plugin>, Rejection> {
        let plugin = self.examine(file, &source).await?;
        if let Bytes::Draft(draft) = &source.bytes {
            self.kept.adopt(draft, plugin.digest()).map_err(|error| Kept::failed(&error))?;
        }
        self.kept.remember(&plugin.info).map_err(|error| Kept::failed(&error))?;
        Ok(plugin)
    }

    /// As [`load`](Self::load), without keeping the bytes.
    pub(crate) async fn examine(&self, file: &str, source: &Source) -> Result<Arc<Plugin>, Rejection> {
        let print = &source.print;
        let component = self.component(print, source.path()).await?;
        let entry = Entry::of(&self.linker, &component).map_err(|error| unlinked(&error))?;
        let entry = Arc::new(entry);
        let credit = Arc::new(Credit::new());
        // What it said when it was first loaded was checked then, and it has not changed since.
        let known = match self.kept.known(&print.digest) {
            Some(known) => known,
            None => {
                let said = describe(
                    &self.sandbox,
                    Arc::clone(&entry),
                    self.settings.describe,
                    Arc::clone(&credit),
                    SEED,
                )
                .await?;
                self.check_schemas(&said).await?;
                let info = self.info(said, file, print);
                Known::new(info).ok_or_else(|| {
                    Rejection::Description(DescriptionFlaw::Version, "its version is none".to_owned())
                })?
            }
        };
        let info =
            AgentInfo { file: file.to_owned(), loaded_at: self.settings.clock.now(), ..known.info.clone() };
        let known = Known { info: info.clone(), ..known };
        let schemas = Arc::clone(&known.schemas);
        blocking(move || {
            schemas.values().for_each(|schema| schema.prepare());
            Ok(())
        })
        .await?;
        Ok(Arc::new(Plugin { info, known: Arc::new(known), credit, entry, fitness: Fitness::default() }))
    }

    /// Asks a plugin once more what it is, with other random numbers: it says the same.
    pub(crate) async fn describes(&self, plugin: &Plugin) -> Result<(), Rejection> {
        let (entry, credit) = (Arc::clone(&plugin.entry), Arc::clone(&plugin.credit));
        let said = describe(&self.sandbox, entry, self.settings.describe, credit, SEED + 1).await?;
        let print = Fingerprint { digest: plugin.info.digest.clone(), size: plugin.info.size };
        let (name, version) = (said.name.clone(), said.version.to_string());
        let again = self.info(said, &plugin.info.file, &print);
        if (AgentInfo { loaded_at: plugin.info.loaded_at, ..again }) == plugin.info {
            return Ok(());
        }
        Err(Rejection::Description(
            DescriptionFlaw::Differs,
            format!("it says another thing of itself each time: now {name} {version}"),
        ))
    }

    fn info(&self, said: Description, file: &str, print: &Fingerprint) -> AgentInfo {
        AgentInfo {
            name: said.name,
            version: said.version.to_string(),
            summary: said.summary,
            file: file.to_owned(),
            digest: print.digest.clone(),
            size: print.size,
            state: AgentState::Ready,
            reason: None,
            actions: said.actions,
            model_floor: said.model_floor,
            effort: said.effort,
            time_limit_s: said.time_limit_s,
            tool_loop: said.tool_loop,
            may_call: Vec::new(),
            loaded_at: self.settings.clock.now(),
            instead_of: None,
        }
    }

    /// Schemas are looked at where a stranger's bytes are: in the bounded child.
    async fn check_schemas(&self, said: &Description) -> Result<(), Rejection> {
        let of = |action: &anvil_types::ActionInfo| {
            let given = |which: &str, text: &str| GivenSchema {
                of: format!("the {which} schema of `{}`", action.name),
                text: text.to_owned(),
            };
            [given("input", action.input_schema.as_str()), given("output", action.output_schema.as_str())]
        };
        let schemas: Vec<_> = said.actions.iter().flat_map(of).collect();
        let input = Exchange::new(self.cache.folder());
        let text = serde_json::to_vec(&schemas).map_err(|error| Rejection::Host(error.to_string()))?;
        tokio::fs::write(&input.0, text).await.map_err(|error| CompileError::Run(error.to_string()))?;
        let checked = compile::compile(
            &self.settings.compile,
            CompileTask::Schemas,
            &input.0,
            self.cache.folder(),
            SCHEMAS,
        );
        match checked.await {
            Ok(_) => Ok(()),
            Err(Rejection::Compile(error @ (CompileError::Cpu(_) | CompileError::Memory(_)))) => {
                tracing::debug!(%error, "schemas that take too much");
                Err(Rejection::Description(
                    DescriptionFlaw::Schema,
                    "to look at its schemas takes too much time or memory".to_owned(),
                ))
            }
            Err(rejection) => Err(rejection),
        }
    }

    async fn component(&self, print: &Fingerprint, path: &Path) -> Result<Component, Rejection> {
        if let Some(component) = self.cached(&print.digest).await? {
            return Ok(component);
        }
        let turns = if print.size <= SMALL { &self.small } else { &self.large };
        let _turn = turns.acquire().await.expect("the semaphore is never closed");
        // Another file with the same bytes may have been before this one.
        if let Some(component) = self.cached(&print.digest).await? {
            return Ok(component);
        }
        let settings = &self.settings;
        let bounds = Bounds {
            time: settings.compile_time,
            cpu: settings.compile_time.saturating_mul(processors()),
            memory_bytes: settings.compile_memory_bytes,
        };
        let folder = self.cache.folder();
        let task = match self.sandbox.engine().settings().count {
            EngineCount::Nothing => CompileTask::Plugin,
            EngineCount::Fuel => CompileTask::CountedPlugin,
        };
        let code = compile::compile(&settings.compile, task, path, folder, bounds).await?;
        let (cache, engine, digest) =
            (Arc::clone(&self.cache), self.sandbox.engine().wasmtime().clone(), print.digest.clone());
        blocking(move || {
            cache.put(&engine, &digest, &code).map_err(|error| too_demanding(&format!("{error:#}")))
        })
        .await
    }

    async fn cached(&self, digest: &str) -> Result<Option<Component>, Rejection> {
        if !self.cache.has(digest) {
            return Ok(None);
        }
        let _turn = self.loading.acquire().await.expect("the semaphore is never closed");
        let (cache, engine, digest) =
            (Arc::clone(&self.cache), self.sandbox.engine().wasmtime().clone(), digest.to_owned());
        blocking(move || Ok(cache.get(&engine, &digest))).await
    }
}

fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
) -> Result<T, Rejection> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Rejection::Host(error.to_string()))?
}

/// wasmtime names the limit of its pool that a component passes; whoever runs the host knows it by a setting.
fn too_demanding(error: &str) -> Rejection {
    let setting = if error.contains("core instance") || error.contains("core module instance") {
        "; `sandbox.instances` raises that"
    } else if error.contains("memor") {
        "; `sandbox.memory_mb` and `sandbox.instances` raise that"
    } else if error.contains("table") {
        "; `sandbox.table_elements` and `sandbox.instances` raise that"
    } else {
        ""
    };
    Rejection::TooDemanding(format!("{error}{setting}"))
}

/// wasmtime names the import that the linker lacks, or the limit of its pool.
fn unlinked(error: &wasmtime::Error) -> Rejection {
    let text = format!("{error:#}");
    if text.contains("exceeds") || text.contains("limit") {
        too_demanding(&text)
    } else {
        Rejection::Link(text)
    }
}
