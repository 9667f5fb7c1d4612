//! Why the sandbox itself cannot work.

/// Why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// wasmtime refuses its settings; most often the address space does not hold the pool.
    #[error(
        "the WebAssembly engine does not start; lower `sandbox.memory_mb`, or take a preset with fewer agents: {0}"
    )]
    Engine(String),
    /// A thread cannot be started.
    #[error("the operating system refuses a thread; raise the limit on threads and processes: {0}")]
    Thread(#[source] std::io::Error),
    /// A folder cannot be used.
    #[error("the folder {path} cannot be used; check that it exists and may be written: {source}")]
    Folder {
        /// Which one.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl SandboxError {
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be given to `map_err`")]
    pub(crate) fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}
