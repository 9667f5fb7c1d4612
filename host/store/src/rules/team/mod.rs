//! Jobs that a job has other agents do.
//!
//! A task makes a job in the transaction that parks whoever asks for it, so that none is made and forgotten; by its
//! request and its occurrence the lead finds it again, however often it begins anew. What ends a job wakes its lead in
//! the same transaction, and ends what it leads itself.

pub(crate) mod follow;
pub(crate) mod hand_over;
pub(crate) mod making;
pub(crate) mod retry;
pub(crate) mod waits;
