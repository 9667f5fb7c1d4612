//! The face that agents see: a request in the contract's form, a reply in it, and the job's journal.

pub(crate) mod ask;
pub(crate) mod body;
pub(crate) mod call;
mod fate;
mod journal;
mod options;
mod plan;
mod reply;
mod tried;
mod waits;
