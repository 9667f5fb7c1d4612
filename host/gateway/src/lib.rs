//! The one door to Claude: admit (money and pace together), send, settle.
//!
//! Knows nothing of Wasm. Holds the API key, and nobody else does.

mod agent;
mod batch;
mod choice;
mod compression;
mod config;
mod door;
mod error;
mod flight;
#[cfg(test)]
mod fuzz;
mod gateway;
mod line;
mod pace;
mod prompt_cache;
mod proxy;
mod refresh;
mod stage;
mod upstream;
#[cfg(test)]
mod witness;

pub use agent::ask::{Ask, CallEnd, CallHandle, PROBE, Terms};
pub use config::{ApiKey, GatewayConfig, PaceSettings, Patience, Upstream};
pub use error::GatewayError;
pub use gateway::{Gateway, PaceReport};
pub use proxy::pass::{AnswerPiece, ClientAsk, PassEnd, Passing};
pub use refresh::offer::REFRESH;
pub use upstream::sign::TextSink;
