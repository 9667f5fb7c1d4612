//! What jobs wait for.

use anvil_budget::{LimitName, WindowKind};
use anvil_pace::LineHead;
use anvil_types::words::{PaceLimit, ScaleReason};
use anvil_types::{Bucket, BucketReport};
use std::fmt;

/// A limit that holds work back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binds {
    /// Money of a window: the day's with the brake that it engages.
    Window(WindowKind),
    /// Hours of use.
    Week,
    /// What a job may spend.
    Job,
    /// A limit a minute; the pool of models, where it is one pool's.
    Pace(Paced, Option<String>),
    /// Agent slots: as many as may be.
    Slots,
    /// Agent slots: fewer than may be, since they change slowly.
    Scaling,
}

/// Which limit a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Paced {
    Requests,
    Input,
    Output,
}

impl Binds {
    pub(crate) fn of(limit: &LimitName) -> Self {
        match limit {
            LimitName::Window { window, .. } => Self::Window(*window),
            LimitName::Week => Self::Week,
            LimitName::Job => Self::Job,
        }
    }

    /// What the head of the line waits for; which limit a minute, `fullest` says.
    pub(crate) fn head(head: &LineHead, fullest: impl FnOnce() -> Self) -> Self {
        match head {
            LineHead::Holds(limit) => Self::of(limit),
            LineHead::Throttled(_, burn) => Self::Window(burn.window),
            LineHead::Paced(_) => fullest(),
            LineHead::OwnHolds => Self::Job,
        }
    }

    /// Of these limits a minute the fullest.
    pub(crate) fn fullest(buckets: &[BucketReport]) -> Self {
        let share =
            |bucket: &BucketReport| u128::from(bucket.taken) * 1_000_000 / u128::from(bucket.limit.max(1));
        let counts = |bucket: &&BucketReport| bucket.bucket != Bucket::Requests || bucket.pool.is_none();
        let fullest = buckets.iter().filter(counts).max_by_key(|bucket| share(bucket));
        fullest.map_or(Self::Pace(Paced::Requests, None), |bucket| {
            Self::pace(bucket.bucket, bucket.pool.as_deref())
        })
    }

    fn pace(bucket: Bucket, pool: Option<&str>) -> Self {
        let paced = match bucket {
            Bucket::Requests => return Self::Pace(Paced::Requests, None),
            Bucket::InputTokens => Paced::Input,
            Bucket::OutputTokens => Paced::Output,
        };
        Self::Pace(paced, pool.map(str::to_owned))
    }

    /// Why there are no more slots.
    pub(crate) fn slots(reason: &ScaleReason) -> Self {
        match reason {
            ScaleReason::Pace { limit: PaceLimit { bucket, pool } } => Self::pace(*bucket, pool.as_deref()),
            ScaleReason::Most => Self::Slots,
            _ => Self::Scaling,
        }
    }

    /// The limit's name in settings, where it is one number of them.
    pub(crate) fn setting(&self) -> Option<&'static str> {
        Some(match self {
            Self::Window(WindowKind::Hour) => "hour_usd",
            Self::Window(WindowKind::Day) => "day_usd",
            Self::Window(WindowKind::Month) => "month_usd",
            Self::Week => "week_hours",
            Self::Job => "job_usd",
            Self::Pace(Paced::Requests, _) => "requests_per_minute",
            Self::Pace(Paced::Input, _) => "input_tokens_per_minute",
            Self::Pace(Paced::Output, _) => "output_tokens_per_minute",
            Self::Slots => "agents_max",
            Self::Scaling => return None,
        })
    }
}

impl fmt::Display for Binds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(window) => write!(f, "the {}'s limit", window.name()),
            Self::Week => f.write_str("the week's hours of use"),
            Self::Job => f.write_str("the job's own limit"),
            Self::Pace(paced, pool) => {
                f.write_str(match paced {
                    Paced::Requests => "requests a minute",
                    Paced::Input => "input tokens a minute",
                    Paced::Output => "output tokens a minute",
                })?;
                pool.as_ref().map_or(Ok(()), |pool| write!(f, " ({pool})"))
            }
            Self::Slots => f.write_str("agent slots"),
            Self::Scaling => f.write_str("agent slots, which follow the load slowly"),
        }
    }
}
