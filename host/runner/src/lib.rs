//! Takes jobs from the queue and runs them: claims, attempts, retries, parks.
//!
//! [`Runner`] is what the faces (web, command line over it) stand on. It implements the sandbox's
//! `JobHost` over the gateway and the store.

mod attempt;
mod bounds;
mod cron;
mod desk;
mod dispatch;
mod ending;
mod explain;
mod fallen;
mod foreign;
#[cfg(test)]
mod fuzz;
mod import;
mod intake;
mod keeping;
mod live_text;
mod many;
mod money;
mod notes;
mod parents;
mod plugin_alerts;
mod prices;
mod probe;
mod rehearsal;
mod replay;
mod replayed;
mod runner;
mod scale;
mod scaling;
mod schedules;
mod settings;
mod shared;
mod spending;
mod stopping;
mod submission;
mod submit;
mod suspects;
mod webhooks;

pub use import::Import;
pub use intake::Bulk;
pub use prices::PriceWish;
pub use probe::ProbeError;
pub use replayed::ReplayError;
pub use runner::RunnerParts;
pub use schedules::ScheduleWish;
pub use settings::{AgentSettings, RunnerSettings};
pub use shared::Runner;
pub use stopping::Stopping;
pub use submission::{After, BulkJob, BulkTaken, Submission, SubmitError, Submitted};
pub use webhooks::{WebhookChange, WebhookError};
