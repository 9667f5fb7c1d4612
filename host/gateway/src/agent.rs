//! The face that agents see: a request in the contract's form, a reply in it, and the job's journal.

pub(crate) mod ask;
pub(crate) mod body;
pub(crate) mod call;
mod fate;
pub(crate) mod journal;
mod options;
pub(crate) mod plan;
pub(crate) mod reply;
pub(crate) mod tried;
pub(crate) mod waits;
