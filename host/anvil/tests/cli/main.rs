//! The command line: the real binary against a host that the test plays.

mod commands;
mod errors;
mod host;
mod submit;
