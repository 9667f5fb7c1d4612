//! Whether there is room for one more call, and if not, when.

use super::{Expected, Open, Pace, Refusal, SPARE_KEEPS};
use crate::pace::minute::Minute;
use crate::pace::pool::{float, whole};
use anvil_budget::Estimate;
use anvil_types::Timestamp;
use std::time::Duration;

/// How many standard deviations calls under way may together be above their estimates.
const MARGIN: f64 = 1.5;

impl Pace {
    fn opens(&self, pool: usize) -> impl Iterator<Item = &Open> {
        self.open.values().filter(move |open| open.pool == pool)
    }

    // What counts in a pool's bucket now, the margin for what is not known yet not included.
    pub(super) fn taken(&self, pool: usize, bucket: usize) -> u64 {
        let open: u64 = self
            .opens(pool)
            .map(|open| match bucket {
                0 => u64::from(open.unheard),
                1 => open.input.map_or(0, |input| input.tokens),
                _ => open.output.tokens,
            })
            .sum();
        self.pools[pool].counts[bucket].minute.sum() + open
    }

    // Those that Claude has answered in the last 60 seconds, and those that it may count at any moment.
    pub(super) fn requests_taken(&self) -> u64 {
        let unheard = self.open.values().filter(|open| open.unheard).count();
        self.heard.sum() + u64::try_from(unheard).unwrap_or(u64::MAX)
    }

    pub(super) fn pool_room(
        &mut self,
        pool: usize,
        expected: Expected,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let estimates = [Estimate { tokens: 1, spread: 0 }, expected.input, expected.output];
        let mut wait = self.stopped_for(pool, now);
        for (at, estimate) in estimates.into_iter().enumerate() {
            let count = &self.pools[pool].counts[at];
            let upstream = count.upstream_wait(estimate.tokens, now);
            let flow = if at > 0 { count.flow_wait(now) } else { Duration::ZERO };
            wait = wait.map(|wait| wait.max(upstream).max(flow));
            // Over all models our own limit of requests is looked at elsewhere.
            if at > 0 || count.told_limit(now).is_some_and(|told| told < self.limits[0]) {
                let room = self.window_wait(pool, at, estimate, now);
                if room != Some(Duration::ZERO) {
                    self.pools[pool].counts[at].no_burst(now);
                }
                wait = wait.and_then(|wait| room.map(|room| wait.max(room)));
            }
        }
        if wait == Some(Duration::ZERO) { Ok(()) } else { Err(Refusal { wait, every_model: false }) }
    }

    // After a 429 one call goes first, and the others when it was let in.
    fn stopped_for(&self, pool: usize, now: Timestamp) -> Option<Duration> {
        let trying = self.pools[pool].refuses() && self.opens(pool).any(|open| open.unheard);
        (!trying).then(|| self.pools[pool].stopped_for(now))
    }

    // A call that is expected to take more than a whole minute has waits for an empty one.
    fn window_wait(
        &self,
        pool: usize,
        bucket: usize,
        estimate: Estimate,
        now: Timestamp,
    ) -> Option<Duration> {
        let count = &self.pools[pool].counts[bucket];
        let limit = count.limit(self.limits[bucket], now);
        let spreads = self.opens(pool).filter_map(|open| match bucket {
            0 => None,
            1 => open.input.map(|input| input.spread),
            _ => Some(open.output.spread),
        });
        let variance: f64 = spreads.chain([estimate.spread]).map(|spread| float(spread).powi(2)).sum();
        let taken = self.taken(pool, bucket);
        let wanted = taken + (estimate.tokens + whole(MARGIN * variance.sqrt())).min(limit);
        if wanted <= limit || taken == 0 {
            return Some(Duration::ZERO);
        }
        match count.minute.wait_until_left(wanted - limit, now) {
            // Nothing is under way that could turn out to take less.
            None if taken == count.minute.sum() => Some(count.minute.wait_until_empty(now)),
            wait => wait,
        }
    }

    pub(super) fn request_room(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |wait| Err(Refusal { wait, every_model: true });
        let (taken, limit) = (self.requests_taken(), self.limits[0].max(1));
        if taken >= limit {
            // After a limit was lowered more than one has to leave.
            return refuse(self.heard.wait_until_left(taken - limit + 1, now));
        }
        let spare = self.spare.take().filter(|since| now.since(*since) <= SPARE_KEEPS);
        if spare.is_none()
            && let Err(wait) = self.requests.take()
        {
            return refuse(Some(wait));
        }
        Ok(())
    }
}

// Output counts when it was produced, which was no later than when it came.
pub(super) fn spread(minute: &mut Minute, tokens: u64, progress: &[(Timestamp, u64)], now: Timestamp) {
    let bytes: u64 = progress.iter().map(|(_, bytes)| bytes).sum();
    let mut left = tokens;
    for (at, part) in progress {
        let share = u128::from(tokens) * u128::from(*part) / u128::from(bytes.max(1));
        let share = u64::try_from(share).unwrap_or(left).min(left);
        minute.add(*at, share);
        left -= share;
    }
    minute.add(now, left);
}
