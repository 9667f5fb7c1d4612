//! Jobs: taken in, run, waiting, finished, found again.

mod after_jobs;
mod again;
mod agent_state;
mod bulk;
mod exchange;
mod feature_team;
mod feature_team_killed;
mod files;
mod full_queue;
mod inputs;
mod killed;
mod people;
mod pinned_settings;
mod reasons;
mod replay;
mod retention;
mod search;
mod team;
mod two_runners;
pub(crate) mod whole_team;
