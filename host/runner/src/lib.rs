//! Takes jobs from the queue and runs them: claims, attempts, retries, parks.
//!
//! [`Runner`] implements the sandbox's `JobHost` over the gateway and the store. It knows nobody who serves people: what
//! they ask, `control` asks of its narrow handle.

mod agents;
mod allowance;
mod attempt;
mod bounds;
mod desk;
mod dispatch;
mod ending;
mod fallen;
mod files;
mod inputs;
mod journal;
mod limit_use;
mod live_text;
mod log_buffer;
mod parents;
mod payload;
mod plugin_alerts;
mod rehearsal;
mod run;
mod runner;
mod scaling;
mod settings;
mod shared;
mod smoke;
mod stand_in;
mod state_question;
mod stopped;
mod stopping;
mod suspects;
mod team;
mod team_run;
mod then;
mod trial;
mod versions;

pub use limit_use::JobUse;
pub use payload::{PayloadRefusal, check_payload, check_payload_quickly, in_turn};
pub use rehearsal::{Asked, Past, Rehearsed};
pub use runner::{Pool, RunnerParts};
pub use settings::{AgentSettings, RunnerSettings};
pub use shared::Runner;
pub use stand_in::{StandIn, TrialStep};
pub use trial::{Trial, TrialEnd, TrialJob};
pub use versions::put_in_force;
