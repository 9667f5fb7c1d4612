//! From the bytes of a file to a plugin that is ready to run.

use super::cache::Cache;
use super::kept::Kept;
use super::{CatalogSettings, digest};
use crate::bindings::{Agent, AgentPre};
use crate::component::inspect;
use crate::describe::describe;
use crate::guest::Guest;
use crate::lanes::Credit;
use crate::{CompileError, Plugin, Rejection, Sandbox, SandboxError, compile, wasi};
use anvil_types::{AgentInfo, AgentState};
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, HasSelf, Linker};

/// Compilations at once: a slow one must not make every other plugin wait.
const COMPILATIONS: usize = 2;

/// Checks, compiles, links and asks.
pub(crate) struct Loader {
    sandbox: Sandbox,
    linker: Linker<Guest>,
    settings: CatalogSettings,
    cache: Arc<Cache>,
    kept: Kept,
    compilations: Semaphore,
}

impl Loader {
    pub(crate) fn new(sandbox: Sandbox, settings: CatalogSettings) -> Result<Self, SandboxError> {
        let engine = sandbox.engine().wasmtime();
        let mut linker = Linker::new(engine);
        wasi::link(&mut linker)?;
        Agent::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(SandboxError::engine)?;
        let cache = Arc::new(Cache::open(&settings.data.join("compiled"), engine)?);
        let kept = Kept::open(&settings.data.join("plugins"))?;
        Ok(Self { sandbox, linker, settings, cache, kept, compilations: Semaphore::new(COMPILATIONS) })
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

    /// The plugin in `bytes`, which came from `file`; its bytes are kept from here on.
    pub(crate) async fn load(&self, file: &str, bytes: Vec<u8>) -> Result<Arc<Plugin>, Rejection> {
        let plugin = self.examine(file, bytes.clone()).await?;
        if let Err(error) = self.kept.put(plugin.digest(), &bytes) {
            return Err(Rejection::Host(format!("its bytes cannot be kept: {error}")));
        }
        Ok(plugin)
    }

    /// As [`load`](Self::load), without keeping the bytes.
    pub(crate) async fn examine(&self, file: &str, bytes: Vec<u8>) -> Result<Arc<Plugin>, Rejection> {
        let size = bytes.len() as u64;
        let limit = self.settings.max_file_bytes;
        if size > limit {
            return Err(Rejection::TooLarge { size, limit });
        }
        let bytes = Arc::new(bytes);
        let examined = Arc::clone(&bytes);
        // A hostile file may be slow to read or find a bug of the parser: neither may stop the host.
        let digest = tokio::task::spawn_blocking(move || inspect(&examined).map(|()| digest(&examined)))
            .await
            .map_err(|error| Rejection::Damaged(format!("the parser gave up on it: {error}")))??;
        let component = self.component(&digest, bytes).await?;
        let linked = self.linker.instantiate_pre(&component).map_err(|error| unlinked(&error))?;
        let pre = AgentPre::new(linked).map_err(|error| unlinked(&error))?;
        let credit = Arc::new(Credit::new());
        let said = describe(&self.sandbox, pre.clone(), self.settings.describe, Arc::clone(&credit)).await?;
        let info = AgentInfo {
            name: said.name,
            version: said.version.to_string(),
            summary: said.summary,
            file: file.to_owned(),
            digest,
            size,
            state: AgentState::Ready,
            reason: None,
            actions: said.actions,
            model_floor: said.model_floor,
            effort: said.effort,
            time_limit_s: said.time_limit_s,
            loaded_at: self.settings.clock.now(),
        };
        Ok(Arc::new(Plugin { info, version: said.version, credit, pre }))
    }

    async fn component(&self, digest: &str, bytes: Arc<Vec<u8>>) -> Result<Component, Rejection> {
        let _turn = self.compilations.acquire().await.expect("the semaphore is never closed");
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let settings = &self.settings;
        let code = compile::compile(
            &settings.compile,
            bytes.to_vec(),
            self.cache.folder(),
            settings.compile_time,
            settings.compile_memory_bytes,
        )
        .await
        .map_err(not_compiled)?;
        let (cache, engine, digest) =
            (Arc::clone(&self.cache), self.sandbox.engine().wasmtime().clone(), digest.to_owned());
        tokio::task::spawn_blocking(move || cache.put(&engine, &digest, &code))
            .await
            .map_err(|error| Rejection::Host(error.to_string()))?
            .map_err(|error| Rejection::TooDemanding(format!("{error:#}")))
    }

    async fn cached(&self, digest: &str) -> Result<Option<Component>, Rejection> {
        let (cache, engine, digest) =
            (Arc::clone(&self.cache), self.sandbox.engine().wasmtime().clone(), digest.to_owned());
        tokio::task::spawn_blocking(move || cache.get(&engine, &digest))
            .await
            .map_err(|error| Rejection::Host(error.to_string()))
    }
}

fn not_compiled(error: CompileError) -> Rejection {
    match &error {
        CompileError::Refused(complaint) if complaint.contains("component model async") => {
            Rejection::NeedsAsync
        }
        _ => Rejection::Compile(error),
    }
}

/// wasmtime names the import that the linker lacks.
fn unlinked(error: &wasmtime::Error) -> Rejection {
    Rejection::Link(format!("{error:#}"))
}
