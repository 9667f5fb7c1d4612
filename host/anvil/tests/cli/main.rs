//! The command line: the real binary against a host that the test plays.

mod agents;
mod alerts;
mod errors;
mod host;
mod inputs;
mod jobs;
mod money;
mod plugin_kit;
mod plugin_run;
mod samples;
mod submit;
mod tools;
