//! The one door to Claude: admit (money and pace together), send, settle.
//!
//! Knows nothing of Wasm. Holds the API key, and nobody else does.

mod admission;
mod ask;
mod body;
mod call;
mod config;
mod gateway;
mod outcome;
mod pace;
mod plan;
mod pressure;
mod send;
mod stream;
mod warm;

pub use ask::{Ask, Asker, CallEnd, CallHandle, JournalSlot, TextSink};
pub use config::{ApiKey, GatewayConfig, PaceSettings, Patience, Upstream};
pub use gateway::{Gateway, GatewayError, PaceReport};
