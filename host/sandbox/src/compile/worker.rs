//! What the compiling child does.

use super::CompileError;
use crate::Rejection;
use crate::component::{DescriptionFlaw, component};
use crate::engine::{EngineCount, compile_config};
use crate::schema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use wasmtime::Engine;

/// What a verdict begins with.
const CODE: u8 = b'C';
const REFUSED: u8 = b'R';

/// What a child is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileTask {
    /// To check a plugin against the contract, and to compile it.
    Plugin,
    /// The same, for an engine that counts fuel.
    CountedPlugin,
    /// To check the schemas in a plugin's description.
    Schemas,
}

impl CompileTask {
    /// Its name on the child's command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::CountedPlugin => "counted-plugin",
            Self::Schemas => "schemas",
        }
    }
}

impl FromStr for CompileTask {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let tasks = [Self::Plugin, Self::CountedPlugin, Self::Schemas];
        tasks.into_iter().find(|task| task.name() == text).ok_or_else(|| format!("`{text}` is no task"))
    }
}

/// What a child is told.
#[derive(Clone, Debug)]
pub struct CompileWork {
    /// What it reads.
    pub input: PathBuf,
    /// What it writes.
    pub output: PathBuf,
    /// The most memory, in bytes.
    pub memory_bytes: u64,
    /// The most time on processors.
    pub cpu: Duration,
    /// What it does.
    pub task: CompileTask,
}

/// A schema of a plugin, on its way to the child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GivenSchema {
    /// Whose it is, in a sentence.
    pub(crate) of: String,
    pub(crate) text: String,
}

/// What the compiling child does: bounds itself, reads, works, and writes what came of it. An error says
/// that it could not work; a plugin that is refused is no error.
pub fn compile_worker(task: &CompileWork) -> Result<(), CompileError> {
    bound(task)?;
    work(task)
}

/// The same in this process.
pub(super) fn work(task: &CompileWork) -> Result<(), CompileError> {
    let failed = |error: std::io::Error| CompileError::Run(error.to_string());
    let bytes = std::fs::read(&task.input).map_err(failed)?;
    let worked = std::panic::catch_unwind(|| match task.task {
        CompileTask::Plugin => compile(&bytes, EngineCount::Nothing),
        CompileTask::CountedPlugin => compile(&bytes, EngineCount::Fuel),
        CompileTask::Schemas => check(&bytes).map(|()| Vec::new()),
    });
    // A hostile file may find a bug of whoever reads it.
    let worked = worked.unwrap_or_else(|_| Err(Rejection::Damaged("the parser gave up on it".to_owned())));
    let verdict = match worked {
        Ok(code) => [&[CODE], code.as_slice()].concat(),
        Err(Rejection::Compile(error @ CompileError::Run(_))) => return Err(error),
        Err(Rejection::Host(error)) => return Err(CompileError::Run(error)),
        Err(rejection) => {
            let text =
                serde_json::to_vec(&rejection).map_err(|error| CompileError::Run(error.to_string()))?;
            [&[REFUSED], text.as_slice()].concat()
        }
    };
    std::fs::write(&task.output, verdict).map_err(failed)
}

/// What a child wrote.
pub(super) fn verdict(mut written: Vec<u8>) -> Result<Vec<u8>, Rejection> {
    match written.first() {
        Some(&CODE) => {
            written.remove(0);
            Ok(written)
        }
        Some(&REFUSED) => Err(serde_json::from_slice(&written[1..])
            .unwrap_or_else(|error| CompileError::Run(format!("its verdict is unreadable: {error}")).into())),
        _ => Err(CompileError::Run("the compiler wrote no verdict".to_owned()).into()),
    }
}

fn compile(bytes: &[u8], count: EngineCount) -> Result<Vec<u8>, Rejection> {
    let component = component(bytes)?;
    let engine =
        Engine::new(&compile_config(count)).map_err(|error| CompileError::Run(format!("{error:#}")))?;
    engine.precompile_component(&component).map_err(|error| {
        let complaint = format!("{error:#}");
        if complaint.contains("component model async") {
            return Rejection::NeedsAsync;
        }
        CompileError::Refused(complaint).into()
    })
}

fn check(bytes: &[u8]) -> Result<(), Rejection> {
    let schemas: Vec<GivenSchema> =
        serde_json::from_slice(bytes).map_err(|error| Rejection::Host(error.to_string()))?;
    schemas.iter().try_for_each(|schema| {
        schema::check(&schema.text).map_err(|why| {
            Rejection::Description(
                DescriptionFlaw::Schema,
                format!("{} is none that this host uses: {why}", schema.of),
            )
        })
    })
}

/// Bounds this process: its memory, its time on processors, and its life by the host's.
fn bound(task: &CompileWork) -> Result<(), CompileError> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let failed = |error: rustix::io::Errno| CompileError::Run(error.to_string());
        // Writable memory, not address space: allocators reserve far more of the latter than they use.
        let memory = Rlimit { current: Some(task.memory_bytes), maximum: Some(task.memory_bytes) };
        setrlimit(Resource::Data, memory).map_err(failed)?;
        let seconds = task.cpu.as_secs().max(1);
        // The soft limit tells of itself, the hard one is a kill like any other.
        setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds + 1) })
            .map_err(failed)?;
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(failed)?;
    }
    // Compiling is never urgent enough to slow the panel or a call.
    crate::processor::lower_priority(5);
    let watch = || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(1);
    };
    let watching = std::thread::Builder::new().name("anvil-parent".to_owned()).spawn(watch);
    watching.map(drop).map_err(|error| CompileError::Run(error.to_string()))
}
