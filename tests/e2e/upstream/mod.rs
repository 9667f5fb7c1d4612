//! Upstream: its limits, its failures, and whether it answers.

mod outages;
mod pace;
mod planned;
mod probe;
