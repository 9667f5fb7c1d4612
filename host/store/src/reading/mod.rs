//! Lists and sums that only read.

pub(crate) mod compressed;
pub(crate) mod days;
pub(crate) mod jobs;
pub(crate) mod ledger;
#[cfg(test)]
mod ledger_tests;
pub(crate) mod misses;
#[cfg(test)]
mod plans;
pub(crate) mod tiers;
pub(crate) mod tree;
pub(crate) mod usage;
