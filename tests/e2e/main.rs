//! The whole thing from outside: the shipped binary with everything on, real files, real HTTP.
//!
//! Each test has a folder, a host and (where it is about money) an upstream of its own, so that all of them may run
//! beside each other. A test knows what a client knows: the REST API, the command line, the panel, and the bill of an
//! upstream that shares no code with the host.

mod alerts;
mod brake;
mod browser;
mod client_js;
mod crash;
mod downgrade;
mod errors;
mod examples;
mod files;
mod harness;
mod hostile;
mod jobs_after_jobs;
mod jobs_again;
mod jobs_empty_hour;
mod jobs_exchanged;
mod jobs_frozen;
mod jobs_full_queue;
mod jobs_kept;
mod jobs_killed;
mod jobs_many;
mod jobs_reasons;
mod jobs_replay;
mod jobs_searched;
mod jobs_stopped;
mod jobs_two_runners;
mod law;
mod log;
mod money;
mod newcomer;
mod outages;
mod pace;
mod plugins_cold;
mod plugins_folder;
mod prices;
mod probe;
mod throttle;
mod truth;
