//! Requests and tokens a minute.
//!
//! Requests are limited over all models together: the setting is a promise to the user. Tokens are
//! limited for each pool of models, as the upstream limits them. What the upstream tells in its headers
//! wins wherever it is less than our own idea: others may share its limits.

use crate::headers::{Bucket, Told};
use crate::minute::{MINUTE, Minute};
use crate::pool::{BucketReport, Pool, float, whole};
use crate::requests::RequestRate;
use anvil_budget::{Estimate, pool_of};
use anvil_types::{Clock, Limits, Timestamp, Usage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What a call will take, by the estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub input: Estimate,
    pub output: Estimate,
}

/// Names what a call took, so that it can be corrected or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// Why nothing may be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For how long; none where it depends on what calls under way turn out to take.
    pub wait: Option<Duration>,
    /// Whether it holds for every model, or for this one's pool alone.
    pub every_model: bool,
}

/// What became of a call that had taken.
#[derive(Clone, Debug)]
pub(crate) enum Spent<'a> {
    /// It never reached the upstream.
    NotSent,
    /// The upstream refused it before it produced anything.
    Refused,
    /// Its whole usage. `progress` says when how many bytes of the answer came.
    Usage(&'a Usage, &'a [(Timestamp, u64)]),
    /// Nobody knows: the output counts as all that it may have.
    Unknown(u64),
}

/// What an earlier life of the host sent.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    pub model: String,
    /// The last time at which the upstream can have counted it.
    pub at: Timestamp,
    pub input: u64,
    pub output: u64,
}

/// A call under way. What is not final yet counts by its estimate, however long it takes: the upstream
/// may count it at any moment.
#[derive(Clone, Copy, Debug)]
struct Open {
    pool: usize,
    /// Whether the upstream has not answered yet.
    unheard: bool,
    input: Option<Estimate>,
    output: Option<Estimate>,
}

/// The pace of one upstream.
///
/// Requests go by `governor`, and by a count of the last 60 seconds beside it. Tokens go by what the
/// upstream can have counted in the last 60 seconds: an estimate (with a margin for its spread) while a
/// call is under way, the truth as soon as it is known. A request or a token leaves the count 60 seconds
/// after the *last* moment at which the upstream can have counted it, so that no delay on the way
/// squeezes two minutes into one; a debt is paid off before the next call.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    burst: u32,
    limits: Limits3,
    requests: RequestRate,
    pools: Vec<Pool>,
    open: BTreeMap<u64, Open>,
    tickets: u64,
    // A request that was let through and not used: the money said no after the pace had said yes.
    spare: Option<Timestamp>,
}

/// Requests, input tokens and output tokens a minute.
type Limits3 = [u64; 3];

/// A spare request older than this is given up: used late it would crowd a minute that is not its own.
const SPARE_KEEPS: Duration = Duration::from_secs(1);
/// How many standard deviations calls under way may together be above their estimates.
const MARGIN: f64 = 1.5;
/// Pools that are remembered while nothing goes through them.
const MOST_POOLS: usize = 64;

impl Pace {
    /// A pace whose burst of requests is empty, and which remembers `recent` calls: what an earlier life
    /// of the host sent in the last minute counts.
    pub(crate) fn new(limits: &Limits, burst: u32, recent: &[Recent], clock: Arc<dyn Clock>) -> Self {
        let requests = RequestRate::new(limits.requests_per_minute, burst, &clock);
        let mut pace = Self {
            burst,
            limits: paced(limits),
            requests,
            pools: Vec::new(),
            open: BTreeMap::new(),
            tickets: 0,
            spare: None,
            clock,
        };
        for call in recent {
            let pool = pace.pool(&call.model);
            let counted = [1, call.input, call.output];
            for (count, counted) in pace.pools[pool].counts.iter_mut().zip(counted) {
                count.minute.add(call.at, counted);
            }
        }
        pace
    }

    /// Goes by other limits from now on. A changed rate of requests starts with an empty burst again.
    pub(crate) fn change(&mut self, limits: &Limits) {
        let limits3 = paced(limits);
        if limits3[0] != self.limits[0] {
            self.requests = RequestRate::new(limits.requests_per_minute, self.burst, &self.clock);
            self.spare = None;
        }
        self.limits = limits3;
    }

    /// Takes one request and the expected tokens, or tells how long it will be until they are there.
    pub(crate) fn take(&mut self, model: &str, expected: Expected) -> Result<Ticket, Refusal> {
        let now = self.clock.now();
        let pool = self.pool(model);
        self.forget(now);
        self.pool_room(pool, expected, now)?;
        self.request_room(now)?;
        self.tickets += 1;
        let ticket = self.tickets;
        let amounts = [1, expected.input.tokens, expected.output.tokens];
        for (at, amount) in amounts.into_iter().enumerate() {
            let count = &mut self.pools[pool].counts[at];
            count.took(amount, now);
            count.flowed(float(amount), count.limit(self.limits[at]), now);
        }
        let open = Open { pool, unheard: true, input: Some(expected.input), output: Some(expected.output) };
        self.open.insert(ticket, open);
        Ok(Ticket(ticket))
    }

    /// Gives back what was taken for a call that did not go out.
    pub(crate) fn give_back(&mut self, ticket: Ticket) {
        let now = self.clock.now();
        if self.remove_unsent(ticket, now) {
            self.spare = Some(now);
        }
    }

    /// The upstream's answer began: its headers are the truth.
    pub(crate) fn answered(&mut self, ticket: Ticket, told: &Told, status: u16) {
        let now = self.clock.now();
        let Some(open) = self.open.get_mut(&ticket.0) else { return };
        let pool = open.pool;
        if std::mem::take(&mut open.unheard) {
            self.pools[pool].counts[0].minute.add(now, 1);
        }
        if status == 429 {
            self.pools[pool].stop(told, now);
        }
        self.forget(now);
        let refused = status != 200;
        let mut coming = [0, 0, 0];
        for (id, other) in self.open.iter().filter(|(_, open)| open.pool == pool) {
            // What others under way take may not be in the upstream's figure yet; of output nothing is.
            let unheard = other.unheard && *id != ticket.0;
            coming[0] += u64::from(unheard);
            coming[1] += other.input.filter(|_| unheard).map_or(0, |input| input.tokens);
            coming[2] += other.output.filter(|_| *id != ticket.0 || !refused).map_or(0, |out| out.tokens);
        }
        for (at, bucket) in Bucket::ALL.into_iter().enumerate() {
            if let Some(told) = told.buckets[at] {
                let own = self.taken(pool, at);
                self.pools[pool].counts[at].told(bucket, told, own, coming[at], now);
            }
        }
    }

    /// The input of a call is known: its answer began.
    pub(crate) fn input_known(&mut self, ticket: Ticket, tokens: u64) {
        let now = self.clock.now();
        if let Some(open) = self.open.get_mut(&ticket.0)
            && let Some(estimate) = open.input.take()
        {
            let count = &mut self.pools[open.pool].counts[1];
            count.minute.add(now, tokens);
            count.flowed(float(tokens) - float(estimate.tokens), count.limit(self.limits[1]), now);
        }
    }

    /// A call is over: the truth takes the place of its estimate.
    pub(crate) fn ended(&mut self, ticket: Ticket, spent: &Spent<'_>) {
        let now = self.clock.now();
        if matches!(spent, Spent::NotSent) {
            self.remove_unsent(ticket, now);
            return;
        }
        let Some(open) = self.open.remove(&ticket.0) else { return };
        let [requests, input, output] = &mut self.pools[open.pool].counts;
        if open.unheard {
            requests.minute.add(now, 1);
        }
        if let Some(estimate) = open.input {
            let tokens = match spent {
                Spent::Usage(usage, _) => usage.paced_input_tokens(),
                _ => estimate.tokens,
            };
            input.minute.add(now, tokens);
        }
        let produced = match spent {
            Spent::NotSent | Spent::Refused => 0,
            Spent::Unknown(most) => {
                output.minute.add(now, *most);
                *most
            }
            Spent::Usage(usage, progress) => {
                spread(&mut output.minute, usage.output_tokens, progress, now);
                usage.output_tokens
            }
        };
        let estimate = open.output.map_or(0, |estimate| estimate.tokens);
        output.flowed(float(produced) - float(estimate), output.limit(self.limits[2]), now);
    }

    /// Requests in the last 60 seconds.
    pub(crate) fn requests_last_minute(&mut self) -> u32 {
        self.forget(self.clock.now());
        u32::try_from(self.requests_taken()).unwrap_or(u32::MAX)
    }

    /// How long the last of several calls that go out one after the other will wait at the rates of now,
    /// after the first of them: `requests` calls that take these tokens of the model's pool.
    pub(crate) fn drain_time(&self, model: &str, requests: u64, input: u64, output: u64) -> Duration {
        let pool = self.pools.iter().find(|pool| pool.name == pool_of(model));
        let minutes = [requests, input, output].into_iter().enumerate().map(|(at, amount)| {
            let limit = pool.map_or(self.limits[at], |pool| pool.counts[at].limit(self.limits[at]));
            float(amount) / float(limit.max(1))
        });
        MINUTE.mul_f64(minutes.fold(0.0, f64::max).min(1e6))
    }

    /// How every bucket stands: requests over all models first, then each pool's three.
    pub(crate) fn report(&mut self) -> Vec<BucketReport> {
        let now = self.clock.now();
        self.forget(now);
        let all = BucketReport {
            pool: None,
            bucket: Bucket::Requests,
            taken: self.requests_taken(),
            limit: self.limits[0],
            upstream_limit: None,
            remaining: None,
            reset: None,
            shared: false,
        };
        let pools = self.pools.iter().enumerate().flat_map(|(at, pool)| {
            pool.report([0, 1, 2].map(|bucket| self.taken(at, bucket)), self.limits, now)
        });
        std::iter::once(all).chain(pools).collect()
    }

    fn pool(&mut self, model: &str) -> usize {
        let name = pool_of(model);
        if let Some(at) = self.pools.iter().position(|pool| pool.name == name) {
            return at;
        }
        let used = |at: usize| self.open.values().any(|open| open.pool == at);
        let idle = |at: &usize| self.pools[*at].idle_for_a_minute() && !used(*at);
        let free = (0..self.pools.len()).find(idle).filter(|_| self.pools.len() >= MOST_POOLS);
        if let Some(at) = free {
            self.pools[at] = Pool::new(name);
            return at;
        }
        self.pools.push(Pool::new(name));
        self.pools.len() - 1
    }

    fn forget(&mut self, now: Timestamp) {
        for pool in &mut self.pools {
            pool.forget(now);
        }
    }

    fn remove_unsent(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        let Some(open) = self.open.remove(&ticket.0) else { return false };
        let tokens = |estimate: Option<Estimate>| estimate.map_or(0, |estimate| estimate.tokens);
        let amounts = [1, tokens(open.input), tokens(open.output)];
        for (at, amount) in amounts.into_iter().enumerate() {
            let count = &mut self.pools[open.pool].counts[at];
            count.gave_back(amount, now);
            count.flowed(-float(amount), count.limit(self.limits[at]), now);
        }
        true
    }

    fn opens(&self, pool: usize) -> impl Iterator<Item = &Open> {
        self.open.values().filter(move |open| open.pool == pool)
    }

    // What counts in a pool's bucket now, the margin for what is not known yet not included.
    fn taken(&self, pool: usize, bucket: usize) -> u64 {
        let open: u64 = self
            .opens(pool)
            .map(|open| match bucket {
                0 => u64::from(open.unheard),
                1 => open.input.map_or(0, |input| input.tokens),
                _ => open.output.map_or(0, |output| output.tokens),
            })
            .sum();
        self.pools[pool].counts[bucket].minute.sum() + open
    }

    fn requests_taken(&self) -> u64 {
        (0..self.pools.len()).map(|pool| self.taken(pool, 0)).sum()
    }

    fn pool_room(&mut self, pool: usize, expected: Expected, now: Timestamp) -> Result<(), Refusal> {
        let estimates = [Estimate { tokens: 1, spread: 0 }, expected.input, expected.output];
        let mut wait = Some(self.pools[pool].stopped_for(now));
        for (at, estimate) in estimates.into_iter().enumerate() {
            let count = &self.pools[pool].counts[at];
            let upstream = count.upstream_wait(estimate.tokens, now);
            let flow = if at > 0 { count.flow_wait(now) } else { Duration::ZERO };
            wait = wait.map(|wait| wait.max(upstream).max(flow));
            // Over all models our own limit of requests is looked at elsewhere.
            if at > 0 || count.told_limit().is_some_and(|told| told < self.limits[0]) {
                let room = self.window_wait(pool, at, estimate, now);
                if room != Some(Duration::ZERO) {
                    self.pools[pool].counts[at].no_burst(now);
                }
                wait = wait.and_then(|wait| room.map(|room| wait.max(room)));
            }
        }
        if wait == Some(Duration::ZERO) { Ok(()) } else { Err(Refusal { wait, every_model: false }) }
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
        let limit = count.limit(self.limits[bucket]);
        let spreads = self.opens(pool).filter_map(|open| match bucket {
            0 => None,
            1 => open.input.map(|input| input.spread),
            _ => open.output.map(|output| output.spread),
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

    fn request_room(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |wait| Err(Refusal { wait, every_model: true });
        // Rate and burst are what any sliding minute may have, at the upstream too.
        let most = self.limits[0].max(1) + u64::from(self.burst.max(1));
        if self.requests_taken() >= most {
            let mut minutes = self.pools.iter().map(|pool| &pool.counts[0].minute);
            let first = |minute: &Minute| minute.wait_until_left(1, now);
            return refuse(minutes.by_ref().filter_map(first).min());
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
fn spread(minute: &mut Minute, tokens: u64, progress: &[(Timestamp, u64)], now: Timestamp) {
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

fn paced(limits: &Limits) -> Limits3 {
    [limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute]
        .map(u64::from)
}

#[cfg(test)]
mod tests;
