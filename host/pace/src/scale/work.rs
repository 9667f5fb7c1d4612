//! How long agents work, minute by minute: what the use of each limit is set against.

use super::{FedMinute, LimitTaken};
use anvil_types::words::PaceLimit;
use anvil_types::{Bucket, BucketReport, Timestamp};
use std::time::Duration;

/// How often it is looked at who works.
const TICK: Duration = Duration::from_secs(1);
/// A longer stretch between two looks is no work: the clock jumped, or the host stood still.
const LONGEST_TICK: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_mins(1);

/// How long agents have worked in this minute.
#[derive(Debug)]
pub struct Work {
    looked: Timestamp,
    minute_began: Timestamp,
    worked: Duration,
}

impl Work {
    /// Nobody has worked by now.
    pub fn new(now: Timestamp) -> Self {
        Self { looked: now, minute_began: now, worked: Duration::ZERO }
    }

    /// Whether it is time to look who works.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now.since(self.looked) >= TICK
    }

    /// Notes that so many work: those that run, but for those whose calls wait. Answers for how many seconds all together
    /// worked, where a minute is over.
    pub fn look(&mut self, working: u32, now: Timestamp) -> Option<f64> {
        let since = now.since(self.looked);
        self.looked = now;
        if since <= LONGEST_TICK {
            self.worked += since * working;
        }
        (now.since(self.minute_began) >= MINUTE).then(|| {
            self.minute_began = now;
            std::mem::take(&mut self.worked).as_secs_f64()
        })
    }
}

impl FedMinute {
    /// A minute in which agents worked for so many seconds, at whose end the limits stand so.
    pub fn new(worked_s: f64, buckets: &[BucketReport]) -> Self {
        Self { worked_s, used: buckets.iter().filter_map(used).collect() }
    }
}

fn used(report: &BucketReport) -> Option<LimitTaken> {
    // Requests are limited over all models together; tokens in each pool of models.
    if report.bucket == Bucket::Requests && report.pool.is_some() {
        return None;
    }
    let limit = PaceLimit { bucket: report.bucket, pool: report.pool.clone() };
    Some(LimitTaken { limit, taken: report.taken, most: report.limit })
}
