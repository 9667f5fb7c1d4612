//! Money, from both faces.

mod brake;
mod compression;
mod ledger;
mod limits;
mod misses;
mod plan;
mod replies;
mod tiers;
