//! Why a file is no plugin.

use crate::CompileError;

/// Why a file in the plugins folder is not loaded: a sentence for the one who put it there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is too large.
    #[error("has {size} bytes; a plugin has at most {limit} (`sandbox.max_file_bytes`)")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// It has no bytes.
    #[error("is empty")]
    Empty,
    /// It does not begin as WebAssembly does.
    #[error("is not a WebAssembly file")]
    NotWasm,
    /// It is native code that some wasmtime compiled.
    #[error(
        "is compiled code, which is never loaded from the plugins folder; put the `.wasm` there that it was compiled from"
    )]
    Precompiled,
    /// It is a core module.
    #[error(
        "is a core module, not a component; build it for `wasm32-wasip2`, or make a component of it with `wasm-tools component new`"
    )]
    CoreModule,
    /// It ends too early, or its inside does not hold together.
    #[error("is incomplete or damaged: {0}")]
    Damaged(String),
    /// It uses the asynchronous component ABI.
    #[error(
        "uses component-model async, which this host does not offer; build it with plain functions (`--sync` in componentize-qjs, no `async func` in its WIT)"
    )]
    NeedsAsync,
    /// It imports what there is not.
    #[error(
        "imports `{import}`, which this host does not offer; a plugin has `anvil:agent@0.1.0` and an empty WASI 0.2 world"
    )]
    UnofferedImport {
        /// The interface or function.
        import: String,
    },
    /// It does not export the agent's interface.
    #[error("does not export `anvil:agent/agent-api@0.1.0`, so it is no agent; {found}")]
    MissingExport {
        /// What it exports instead.
        found: String,
    },
    /// It was built against another version of the contract.
    #[error("was built for `{found}`; this host offers `{expected}`")]
    OtherVersion {
        /// What there is.
        expected: String,
        /// What it wants.
        found: String,
    },
    /// A function has another type.
    #[error(
        "has another `{function}` than the contract: {at} is expected to be {expected}, found {found}; build it against this host's wit/"
    )]
    Differs {
        /// The function, with its interface.
        function: String,
        /// The place within the function's type.
        at: String,
        /// What the contract says.
        expected: String,
        /// What the file says.
        found: String,
    },
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It wants more from its start than any guest gets.
    #[error("wants more than this host gives to a plugin: {0}")]
    TooDemanding(String),
    /// It fits the contract but cannot be linked.
    #[error("cannot be linked: {0}")]
    Link(String),
    /// Its `describe` broke a limit or trapped.
    #[error("cannot describe itself: {0}")]
    Describe(String),
    /// What it says of itself does not hold.
    #[error("describes itself wrongly: {0}")]
    Description(String),
    /// The host failed.
    #[error("could not be loaded by fault of the host: {0}")]
    Host(String),
}
