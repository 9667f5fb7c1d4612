//! A Claude that costs nothing: the Messages API on loopback, with faults on demand.
//!
//! The simulator answers as the real API does (streaming and not, with usage, prompt caching, rate limits and
//! errors) and keeps a bill of what the real API would have charged. It uses no crate of the house: its prices, its
//! tokenizer and its arithmetic are its own, so that its bill is a second opinion on the host's ledger.
//!
//! ```no_run
//! # async fn demo() -> Result<(), anvil_sim::SimError> {
//! let sim = anvil_sim::Sim::start(anvil_sim::SimConfig::default()).await?;
//! println!("point ANTHROPIC_BASE_URL at {}", sim.base_url());
//! println!("billed so far: {} nano-dollars", sim.bill().nano_dollars);
//! # Ok(()) }
//! ```
//!
//! What it adds to the API stands under `/_sim/`: `bill`, `limits`, `log`, `script`, `faults`, `latency`,
//! `batches`, `clock`, `reset`.

mod answer;
mod batch;
mod bill;
mod cache;
mod call;
mod clock;
mod config;
mod content;
mod control;
mod error;
mod events;
mod fault;
mod latency;
mod limits;
mod log;
mod marks;
mod messages;
mod models;
mod ordered;
mod playback;
mod prices;
mod prompt;
mod question;
mod refusal;
mod reply;
mod rng;
mod routes;
mod script;
mod server;
mod state;
mod tokens;
mod usage;
mod validate;
mod wire;

pub use batch::{SimBatchDoor, SimBatchFailure, SimBatchFault, SimBatchSettings, SimBatchUse};
pub use bill::{Bill, ModelBill};
pub use clock::{SimClock, SimSystemClock};
pub use config::SimConfig;
pub use error::SimError;
pub use fault::{CutPoint, Fault, FaultRule};
pub use latency::{Latency, Span};
pub use limits::{LimitUse, RateLimits};
pub use log::{LogEntry, Outcome};
pub use prices::{PRICES, SimPrice, cost_nano_dollars};
pub use script::{Repeat, Script, ScriptItem, SubScript};
pub use server::{Sim, SimHandle, serve, serve_with_clock};
pub use tokens::{MESSAGE_OVERHEAD, TOOL_OVERHEAD, count_tokens, token_pieces};
pub use usage::{SimUsage, UsageOverride};
