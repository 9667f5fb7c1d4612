//! The sandbox: wasmtime, the catalog of plugins, and a fresh store for each attempt.
//!
//! Knows nothing of HTTP, SQL or money: what a guest may ask goes through [`JobHost`].
//!
//! [`Sandbox`] runs attempts; [`Catalog`] keeps the plugins of a folder loaded. Every limit is named
//! by the caller ([`EngineSettings`], [`AttemptLimits`], [`CatalogSettings`]).

mod ahead;
mod attempt;
mod bindings;
mod catalog;
mod compile;
mod component;
mod contract;
mod describe;
mod door;
mod end;
mod ended;
mod engine;
mod entry;
mod error;
mod fault;
mod frames;
mod gauge;
mod guest;
mod host;
mod imports;
mod lanes;
mod limiter;
mod limits;
mod lines;
mod log;
mod output;
mod plugin;
mod processor;
mod sandbox;
mod schema;
mod size;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod wall;
mod wasi;
mod world;

pub use catalog::{
    Catalog, CatalogChange, CatalogSettings, IncomingPlugin, KeepRule, KeptVersion, PayloadBound, Roster,
    files_of_agent, is_older,
};
pub use compile::{CompileCommand, CompileError, CompileTask, CompileWork, compile_worker};
pub use component::{Anatomy, DeclaredMemory, DescribeEnd, DescriptionFlaw, PluginKind, Producer, Rejection};
pub use end::{AttemptEnd, Breach, BreachKind, RESULT_NOT_JSON};
pub use engine::{EngineCount, EngineSettings, SandboxEngine};
pub use error::SandboxError;
pub use fault::PluginFault;
pub use host::{GuestIdentity, HandedOver, JobHost, Stop};
pub use limits::{AttemptLimits, LOG_LINE_BYTES, LimitsOf};
pub use plugin::Plugin;
pub use processor::lower_priority;
pub use sandbox::{Ran, Sandbox, SandboxSettings};
pub use schema::{InputSchema, PayloadFault, SchemaMiss, check_answer, each_name_once, example, read_answer};
pub use tokio_util::sync::CancellationToken;
pub use wall::{Waits, WallClock};
