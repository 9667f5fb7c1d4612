//! The rate limits of one pool of models: ours, and what the upstream tells of its own.

use crate::pace::minute::{MINUTE, Minute};
use crate::told::{Told, ToldBucket};
use anvil_types::{Bucket, BucketReport, Timestamp};
use std::time::Duration;

/// Remaining tokens are rounded to thousands: there may be half a thousand more than was told.
const ROUNDING: u64 = 500;
/// How long others are said to share a limit after they were last seen to.
const SHARED_FOR: Duration = Duration::from_mins(10);
/// What was told of what remains is believed for no longer than this, whatever its reset says.
const BELIEVED_FOR: Duration = Duration::from_mins(5);
/// A limit that was told, and a 429's time, are believed for no longer than this: then it is looked again.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// How long a 429 that says no time stops its pool: the first of a row, doubled with each that follows.
const FIRST_STOP: Duration = Duration::from_secs(1);
/// The longest such stop.
const LONGEST_STOP: Duration = Duration::from_mins(1);

/// The upstream's bucket as it was told of, carried on: it refills by its limit a minute, and what is
/// taken here is taken from it.
#[derive(Clone, Copy, Debug)]
struct Mirror {
    limit: u64,
    level: f64,
    at: Timestamp,
    reset: Timestamp,
}

impl Mirror {
    fn level(&self, now: Timestamp) -> f64 {
        let full = float(self.limit);
        (self.level + now.since(self.at).as_secs_f64() * full / 60.0).min(full)
    }

    fn take(&mut self, count: u64, now: Timestamp) {
        (self.level, self.at) = (self.level(now) - float(count), now);
    }

    fn wait(&self, count: u64, now: Timestamp) -> Duration {
        let missing = float(count.min(self.limit)) - self.level(now);
        if missing <= 0.0 { Duration::ZERO } else { seconds(missing * 60.0 / float(self.limit)) }
    }
}

/// Spreads tokens over the minute, so that one that is used up in its first seconds is not followed by
/// a minute in which the most urgent call has to wait. In shares of the limit; may go into debt.
#[derive(Clone, Copy, Debug)]
struct Flow {
    level: f64,
    at: Timestamp,
}

/// After some quiet, half a minute's tokens may go at once.
const MOST_BURST: f64 = 0.5;
/// While somebody waits, a tenth.
const BUSY_BURST: f64 = 0.1;
/// A little above the limit itself, which the count of the minute keeps.
const FLOW_PER_SECOND: f64 = 1.2 / 60.0;

impl Flow {
    fn level(&self, now: Timestamp) -> f64 {
        (self.level + now.since(self.at).as_secs_f64() * FLOW_PER_SECOND).min(MOST_BURST)
    }
}

/// One kind of count in one pool.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub minute: Minute,
    flow: Option<Flow>,
    mirror: Option<Mirror>,
    told_limit: Option<(u64, Timestamp)>,
    others: Option<Timestamp>,
}

impl Count {
    /// The lower of our limit and the upstream's.
    pub(crate) fn limit(&self, ours: u64, now: Timestamp) -> u64 {
        self.told_limit(now).map_or(ours, |told| told.min(ours))
    }

    pub(crate) fn told_limit(&self, now: Timestamp) -> Option<u64> {
        self.told_limit.filter(|(_, at)| now.since(*at) < LOOK_AGAIN).map(|(limit, _)| limit)
    }

    /// How long until the upstream has so much, by its own word.
    pub(crate) fn upstream_wait(&self, count: u64, now: Timestamp) -> Duration {
        self.mirror.map_or(Duration::ZERO, |mirror| mirror.wait(count, now))
    }

    /// How long until the flow of tokens lets the next call go.
    pub(crate) fn flow_wait(&self, now: Timestamp) -> Duration {
        let level = self.flow.map_or(0.0, |flow| flow.level(now));
        if level >= 0.0 { Duration::ZERO } else { seconds(-level / FLOW_PER_SECOND) }
    }

    /// Takes from the flow of tokens; `limit` is what may go in a minute. Gives where `count` is negative.
    pub(crate) fn flowed(&mut self, count: f64, limit: u64, now: Timestamp) {
        let level = self.flow.map_or(MOST_BURST, |flow| flow.level(now));
        // A larger debt is the count's to see paid off.
        let level = (level - count / float(limit.max(1))).max(-MOST_BURST);
        self.flow = Some(Flow { level, at: now });
    }

    /// Somebody waits: what was not used in a quiet time is not caught up with at once.
    pub(crate) fn no_burst(&mut self, now: Timestamp) {
        if let Some(flow) = &mut self.flow {
            (flow.level, flow.at) = (flow.level(now).min(BUSY_BURST), now);
        }
    }

    pub(crate) fn took(&mut self, count: u64, now: Timestamp) {
        if let Some(mirror) = &mut self.mirror {
            mirror.take(count, now);
        }
    }

    pub(crate) fn gave_back(&mut self, count: u64, now: Timestamp) {
        if let Some(mirror) = &mut self.mirror {
            mirror.level = mirror.level(now) + float(count);
            mirror.at = now;
        }
    }

    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.minute.forget(now);
        self.mirror = self.mirror.filter(|mirror| now < mirror.reset);
    }

    /// Goes by what the upstream told. `own` is what we took at most in the last minute, `coming` what
    /// of it the upstream has not counted yet.
    pub(crate) fn told(&mut self, bucket: Bucket, told: ToldBucket, own: u64, coming: u64, now: Timestamp) {
        let rounding = if bucket == Bucket::Requests { 0 } else { ROUNDING };
        // Never more than the limit, never so much less that a word misheard would stop us for long.
        let slack = told.limit / 20 + if bucket == Bucket::Requests { 2 } else { 2 * ROUNDING };
        if told.remaining.saturating_add(own).saturating_add(slack) < told.limit {
            self.others = Some(now);
        }
        let level = told.remaining.saturating_add(rounding).min(told.limit);
        let full_in = seconds(float(told.limit - told.remaining.min(told.limit)) * 60.0 / float(told.limit));
        let reset = told.reset.unwrap_or(now).max(now + full_in).min(now + BELIEVED_FOR);
        self.told_limit = Some((told.limit, now));
        self.mirror = Some(Mirror { limit: told.limit, level: float(level) - float(coming), at: now, reset });
    }

    fn report(&self, pool: &str, bucket: Bucket, taken: u64, ours: u64, now: Timestamp) -> BucketReport {
        BucketReport {
            pool: Some(pool.to_owned()),
            bucket,
            taken,
            limit: self.limit(ours, now),
            upstream_limit: self.told_limit(now),
            remaining: self.mirror.map(|mirror| whole(mirror.level(now))),
            reset: self.mirror.map(|mirror| mirror.reset),
            shared: self.others.is_some_and(|seen| now.since(seen) < SHARED_FOR),
        }
    }
}

/// One pool of models.
#[derive(Debug)]
pub(crate) struct Pool {
    pub name: String,
    /// In the order of [`Bucket::ALL`].
    pub counts: [Count; 3],
    /// A 429 said to come no earlier.
    stopped: Option<Timestamp>,
    /// How many 429 came in a row: while there is one, calls go one at a time.
    refused: u32,
    /// Somebody did not believe that it was stopped, and nothing was heard since.
    doubted: bool,
}

impl Pool {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), counts: Default::default(), stopped: None, refused: 0, doubted: false }
    }

    pub(crate) fn forget(&mut self, now: Timestamp) {
        for count in &mut self.counts {
            count.forget(now);
        }
        self.stopped = self.stopped.filter(|until| now < *until);
    }

    /// A 429 stops the pool for as long as it says, within an hour.
    pub(crate) fn stop(&mut self, told: &Told, now: Timestamp) {
        let unsaid = (FIRST_STOP * 2_u32.pow(self.refused.min(6))).min(LONGEST_STOP);
        let told = told.retry_after.unwrap_or(unsaid).min(LOOK_AGAIN);
        // One that says zero again and again is not asked again and again.
        let until = now + if self.refused == 0 { told } else { told.max(FIRST_STOP) };
        self.stopped = self.stopped.max(Some(until));
        self.refused = self.refused.saturating_add(1);
    }

    /// It was answered with something else than a 429. Answers whether that ends a stop early.
    pub(crate) fn let_in(&mut self) -> bool {
        self.refused = 0;
        std::mem::take(&mut self.doubted)
    }

    /// Whether its last answer was a 429.
    pub(crate) fn refuses(&self) -> bool {
        self.refused > 0
    }

    /// What was told is not believed any longer.
    pub(crate) fn look_again(&mut self) {
        self.doubted |= self.stopped.is_some();
        (self.stopped, self.refused) = (None, 0);
        for count in &mut self.counts {
            (count.mirror, count.told_limit) = (None, None);
        }
    }

    /// How long the pool is stopped.
    pub(crate) fn stopped_for(&self, now: Timestamp) -> Duration {
        self.stopped.map_or(Duration::ZERO, |until| until.since(now))
    }

    pub(crate) fn report(&self, taken: [u64; 3], ours: [u64; 3], now: Timestamp) -> Vec<BucketReport> {
        let rows = Bucket::ALL.into_iter().zip(&self.counts).zip(taken.into_iter().zip(ours));
        rows.map(|((bucket, count), (taken, ours))| count.report(&self.name, bucket, taken, ours, now))
            .collect()
    }

    /// Whether nothing of it has to be remembered.
    pub(crate) fn idle_for_a_minute(&self) -> bool {
        self.counts.iter().all(|count| count.minute.sum() == 0) && self.stopped.is_none()
    }
}

pub(crate) fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^52")]
    let float = count as f64;
    float
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and what is below zero is shown as zero"
)]
pub(crate) fn whole(count: f64) -> u64 {
    count.max(0.0).ceil() as u64
}

fn seconds(seconds: f64) -> Duration {
    let length = Duration::try_from_secs_f64(seconds).unwrap_or(MINUTE);
    length.max(Duration::from_millis(1))
}
