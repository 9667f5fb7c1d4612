//! Prompts that jobs will probably ask again are kept in their models' caches, where that pays: shortly before one is gone
//! from there it is asked once more, for one token.
//!
//! Such a call is the host's own, under a name of its own, and goes by the one way of all calls. It waits for nothing: where it
//! could not go out at once, or money is short, it is given up.

mod again;
pub(crate) mod offer;
mod runs;
pub(crate) mod task;
pub(crate) mod waiting;
