//! The sandbox against hostile guests, and the catalog against hostile files.
#![expect(clippy::unwrap_used, reason = "a test fails where it panics")]

mod ahead;
mod bench;
mod catalog;
mod coming;
mod compiling;
mod contract;
mod fairness;
mod features;
mod files;
mod guests;
mod inputs;
mod limits;
mod programs;
mod versions;
mod world;
