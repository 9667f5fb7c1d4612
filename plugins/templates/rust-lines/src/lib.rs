//! my-agent: an agent for Anvil. What it does is in `agent.rs`; `sdk.rs` is what stands between it and the host.

pub mod agent;
pub mod sdk;
