//! Work on a stranger's bytes, away from the host: in a child process that can be killed.

mod child;
mod error;
mod worker;

pub use error::CompileError;
pub(crate) use worker::GivenSchema;
pub use worker::{CompileTask, CompileWork, compile_worker};

use crate::Rejection;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileCommand {
    /// A child process, killed past its bounds: `program args… --in FILE --out FILE --memory BYTES
    /// --cpu SECONDS --task NAME`. It calls [`compile_worker`] and ends with 0, or says on standard error
    /// why it could not work. It ends when its standard input does: then the host is gone.
    Child {
        /// The program, as a rule the host's own binary.
        program: PathBuf,
        /// What comes before `--in`.
        args: Vec<OsString>,
    },
    /// This process, on a thread of its own. Nothing bounds its memory: for tests and one-off checks.
    InProcess,
}

impl CompileCommand {
    /// A child of the program that runs now, even where its file was replaced since it began.
    pub fn this_program(args: Vec<OsString>) -> std::io::Result<Self> {
        // The name of a file that was replaced leads nowhere, or to a program with another engine.
        let itself = Path::new("/proc/self/exe");
        let program = if itself.exists() { itself.to_owned() } else { std::env::current_exe()? };
        Ok(Self::Child { program, args })
    }
}

/// What a compilation may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    pub(crate) memory_bytes: u64,
}

/// Does `task` with the file `input` by `command`. `folder` is the host's own, for the file between host
/// and child. What comes back is the compiled code; nothing of a check.
pub(crate) async fn compile(
    command: &CompileCommand,
    task: CompileTask,
    input: &Path,
    folder: &Path,
    bounds: Bounds,
) -> Result<Vec<u8>, Rejection> {
    let output = Exchange::new(folder);
    let work = CompileWork {
        input: input.to_owned(),
        output: output.0.clone(),
        memory_bytes: bounds.memory_bytes,
        cpu: bounds.cpu,
        task,
    };
    match command {
        CompileCommand::InProcess => {
            let working = tokio::task::spawn_blocking(move || worker::work(&work));
            match tokio::time::timeout(bounds.time, working).await {
                Ok(Ok(worked)) => worked?,
                Ok(Err(error)) => return Err(CompileError::Run(error.to_string()).into()),
                Err(_) => return Err(CompileError::Time(bounds.time).into()),
            }
        }
        CompileCommand::Child { program, args } => child::run(program, args, &work, bounds).await?,
    }
    let verdict = tokio::fs::read(&output.0).await.map_err(|error| CompileError::Run(error.to_string()))?;
    worker::verdict(verdict)
}

/// The file that a child writes; gone with this value.
pub(crate) struct Exchange(pub(crate) PathBuf);

impl Exchange {
    pub(crate) fn new(folder: &Path) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(".{}-{}.draft", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(folder.join(name))
    }

    /// Removes what an earlier host left when it was killed. Only its own host writes into a folder.
    pub(crate) fn sweep(folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden =
                name.starts_with('.') && [".draft", ".in", ".out"].iter().any(|end| name.ends_with(end));
            if hidden || name.contains(".tmp-") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
