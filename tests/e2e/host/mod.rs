//! The host as a process: its start, its end, its log, and what it is told wrongly.

mod bad_input;
mod crash;
mod frozen;
mod log;
mod newcomer;
mod stop;
