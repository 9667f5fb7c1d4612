//! Why there are as many slots as there are.

use crate::{Bucket, Timestamp};
use std::fmt;

/// Why there are as many slots as there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScaleReason {
    /// As many as the load wants.
    Enough,
    /// More, since all were busy while jobs waited.
    Busy {
        /// How many waited.
        waiting: u64,
    },
    /// Fewer, since most had nothing to do.
    Idle,
    /// The limits on their number moved.
    Limits,
    /// Jobs wait, and there are as many slots as there may be.
    Most,
    /// No more, or fewer: the pace can feed no more agents.
    Pace {
        /// The limit that they would use up.
        limit: PaceLimit,
    },
    /// A change has to wait until this time, so that slots don't come and go.
    Cooldown {
        /// When it may come.
        until: Timestamp,
    },
}

/// A limit a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceLimit {
    /// What it limits.
    pub bucket: Bucket,
    /// The pool of models that share it; none for what counts over all pools.
    pub pool: Option<String>,
}

impl fmt::Display for ScaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enough => f.write_str("as many as the work needs"),
            Self::Busy { waiting: 1 } => f.write_str("more, since all were busy and a job waited"),
            Self::Busy { waiting } => write!(f, "more, since all were busy and {waiting} jobs waited"),
            Self::Idle => f.write_str("fewer, since most had nothing to do"),
            Self::Limits => f.write_str("moved with agents_min and agents_max"),
            Self::Most => f.write_str("jobs wait, and this is the most that agents_max allows"),
            Self::Pace { limit } => write!(f, "more agents would only wait for {limit}"),
            Self::Cooldown { .. } => f.write_str("the next change waits, so that slots do not come and go"),
        }
    }
}

impl fmt::Display for PaceLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.bucket {
            Bucket::Requests => "requests a minute",
            Bucket::InputTokens => "input tokens a minute",
            Bucket::OutputTokens => "output tokens a minute",
        })?;
        self.pool.as_ref().map_or(Ok(()), |pool| write!(f, " ({pool})"))
    }
}
