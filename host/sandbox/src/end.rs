//! How an attempt ends.

use crate::Stop;
use anvil_types::{JobError, Json};

/// What the failure of a guest begins with whose result is no JSON.
pub const RESULT_NOT_JSON: &str = "the agent's result cannot be taken";

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    /// The guest gave a result.
    Succeeded {
        /// The result.
        result: Json,
        /// What else the guest said: names and JSON.
        extras: Vec<(String, String)>,
    },
    /// The guest says that it failed; the kind is its own word, or `bad-reply` where its result is no
    /// JSON. Untrusted text, bounded in length.
    Failed(JobError),
    /// The guest broke a limit or trapped. The kind is one of [`BreachKind`]'s names.
    Broke(JobError),
    /// The attempt was stopped by no fault of the guest.
    Stopped(Stop),
}

/// By which name an attempt broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreachKind {
    /// More time on a processor than it may take.
    CpuTime,
    /// More time by the wall than it may take.
    WallTime,
    /// More memory than it may have.
    Memory,
    /// More table elements than it may have.
    Table,
    /// Recursion beyond its stack.
    Stack,
    /// A trap of its own: `unreachable`, an access out of bounds, a division by zero.
    Trap,
    /// It called `exit` instead of returning.
    Exit,
    /// It speaks in lines, and not as the protocol of lines has it.
    Protocol,
    /// A value that crosses into the host is larger than it may be.
    HostcallSize,
    /// More host resources than it may hold.
    Resources,
    /// It could not be started.
    Instantiate,
    /// It called the host while it described itself.
    NoHost,
    /// A fault of the host.
    Internal,
}

impl BreachKind {
    /// Whether a breach of this name says something against the plugin: not what the host failed at, and not time by the
    /// wall, which a busy machine uses up too.
    pub fn is_of_the_plugin(name: &str) -> bool {
        ![Self::WallTime, Self::Internal].iter().any(|kind| kind.name() == name)
    }

    /// The name in a job's error.
    pub fn name(self) -> &'static str {
        match self {
            Self::CpuTime => "cpu-time",
            Self::WallTime => "wall-time",
            Self::Memory => "memory",
            Self::Table => "table",
            Self::Stack => "stack",
            Self::Trap => "trap",
            Self::Exit => "exit",
            Self::Protocol => "protocol",
            Self::HostcallSize => "hostcall-size",
            Self::Resources => "resources",
            Self::Instantiate => "instantiate",
            Self::NoHost => "no-host",
            Self::Internal => "internal",
        }
    }
}

/// A limit that a guest broke, as it travels through wasmtime as the error of a host function.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {message}", kind.name())]
pub struct Breach {
    /// Which one.
    pub kind: BreachKind,
    /// For people: the bound, and what to do.
    pub message: String,
}

impl Breach {
    pub(crate) fn new(kind: BreachKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Breach> for JobError {
    fn from(breach: Breach) -> Self {
        Self { kind: breach.kind.name().to_owned(), message: breach.message }
    }
}
