//! What becomes of a request before its flight: plain functions, which a face calls in their order. A request is marked
//! before a model is chosen for it, since what is in a model's cache decides what it would cost there.

pub(crate) mod choose;
pub(crate) mod follow;
pub(crate) mod mark;
pub(crate) mod replies;
pub(crate) mod twins;
