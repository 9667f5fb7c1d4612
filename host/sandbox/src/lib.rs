//! The sandbox: wasmtime, the catalog of plugins, and a fresh store for each attempt.
//!
//! Knows nothing of HTTP, SQL or money: what a guest may ask goes through [`JobHost`].

mod host;

pub use host::{GuestIdentity, JobHost, Stop};
