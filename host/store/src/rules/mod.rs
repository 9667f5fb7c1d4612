//! What is decided in a transaction, by noun. A rule sees a [`Tx`](tx::Tx) and no type of a database library, and
//! stands once.

pub(crate) mod agent_use;
pub(crate) mod agents;
pub(crate) mod alerts;
pub(crate) mod apart;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod duties;
pub(crate) mod events;
pub(crate) mod hosts;
pub(crate) mod jobs;
pub(crate) mod money;
pub(crate) mod part;
pub(crate) mod policy;
pub(crate) mod predictions;
pub(crate) mod questions;
pub(crate) mod reload;
pub(crate) mod replies;
pub(crate) mod retention;
pub(crate) mod schedules;
pub(crate) mod state;
pub(crate) mod team;
pub(crate) mod tx;
pub(crate) mod versions;
