//! Requests and tokens a minute.
//!
//! Requests are limited over all models together: the setting is a promise to the user. Tokens are
//! limited for each pool of models, as the upstream limits them. What the upstream tells in its headers
//! wins wherever it is less than our own idea: others may share its limits.

pub(crate) mod minute;
pub(crate) mod pool;
pub(crate) mod requests;
mod room;
mod terms;

pub use self::terms::{Expected, Recent, Refusal, Spent, Ticket};

use self::room::spread;
use self::terms::Open;
use crate::pace::minute::{MINUTE, Minute};
use crate::pace::pool::{Pool, float};
use crate::pace::requests::RequestRate;
use crate::told::Told;
use anvil_budget::{AnswerKind, Estimate, pool_of};
use anvil_types::{Bucket, BucketReport, Clock, Limits, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The pace of one upstream.
///
/// Both requests and tokens go by what the upstream can have counted in the last 60 seconds. Of a request
/// that is known as soon as it goes out. Of tokens it is an estimate (with a margin for its spread) while a
/// call is under way, and the truth as soon as it is known; a debt is paid off before the next call. A
/// request or a token leaves the count 60 seconds after the *last* moment at which the upstream can have
/// counted it, so that no delay on the way squeezes two minutes into one.
#[derive(Debug)]
pub struct Pace {
    clock: Arc<dyn Clock>,
    burst: u32,
    limits: Limits3,
    // Spreads requests over the minute; how many there are is for the count alone.
    requests: RequestRate,
    // Requests of all models by the time at which their answers began.
    heard: Minute,
    pools: Vec<Pool>,
    open: BTreeMap<u64, Open>,
    tickets: u64,
    // A request that was let through and not used: the money said no after the pace had said yes.
    spare: Option<Timestamp>,
    // What waits for a pool's stop to end may go on before its time.
    back: bool,
}

/// Requests, input tokens and output tokens a minute.
type Limits3 = [u64; 3];

/// A spare request older than this is given up: used late it would crowd a moment that is not its own.
const SPARE_KEEPS: Duration = Duration::from_secs(1);
/// Pools that are remembered while nothing goes through them.
const MOST_POOLS: usize = 64;

impl Pace {
    /// A pace that remembers `recent` calls: what an earlier life of the host sent in the last minute
    /// counts.
    pub fn new(limits: &Limits, burst: u32, recent: &[Recent], clock: Arc<dyn Clock>) -> Self {
        let requests = RequestRate::new(limits.requests_per_minute, burst, &clock);
        let now = clock.now();
        let mut pace = Self {
            burst,
            limits: paced(limits),
            requests,
            heard: Minute::default(),
            pools: Vec::new(),
            open: BTreeMap::new(),
            tickets: 0,
            spare: None,
            back: false,
            clock,
        };
        for call in recent {
            // Time may have been set right since.
            let at = call.at.min(now);
            pace.heard.add(at, 1);
            let pool = pace.pool(&call.model);
            let counted = [1, call.input, call.output];
            for (count, counted) in pace.pools[pool].counts.iter_mut().zip(counted) {
                count.minute.add(at, counted);
            }
        }
        pace
    }

    /// Goes by other limits from now on. What the last minute took counts against them too.
    pub fn change(&mut self, limits: &Limits) {
        let limits3 = paced(limits);
        if limits3[0] != self.limits[0] {
            self.requests = RequestRate::new(limits.requests_per_minute, self.burst, &self.clock);
            self.spare = None;
        }
        self.limits = limits3;
    }

    /// Takes one request and the expected tokens, or tells how long it will be until they are there.
    pub fn take(&mut self, model: &str, expected: Expected) -> Result<Ticket, Refusal> {
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
            count.flowed(float(amount), count.limit(self.limits[at], now), now);
        }
        let open = Open {
            pool,
            unheard: true,
            input: Some(expected.input),
            output: expected.output,
            most_output: expected.most_output,
            kind: expected.kind,
        };
        self.open.insert(ticket, open);
        Ok(Ticket(ticket))
    }

    /// Gives back what was taken for a call that did not go out.
    pub fn give_back(&mut self, ticket: Ticket) {
        let now = self.clock.now();
        if self.remove_unsent(ticket, now) {
            self.spare = Some(now);
        }
    }

    /// The upstream's answer began: its headers are the truth.
    pub fn answered(&mut self, ticket: Ticket, told: &Told, status: u16) {
        let now = self.clock.now();
        let Some(open) = self.open.get_mut(&ticket.0) else { return };
        let pool = open.pool;
        if std::mem::take(&mut open.unheard) {
            self.pools[pool].counts[0].minute.add(now, 1);
            self.heard.add(now, 1);
        }
        if status == 429 {
            self.pools[pool].stop(told, now);
        } else {
            self.back |= self.pools[pool].let_in();
        }
        self.forget(now);
        let refused = status != 200;
        let mut coming = [0, 0, 0];
        for (id, other) in self.open.iter().filter(|(_, open)| open.pool == pool) {
            // What others under way take may not be in the upstream's figure yet; of output nothing is.
            let unheard = other.unheard && *id != ticket.0;
            coming[0] += u64::from(unheard);
            coming[1] += other.input.filter(|_| unheard).map_or(0, |input| input.tokens);
            coming[2] += if *id != ticket.0 || !refused { other.output.tokens } else { 0 };
        }
        for (at, bucket) in Bucket::ALL.into_iter().enumerate() {
            if let Some(told) = told.buckets[at] {
                let own = self.taken(pool, at);
                self.pools[pool].counts[at].told(bucket, told, own, coming[at], now);
            }
        }
    }

    /// The input of a call is known: its answer began.
    pub fn input_known(&mut self, ticket: Ticket, tokens: u64) {
        let now = self.clock.now();
        if let Some(open) = self.open.get_mut(&ticket.0)
            && let Some(estimate) = open.input.take()
        {
            let count = &mut self.pools[open.pool].counts[1];
            count.minute.add(now, tokens);
            count.flowed(float(tokens) - float(estimate.tokens), count.limit(self.limits[1], now), now);
        }
    }

    /// A call's answer has come to so many tokens: it counts as no less, and as no more than it may have.
    pub fn streamed(&mut self, ticket: Ticket, tokens: u64) {
        if let Some(open) = self.open.get(&ticket.0) {
            let tokens = tokens.min(open.most_output);
            if tokens > open.output.tokens {
                self.expect(ticket.0, Estimate { tokens, ..open.output });
            }
        }
    }

    /// Answers of this kind have turned out to be other than was learnt: those under way count as all that
    /// they may have.
    pub fn surprised(&mut self, kind: AnswerKind) {
        let alike = self.open.iter().filter(|(_, open)| open.kind == kind);
        let alike: Vec<_> = alike.map(|(ticket, open)| (*ticket, open.most_output)).collect();
        for (ticket, tokens) in alike {
            self.expect(ticket, Estimate { tokens, spread: 0 });
        }
    }

    fn expect(&mut self, ticket: u64, output: Estimate) {
        let now = self.clock.now();
        if let Some(open) = self.open.get_mut(&ticket) {
            let before = std::mem::replace(&mut open.output, output);
            let count = &mut self.pools[open.pool].counts[2];
            count.took(output.tokens.saturating_sub(before.tokens), now);
            let limit = count.limit(self.limits[2], now);
            count.flowed(float(output.tokens) - float(before.tokens), limit, now);
        }
    }

    /// A call is over: the truth takes the place of its estimate.
    pub fn ended(&mut self, ticket: Ticket, spent: &Spent<'_>) {
        let now = self.clock.now();
        if matches!(spent, Spent::NotSent) {
            self.remove_unsent(ticket, now);
            return;
        }
        let Some(open) = self.open.remove(&ticket.0) else { return };
        let [requests, input, output] = &mut self.pools[open.pool].counts;
        if open.unheard {
            requests.minute.add(now, 1);
            self.heard.add(now, 1);
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
        let limit = output.limit(self.limits[2], now);
        output.flowed(float(produced) - float(open.output.tokens), limit, now);
    }

    /// Requests in the last 60 seconds.
    pub fn requests_last_minute(&mut self) -> u32 {
        self.forget(self.clock.now());
        u32::try_from(self.requests_taken()).unwrap_or(u32::MAX)
    }

    /// How long the last of several calls that go out one after the other will wait at the rates of now,
    /// after the first of them: `requests` calls that take these tokens of the model's pool.
    pub fn drain_time(&self, model: &str, requests: u64, input: u64, output: u64) -> Duration {
        let now = self.clock.now();
        let pool = self.pools.iter().find(|pool| pool.name == pool_of(model));
        let minutes = [requests, input, output].into_iter().enumerate().map(|(at, amount)| {
            let limit = pool.map_or(self.limits[at], |pool| pool.counts[at].limit(self.limits[at], now));
            float(amount) / float(limit.max(1))
        });
        MINUTE.mul_f64(minutes.fold(0.0, f64::max).min(1e6))
    }

    /// How every bucket stands: requests over all models first, then each pool's three.
    pub fn report(&mut self) -> Vec<BucketReport> {
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

    /// Whether a stop has ended before the time that its waiters know, since this was asked last.
    pub fn take_back(&mut self) -> bool {
        std::mem::take(&mut self.back)
    }

    /// How long the model's pool is stopped by a 429.
    pub fn model_stopped_for(&self, model: &str) -> Duration {
        let (name, now) = (pool_of(model), self.clock.now());
        self.pools.iter().find(|pool| pool.name == name).map_or(Duration::ZERO, |pool| pool.stopped_for(now))
    }

    /// Somebody wants to look again: what the upstream told is not believed any longer.
    pub fn look_again(&mut self) {
        for pool in &mut self.pools {
            pool.look_again();
        }
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
        self.heard.forget(now);
        for pool in &mut self.pools {
            pool.forget(now);
        }
    }

    fn remove_unsent(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        let Some(open) = self.open.remove(&ticket.0) else { return false };
        let amounts = [1, open.input.map_or(0, |input| input.tokens), open.output.tokens];
        for (at, amount) in amounts.into_iter().enumerate() {
            let count = &mut self.pools[open.pool].counts[at];
            count.gave_back(amount, now);
            count.flowed(-float(amount), count.limit(self.limits[at], now), now);
        }
        true
    }
}

fn paced(limits: &Limits) -> Limits3 {
    [limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute]
        .map(u64::from)
}

#[cfg(test)]
mod tests;
