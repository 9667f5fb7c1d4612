//! What goes wrong with a compilation.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a component is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CompileError {
    /// The compiler refuses it.
    #[error("cannot be compiled: {0}")]
    Refused(String),
    /// It takes too long.
    #[error("takes longer than {0:?} to compile, the limit (`sandbox.compile_s`)")]
    Time(Duration),
    /// It takes too much time on processors.
    #[error("takes more than {0:?} of processors' time to compile, the limit")]
    Cpu(Duration),
    /// It takes too much memory.
    #[error("takes more than {0} MiB of memory to compile, the limit (`sandbox.compile_memory_mb`)")]
    Memory(u64),
    /// The compiler itself cannot be run, or did not come to an end of its own.
    #[error("could not be compiled: {0}")]
    Run(String),
}
