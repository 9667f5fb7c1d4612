//! What the upstream tells of its own limits.

use anvil_types::Timestamp;
use std::time::Duration;

/// One bucket as the upstream tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldBucket {
    /// The most a minute.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When it would be full, if nobody took from it.
    pub reset: Option<Timestamp>,
}

/// What one answer told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// In the order of [`anvil_types::Bucket::ALL`].
    pub buckets: [Option<ToldBucket>; 3],
    /// For how long nothing more is to be asked.
    pub retry_after: Option<Duration>,
}
