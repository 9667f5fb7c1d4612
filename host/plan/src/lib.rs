//! A month that is planned: what limits and work come to, by the host's own decisions.
//!
//! Admission, pace, throttle, slots, the choice of a tier and prompt caching are the functions that the gateway, the runner and
//! the store decide by (`anvil-budget`, `anvil-pace`); here they are asked by a queue of events in place of tokio, HTTP and
//! SQLite, so that a month passes in seconds. There is no second formula of what they decide.
//!
//! Knows neither store, gateway nor runner, asks nobody, and keeps nothing.

mod answer;
mod binds;
mod cached;
mod call;
mod chance;
mod clock;
mod compare;
mod counts;
mod engine;
mod error;
#[cfg(test)]
mod foresight;
mod happened;
mod host;
mod kept;
mod kind;
mod measured;
mod money;
mod predict;
#[cfg(test)]
mod tests;
mod waits;

pub use answer::{answer, given};
pub use compare::{DayPast, Prediction, figures};
pub use engine::Wanted;
pub use error::PlanError;
pub use happened::{AgentDay, Arrivals, DayFacts, TookCounts, facts};
pub use host::{PlannedHost, PlannedPreset};
pub use kept::{Kept, KeptError};
pub use kind::{MOST_CALLS, MOST_KINDS};
pub use measured::{MOST_MEASURED, measured};
pub use money::UsedUp;
pub use predict::ComingDays;
pub use waits::HostMoment;
