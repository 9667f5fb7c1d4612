//! The whole thing from outside: the shipped binary with everything on, real files, real HTTP.
//!
//! Each test has a folder, a host and (where it is about money) an upstream of its own, so that all of them may run
//! beside each other. A test knows what a client knows: the REST API, the command line, the panel, and the bill of an
//! upstream that shares no code with the host. They stand by noun; what they stand on is the [`harness`].

mod alerts;
mod clients;
mod harness;
mod host;
mod jobs;
mod money;
mod panel;
mod plugins;
mod upstream;
