//! What an attempt leaves to be done.

use anvil_store::{Finish, NewQuestion};
use anvil_types::Wait;

/// What an attempt leaves to be done.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    Finish(Finish),
    Park(Wait),
    /// It waits for people: its question is made in the step that parks it.
    Ask(Box<PendingAsk>),
    /// The job has another owner or a final state, or is parked: nothing is ours to write.
    Leave,
}

/// A question to people that an attempt has come to.
#[derive(Clone, Debug)]
pub(crate) struct PendingAsk {
    /// The question.
    pub(crate) question: NewQuestion,
    /// The place of its answer in the job's journal.
    pub(crate) position: u32,
}
