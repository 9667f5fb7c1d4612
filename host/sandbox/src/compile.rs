//! Compiling, away from the host: in a child process that can be killed.

use crate::engine::compile_config;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use wasmtime::Engine;

/// Who compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileCommand {
    /// A child process, killed past its bounds: `program args… --in FILE --out FILE --memory BYTES`.
    /// It calls [`compile_worker`] and ends with 0, or says on standard error why not.
    Child {
        /// The program, as a rule the host's own binary.
        program: PathBuf,
        /// What comes before `--in`.
        args: Vec<OsString>,
    },
    /// This process, on a thread of its own. Nothing bounds its memory: for tests and one-off checks.
    InProcess,
}

/// Why a component is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The compiler refuses it.
    #[error("cannot be compiled: {0}")]
    Refused(String),
    /// It takes too long.
    #[error("takes longer than {0:?} to compile, the limit; make it smaller")]
    Time(Duration),
    /// It takes too much memory.
    #[error("takes more than {0} MiB of memory to compile, the limit; make it smaller")]
    Memory(u64),
    /// The compiler itself cannot be run.
    #[error("the compiler cannot be run: {0}")]
    Run(String),
}

/// How much of a compiler's complaint is read.
const COMPLAINT_BYTES: u64 = 4 * 1024;

/// How a process says that memory was refused to it: Rust's allocator before it aborts, a mapping,
/// the stack of a thread.
const REFUSED_MEMORY: [&str; 3] =
    ["memory allocation of", "Cannot allocate memory", "Resource temporarily unavailable"];

/// What the compiling child does: reads `input`, compiles it, writes `output`. It lowers its own limit
/// on memory first, so that a component cannot make the compiler eat the machine.
pub fn compile_worker(input: &Path, output: &Path, memory_bytes: u64) -> Result<(), CompileError> {
    bound_memory(memory_bytes)?;
    let failed = |error: std::io::Error| CompileError::Run(error.to_string());
    let bytes = std::fs::read(input).map_err(failed)?;
    std::fs::write(output, compile_here(&bytes)?).map_err(failed)
}

/// Compiles in this process.
pub(crate) fn compile_here(bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    let engine = Engine::new(&compile_config()).map_err(|error| CompileError::Run(format!("{error:#}")))?;
    engine.precompile_component(bytes).map_err(|error| CompileError::Refused(format!("{error:#}")))
}

/// Compiles with `command`; `folder` is the host's own, for the files between host and child.
pub(crate) async fn compile(
    command: &CompileCommand,
    bytes: Vec<u8>,
    folder: &Path,
    time: Duration,
    memory_bytes: u64,
) -> Result<Vec<u8>, CompileError> {
    match command {
        CompileCommand::InProcess => {
            let compiling = tokio::task::spawn_blocking(move || compile_here(&bytes));
            match tokio::time::timeout(time, compiling).await {
                Ok(Ok(compiled)) => compiled,
                Ok(Err(error)) => Err(CompileError::Run(error.to_string())),
                Err(_) => Err(CompileError::Time(time)),
            }
        }
        CompileCommand::Child { program, args } => {
            let files = Exchange::new(folder);
            tokio::fs::write(&files.input, &bytes)
                .await
                .map_err(|error| CompileError::Run(error.to_string()))?;
            let mut command = Command::new(program);
            command
                .args(args)
                .arg("--in")
                .arg(&files.input)
                .arg("--out")
                .arg(&files.output)
                .arg("--memory")
                .arg(memory_bytes.to_string());
            // The child needs nothing of the host's environment, and must not have its API key.
            command
                .env_clear()
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .kill_on_drop(true);
            match tokio::time::timeout(time, watch(command, memory_bytes)).await {
                Ok(compiled) => compiled?,
                Err(_) => return Err(CompileError::Time(time)),
            }
            tokio::fs::read(&files.output).await.map_err(|error| CompileError::Run(error.to_string()))
        }
    }
}

async fn watch(mut command: Command, memory_bytes: u64) -> Result<(), CompileError> {
    let failed = |error: std::io::Error| CompileError::Run(error.to_string());
    let mut child = command.spawn().map_err(failed)?;
    let mut complaint = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(COMPLAINT_BYTES).read_to_end(&mut complaint).await.map_err(failed)?;
    }
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
    if REFUSED_MEMORY.iter().any(|words| complaint.contains(words)) {
        return Err(CompileError::Memory(memory_bytes / (1024 * 1024)));
    }
    if status.code().is_none() {
        return Err(CompileError::Refused(format!("the compiler was ended by {status}: {complaint}")));
    }
    Err(CompileError::Refused(complaint))
}

/// The two files that a child reads and writes; gone with this value.
struct Exchange {
    input: PathBuf,
    output: PathBuf,
}

impl Exchange {
    fn new(folder: &Path) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { input: folder.join(format!(".{name}.in")), output: folder.join(format!(".{name}.out")) }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        for file in [&self.input, &self.output] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Writable memory, not address space: allocators reserve far more of the latter than they use.
fn bound_memory(bytes: u64) -> Result<(), CompileError> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        setrlimit(Resource::Data, limit).map_err(|error| CompileError::Run(error.to_string()))?;
    }
    #[cfg(not(unix))]
    let _ = bytes;
    // Compiling is never urgent enough to slow the panel or a call.
    crate::processor::lower_priority(5);
    Ok(())
}
