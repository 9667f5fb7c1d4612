//! The contract in parts that one can hold in mind, one file each; [`Store`] sums them.

mod agents;
mod batches;
mod bulk;
mod events;
mod journal;
mod ledger;
mod limits;
mod outbox;
mod predictions;
mod questions;
mod queue;
mod reading;
mod replies;
mod schedules;
mod state;
mod team;
mod upkeep;

pub use agents::AgentStore;
pub use batches::BatchStore;
pub use bulk::BulkStore;
pub use events::EventStore;
pub use journal::JournalStore;
pub use ledger::LedgerStore;
pub use limits::LimitStore;
pub use outbox::OutboxStore;
pub use predictions::PredictionStore;
pub use questions::QuestionStore;
pub use queue::QueueStore;
pub use reading::ReadingStore;
pub use replies::ReplyStore;
pub use schedules::ScheduleStore;
pub use state::StateStore;
pub use team::TeamStore;
pub use upkeep::UpkeepStore;

use std::fmt::Debug;

/// What survives. Every operation that writes is one transaction, answered only after it is durable;
/// its events are rows of the same transaction and are published after it.
pub trait Store:
    AgentStore
    + BatchStore
    + BulkStore
    + EventStore
    + JournalStore
    + LedgerStore
    + LimitStore
    + OutboxStore
    + PredictionStore
    + QuestionStore
    + QueueStore
    + ReadingStore
    + ReplyStore
    + ScheduleStore
    + StateStore
    + TeamStore
    + UpkeepStore
    + Debug
    + 'static
{
}
