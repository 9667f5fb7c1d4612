//! What is taken out again.

pub(crate) mod prune;
pub(crate) mod removal;
pub(crate) mod wipe;
