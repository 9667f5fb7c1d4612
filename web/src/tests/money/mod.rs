//! Money, from both faces.

mod brake;
mod ledger;
mod limits;
mod misses;
mod plan;
mod replies;
