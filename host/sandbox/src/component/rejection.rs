//! Why a file is no plugin.

use crate::CompileError;
use crate::PluginFault;
use crate::size::{Above, Size};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest sentence: what a plugin is called and imports is a stranger's text.
const SENTENCE_BYTES: usize = 2_000;

/// Why a file in the plugins folder is not loaded: a sentence for the one who put it there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Rejection {
    /// It cannot be read just now.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is something else than a file.
    #[error("is no ordinary file but {0}")]
    NoFile(String),
    /// It is too large.
    #[error(
        "has {}; a plugin has at most {} (`sandbox.plugin_file_mb`)",
        Above { size: (*size).into(), limit: (*limit).into() },
        Size::from(*limit)
    )]
    TooLarge {
        /// Its size, in bytes.
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
    /// It is a core module of which no component can be made.
    #[error(
        "is a core module of which no agent can be made: {0}; a program for `wasm32-wasip1` has a `main` and speaks in lines, and a library exports the contract's functions"
    )]
    CoreModule(String),
    /// It is a program, and asks for the contract's functions besides.
    #[error("is a program that speaks in lines, and imports `{0}`; a program makes its calls in lines alone")]
    ProgramWithImports(String),
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
    /// It cannot be compiled, or could not be.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It wants more from its start than any guest gets.
    #[error("wants more than this host gives to a plugin: {0}")]
    TooDemanding(String),
    /// It fits the contract but cannot be linked.
    #[error("cannot be linked: {0}")]
    Link(String),
    /// Its `describe` broke a limit or trapped.
    #[error("cannot describe itself: {1}")]
    Describe(DescribeEnd, String),
    /// What it says of itself does not hold.
    #[error("describes itself wrongly: {1}")]
    Description(DescriptionFlaw, String),
    /// Its `describe` had no processor for long enough.
    #[error("could not describe itself within {0:?}, since other programs took the processors")]
    Starved(Duration),
    /// The host failed.
    #[error("could not be loaded by fault of the host: {0}")]
    Host(String),
}

/// How a `describe` ended that gave no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DescribeEnd {
    /// The plugin could not be started.
    NotStarted,
    /// It called the host.
    Called,
    /// It took too long.
    Slow,
    /// It broke another limit.
    Limit,
    /// It trapped or exited.
    Trap,
    /// It speaks in lines, and not as the protocol has it.
    Protocol,
}

/// What does not hold of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DescriptionFlaw {
    /// It is too long.
    Large,
    /// A name.
    Name,
    /// The version.
    Version,
    /// There is no action.
    NoActions,
    /// There are too many.
    TooManyActions,
    /// Two actions have one name.
    DuplicateAction,
    /// A schema is no object.
    SchemaNoObject,
    /// A schema is wrong or out of its bounds.
    Schema,
    /// The model floor.
    ModelFloor,
    /// A known extra.
    Extra,
    /// It is another each time.
    Differs,
}

impl Rejection {
    /// What it is called; none where this says nothing of the file.
    pub fn fault(&self) -> Option<PluginFault> {
        Some(match self {
            Self::Unreadable(_) => PluginFault::Unreadable,
            Self::NoFile(_) => PluginFault::NoFile,
            Self::TooLarge { .. } => PluginFault::TooLarge,
            Self::Empty => PluginFault::Empty,
            Self::NotWasm => PluginFault::NotWasm,
            Self::Precompiled => PluginFault::Precompiled,
            Self::CoreModule(_) => PluginFault::CoreModule,
            Self::ProgramWithImports(_) => PluginFault::ProgramWithImports,
            Self::Damaged(_) => PluginFault::Damaged,
            Self::NeedsAsync => PluginFault::NeedsAsync,
            Self::UnofferedImport { import } if import.starts_with("wasi:http/") => PluginFault::WantsHttp,
            Self::UnofferedImport { .. } => PluginFault::UnofferedImport,
            Self::MissingExport { .. } => PluginFault::MissingExport,
            Self::OtherVersion { .. } => PluginFault::OtherVersion,
            Self::Differs { .. } => PluginFault::Differs,
            Self::Compile(CompileError::Refused(_)) => PluginFault::Compile,
            Self::Compile(CompileError::Run(_)) | Self::Starved(_) | Self::Host(_) => return None,
            Self::Compile(_) => PluginFault::CompileDear,
            Self::TooDemanding(_) => PluginFault::TooDemanding,
            Self::Link(_) => PluginFault::Link,
            Self::Describe(end, _) => match end {
                DescribeEnd::NotStarted => PluginFault::StartFails,
                DescribeEnd::Called => PluginFault::DescribeCalls,
                DescribeEnd::Slow => PluginFault::DescribeSlow,
                DescribeEnd::Limit => PluginFault::DescribeLimit,
                DescribeEnd::Trap => PluginFault::DescribeTraps,
                DescribeEnd::Protocol => PluginFault::Protocol,
            },
            Self::Description(flaw, _) => match flaw {
                DescriptionFlaw::Large => PluginFault::DescriptionLarge,
                DescriptionFlaw::Name => PluginFault::Name,
                DescriptionFlaw::Version => PluginFault::Version,
                DescriptionFlaw::NoActions => PluginFault::NoActions,
                DescriptionFlaw::TooManyActions => PluginFault::TooManyActions,
                DescriptionFlaw::DuplicateAction => PluginFault::DuplicateAction,
                DescriptionFlaw::SchemaNoObject => PluginFault::SchemaNoObject,
                DescriptionFlaw::Schema => PluginFault::Schema,
                DescriptionFlaw::ModelFloor => PluginFault::ModelFloor,
                DescriptionFlaw::Extra => PluginFault::Extra,
                DescriptionFlaw::Differs => PluginFault::DescribeDiffers,
            },
        })
    }

    /// Whether this says nothing of the file: the host could not examine it, and tries again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::Starved(_) | Self::Host(_) => true,
            Self::Compile(error) => !matches!(error, CompileError::Refused(_)),
            _ => false,
        }
    }

    /// How long to wait before the try after this many. What may be too large for this machine, and not
    /// only for this moment, is tried less and less.
    pub(crate) fn next_try(&self, tries: u32) -> Duration {
        let dear = matches!(
            self,
            Self::Starved(_)
                | Self::Compile(CompileError::Time(_) | CompileError::Cpu(_) | CompileError::Memory(_))
        );
        let (first, factor, longest): (u64, u64, u64) = if dear { (5, 3, 3_600) } else { (2, 2, 60) };
        let wait = first.saturating_mul(factor.saturating_pow(tries.saturating_sub(1)));
        Duration::from_secs(wait.min(longest))
    }

    /// The sentence, of bounded length.
    pub(crate) fn sentence(&self) -> String {
        let whole = self.to_string();
        let cut = crate::log::cut(&whole, SENTENCE_BYTES);
        if cut.len() < whole.len() { format!("{cut}…") } else { whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_could_not_do_is_tried_again_and_what_is_bad_is_not() {
        let time = CompileError::Time(Duration::from_mins(1));
        for (rejection, waits) in [
            (Rejection::Host("no space left".into()), Some([2, 4, 8, 60])),
            (Rejection::Unreadable("input/output error".into()), Some([2, 4, 8, 60])),
            (CompileError::Run("it was killed".into()).into(), Some([2, 4, 8, 60])),
            (time.into(), Some([5, 15, 45, 3_600])),
            (CompileError::Memory(1).into(), Some([5, 15, 45, 3_600])),
            (Rejection::Starved(Duration::from_secs(5)), Some([5, 15, 45, 3_600])),
            (CompileError::Refused("bad section".into()).into(), None),
            (Rejection::Description(DescriptionFlaw::Name, "its name is none".into()), None),
            (Rejection::NoFile("a named pipe".into()), None),
            (Rejection::Empty, None),
        ] {
            assert_eq!(rejection.is_passing(), waits.is_some(), "{rejection}");
            let tries = [1, 2, 3, 30].map(|tries| rejection.next_try(tries).as_secs());
            assert!(waits.is_none_or(|waits| waits == tries), "{rejection}: {tries:?}");
        }
    }

    #[test]
    fn a_sentence_about_a_strangers_text_is_bounded() {
        let long = Rejection::UnofferedImport { import: "é".repeat(1 << 20) };
        assert!(long.sentence().len() < SENTENCE_BYTES + 8);
    }
}
