//! What becomes of a request before its flight: plain functions, which a face calls in their order. A request is shortened
//! first, since model and marks are chosen by what is sent; and it is marked before a model is chosen for it, since what is in a
//! model's cache decides what it would cost there. It is known to the cache of replies by what was asked, in the guest's own words.

pub(crate) mod choose;
pub(crate) mod compress;
pub(crate) mod follow;
pub(crate) mod mark;
pub(crate) mod replies;
pub(crate) mod twins;
