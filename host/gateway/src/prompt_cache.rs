//! The models' prompt caches: what of a prompt they can keep, what they have, and what is worth being kept.

pub(crate) mod caches;
pub(crate) mod habits;
pub(crate) mod lineage;
pub(crate) mod misses;
pub(crate) mod outline;
#[cfg(test)]
mod tests;
