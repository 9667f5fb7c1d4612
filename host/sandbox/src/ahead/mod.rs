//! Instances that are made ahead of jobs, so that a job's start does not wait for the engine.
//!
//! An instance that is made ahead has run its plugin's start and nothing else, and its start has called no function of
//! the host: what it is follows from the plugin alone, and a job that takes it finds what it would have found in one of
//! its own. All that a guest sees of its host is put in its place by the job that takes it ([`Prepared::seated`]); limits
//! are those that the job has, since an instance that was made within others is not taken.
//!
//! - One of a plugin's version at most, made when a job has taken its own, and as many together as the engine has
//!   places for. These are places beside the slots of jobs. The one that has stood longest goes.
//! - Of a version that is in force, whose jobs' instances were small and made within a tick, and whose start asks
//!   nothing: [`Fitness`] knows.
//! - On the guests' slow lane, one at a time.
//! - Given back when its version is not in force any more, and when nothing has taken it for a while.

mod fitness;
mod prepared;
mod stock;

pub(crate) use fitness::Fitness;
pub(crate) use prepared::Prepared;
pub(crate) use stock::Stock;
