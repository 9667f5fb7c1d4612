//! What web and command line ask of the host.
//!
//! [`Control`] has a handle for each noun, and each handle holds only what it needs. It stands on the runner's narrow
//! handle (take in, wake, stop, live text, how many run); the runner knows nothing of it.

mod agents;
mod alerts;
mod audit;
mod brake;
mod bulk;
mod bulk_intake;
mod checker;
mod clock;
mod control;
mod events;
mod explain;
mod foreign;
mod import;
mod intake;
mod jobs;
mod ledger;
mod limits;
mod making;
mod names;
mod parts;
mod prices;
mod probe;
mod queue;
mod replay;
mod retention;
mod room;
mod schedules;
mod scopes;
mod settings;
mod simulation;
mod status;
mod submission;
mod upload;
mod waits;
mod webhooks;

pub use agents::AgentControl;
pub use alerts::AlertControl;
pub use audit::AuditControl;
pub use brake::BrakeControl;
pub use bulk::BulkControl;
pub use bulk_intake::BulkIntake;
pub use clock::ClockControl;
pub use control::Control;
pub use events::EventControl;
pub use import::Import;
pub use intake::IntakeControl;
pub use jobs::JobControl;
pub use ledger::LedgerControl;
pub use limits::LimitControl;
pub use parts::ControlParts;
pub use prices::{PriceControl, PriceWish};
pub use probe::{ProbeControl, ProbeError};
pub use queue::QueueControl;
pub use replay::{ReplayControl, ReplayError};
pub use schedules::{ScheduleControl, ScheduleWish};
pub use scopes::ScopeControl;
pub use settings::ControlSettings;
pub use simulation::SimulationControl;
pub use status::StatusControl;
pub use submission::{After, BulkJob, BulkTaken, Submission, SubmitError, Submitted};
pub use upload::Upload;
pub use webhooks::{WebhookChange, WebhookControl, WebhookError};
