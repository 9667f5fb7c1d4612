//! The one door to Claude: admit (money and pace together), send, settle.
//!
//! Knows nothing of Wasm. Holds the API key, and nobody else does.

mod admission;
mod ask;
mod bill;
mod blocks;
mod body;
mod breaker;
mod call;
mod class;
mod config;
mod counts;
mod fate;
mod fault;
#[cfg(test)]
mod fuzz;
mod gateway;
mod grant;
mod halves;
mod headers;
mod heard;
mod learn;
mod minute;
mod object;
mod outcome;
mod pace;
mod plan;
mod pool;
mod pressure;
mod progress;
mod quoted;
mod reading;
mod requests;
mod secrets;
mod send;
mod sse;
mod stream;
mod strikes;
mod throttle;
mod warm;
mod words;

pub use ask::{Ask, Asker, CallEnd, CallHandle, JournalSlot, PROBE, TextSink};
pub use breaker::CircuitReport;
pub use config::{ApiKey, GatewayConfig, PaceSettings, Patience, Upstream};
pub use gateway::{Gateway, GatewayError, PaceReport};
pub use headers::Bucket;
pub use pool::BucketReport;
