//! Message Batches: calls of jobs that are in no hurry, together and at half price.
//!
//! A call's money is held and its request kept in one step ([`gather`]); its job is parked. One task ([`batcher`]) makes
//! batches of what waits, durably before anything is sent, sends each once ([`send`]), looks how they stand ([`watch`]) and
//! ends each call by its line of the results ([`results`], [`item`]). Where nobody knows whether the upstream has a batch
//! it is looked for ([`search`]), and never sent again.

pub(crate) mod batcher;
mod body;
pub(crate) mod gather;
mod item;
mod lines;
mod release;
mod results;
mod search;
mod send;
pub(crate) mod terms;
mod watch;
mod wire;
