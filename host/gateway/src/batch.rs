//! Message Batches: calls of jobs that are in no hurry, together and at half price.
//!
//! A call's money is held and its request kept in one step ([`gather`]); its job is parked. One task ([`batcher`]) makes
//! batches of what waits, durably before anything is sent, and has each sent once ([`creation`], [`send`]), looked after
//! ([`watch`]) and each call ended by its line of the results ([`results`], [`item`]): in tasks of their own ([`tasks`]). Where nobody knows whether the upstream has a batch
//! it is looked for ([`search`]), and never sent again.

pub(crate) mod batcher;
mod body;
mod creation;
pub(crate) mod gather;
mod item;
mod lines;
mod notices;
mod release;
mod results;
mod search;
mod send;
mod tasks;
pub(crate) mod terms;
mod vain;
mod watch;
mod wire;
