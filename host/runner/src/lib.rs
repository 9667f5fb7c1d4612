//! Takes jobs from the queue and runs them: claims, attempts, retries, parks.
//!
//! [`Runner`] is what the faces (web, command line over it) stand on. It implements the sandbox's
//! `JobHost` over the gateway and the store.

mod runner;
mod status;
mod submission;

pub use runner::Runner;
pub use status::{
    AgentsStatus, BrakeStatus, LimitsView, PaceStatus, QueueStatus, SpendStatus, Status, UpstreamStatus,
    WeekStatus, WindowStatus,
};
pub use submission::{FieldError, Submission, SubmitError, Submitted};
