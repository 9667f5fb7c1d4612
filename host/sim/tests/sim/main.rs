//! The simulator from outside: real requests over loopback.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod api;
mod batches;
mod bill;
mod caching;
mod client;
mod clock;
mod control;
mod faults;
mod limits;
mod scripts;
mod streams;
