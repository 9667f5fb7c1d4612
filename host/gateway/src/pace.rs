//! Requests and tokens a minute.

use anvil_types::{Clock, Limits, Timestamp};
use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

/// The house's clock in `governor`'s terms, so that a driven clock drives the pace too.
#[derive(Clone, Debug)]
struct PaceClock(Arc<dyn Clock>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instant(u64);

impl Add<Nanos> for Instant {
    type Output = Self;
    fn add(self, length: Nanos) -> Self {
        Self(self.0.saturating_add(length.as_u64()))
    }
}

impl Reference for Instant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }
    fn saturating_sub(&self, length: Nanos) -> Self {
        Self(self.0.checked_sub(length.as_u64()).unwrap_or(self.0))
    }
}

impl GovernorClock for PaceClock {
    type Instant = Instant;
    fn now(&self) -> Instant {
        Instant(u64::try_from(self.0.now().micros()).unwrap_or(0).saturating_mul(1_000))
    }
}

type Requests = RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Instant>>;

/// What a call will take, by the estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// Names what a call took, so that it can be corrected or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Clone, Copy, Debug)]
struct Taken {
    ticket: Ticket,
    at: Timestamp,
    tokens: Expected,
}

/// The pace of one upstream.
///
/// Requests go by `governor`. Tokens go by what was taken in the last 60 seconds: an estimate when a
/// call goes out, corrected when its usage arrives. So no sliding minute exceeds the limit by more
/// than the estimates were wrong, and a debt is paid off before the next call.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    burst: u32,
    limits: Limits3,
    requests: Requests,
    taken: VecDeque<Taken>,
    tickets: u64,
    // A request that was let through and not used: the money said no after the pace had said yes.
    spare: Option<Timestamp>,
}

/// Requests, input tokens and output tokens a minute.
type Limits3 = (u32, u32, u32);

/// A spare request older than this is given up: used late it would crowd a minute that is not its own.
const SPARE_KEEPS: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

impl Pace {
    /// A pace whose burst of requests is empty, and which remembers `recent` calls (their time and
    /// tokens, oldest first): what an earlier life of the host sent in the last minute counts.
    pub(crate) fn new(
        limits: &Limits,
        burst: u32,
        recent: Vec<(Timestamp, Expected)>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let taken = recent.into_iter().map(|(at, tokens)| Taken { ticket: Ticket(0), at, tokens }).collect();
        let requests = limiter(limits.requests_per_minute, burst, &clock);
        Self { burst, limits: paced(limits), requests, taken, tickets: 0, spare: None, clock }
    }

    /// Goes by other limits from now on. A changed rate of requests starts with an empty burst again.
    pub(crate) fn change(&mut self, limits: &Limits) {
        if limits.requests_per_minute != self.limits.0 {
            self.requests = limiter(limits.requests_per_minute, self.burst, &self.clock);
            self.spare = None;
        }
        self.limits = paced(limits);
    }

    /// Takes one request and the expected tokens, or tells how long it will be until they are there.
    pub(crate) fn take(&mut self, expected: Expected) -> Result<Ticket, Duration> {
        let now = self.clock.now();
        let wait = self.tokens_wait(expected, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let spare = self.spare.take().filter(|since| now.since(*since) <= SPARE_KEEPS);
        if spare.is_none()
            && let Err(refused) = self.requests.check()
        {
            let wait = refused.wait_time_from(PaceClock(self.clock.clone()).now());
            return Err(wait.max(Duration::from_millis(1)));
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.taken.push_back(Taken { ticket, at: now, tokens: expected });
        Ok(ticket)
    }

    /// Gives back what was taken for a call that did not go out.
    pub(crate) fn give_back(&mut self, ticket: Ticket) {
        if let Some(at) = self.find(ticket) {
            self.taken.remove(at);
            self.spare = Some(self.clock.now());
        }
    }

    /// Corrects the estimate by what a call really took.
    pub(crate) fn correct(&mut self, ticket: Ticket, real: Expected) {
        if let Some(at) = self.find(ticket) {
            self.taken[at].tokens = real;
        }
    }

    /// Requests in the last 60 seconds.
    pub(crate) fn requests_last_minute(&mut self) -> u32 {
        self.forget(self.clock.now());
        u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.taken.iter().rposition(|taken| taken.ticket == ticket)
    }

    fn forget(&mut self, now: Timestamp) {
        while self.taken.front().is_some_and(|taken| now.since(taken.at) >= MINUTE) {
            self.taken.pop_front();
        }
    }

    // A call that is expected to take more than a whole minute has waits for an empty one.
    fn tokens_wait(&mut self, expected: Expected, now: Timestamp) -> Duration {
        self.forget(now);
        let (input_limit, output_limit) = (u64::from(self.limits.1), u64::from(self.limits.2));
        let mut input: u64 = self.taken.iter().map(|taken| taken.tokens.input_tokens).sum();
        let mut output: u64 = self.taken.iter().map(|taken| taken.tokens.output_tokens).sum();
        let fits = |input: u64, output: u64| {
            input + expected.input_tokens.min(input_limit) <= input_limit
                && output + expected.output_tokens.min(output_limit) <= output_limit
        };
        let mut leaving = self.taken.iter();
        let mut wait = Duration::ZERO;
        while !fits(input, output) {
            let Some(next) = leaving.next() else { break };
            input -= next.tokens.input_tokens;
            output -= next.tokens.output_tokens;
            wait = (next.at + MINUTE).since(now).max(Duration::from_millis(1));
        }
        wait
    }
}

fn paced(limits: &Limits) -> Limits3 {
    (limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute)
}

fn limiter(per_minute: u32, burst: u32, clock: &Arc<dyn Clock>) -> Requests {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    let burst = at_least_one(burst);
    let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(burst);
    let limiter = RateLimiter::direct_with_clock(quota, PaceClock(clock.clone()));
    // Empty at the start: the burst is earned.
    let _ = limiter.check_n(burst);
    limiter
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{DrivenClock, Nanodollars, SystemClock};

    fn limits(requests: u32, input: u32, output: u32) -> Limits {
        Limits {
            hour_usd: Nanodollars::MAX,
            day_usd: Nanodollars::MAX,
            month_usd: Nanodollars::MAX,
            week_hours: 168,
            job_usd: Nanodollars::MAX,
            requests_per_minute: requests,
            input_tokens_per_minute: input,
            output_tokens_per_minute: output,
            max_input_tokens: input,
            max_output_tokens: output,
            agents_min: 1,
            agents_max: 1,
            queue_max: 1,
        }
    }

    // Full demand for an hour of driven time; the times and tokens of what was let through.
    fn demand(limits: &Limits, each: Expected, burst: u32) -> Vec<(Timestamp, Expected)> {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let mut pace = Pace::new(limits, burst, Vec::new(), clock.clone());
        let end = clock.now() + Duration::from_hours(1);
        let mut sent = Vec::new();
        while clock.now() < end {
            match pace.take(each) {
                // The time that the pace itself went by: the clock runs on beside it.
                Ok(_) => sent.push((pace.taken.back().expect("what was taken").at, each)),
                Err(wait) => {
                    clock.advance(wait);
                }
            }
        }
        sent
    }

    fn fullest_minute(sent: &[(Timestamp, Expected)], of: impl Fn(&Expected) -> u64) -> u64 {
        (0..sent.len())
            .map(|from| {
                let end = sent[from].0 + MINUTE;
                sent[from..].iter().take_while(|(at, _)| *at < end).map(|(_, tokens)| of(tokens)).sum()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_sliding_minute_has_more_requests_than_rate_and_burst() {
        let one = Expected { input_tokens: 1, output_tokens: 1 };
        let sent = demand(&limits(45, 30_000, 8_000), one, 5);
        assert!(fullest_minute(&sent, |_| 1) <= 50);
        assert!(sent.len() >= 45 * 60 * 95 / 100, "{} of {}", sent.len(), 45 * 60);
    }

    #[test]
    fn no_sliding_minute_has_more_tokens_than_the_limit() {
        let input = Expected { input_tokens: 3_000, output_tokens: 1 };
        let sent = demand(&limits(45, 30_000, 8_000), input, 5);
        assert!(fullest_minute(&sent, |tokens| tokens.input_tokens) <= 30_000);
        assert!(sent.len() >= 10 * 60 * 95 / 100, "{}", sent.len());
        let output = Expected { input_tokens: 1, output_tokens: 1_000 };
        let sent = demand(&limits(45, 30_000, 8_000), output, 5);
        assert!(fullest_minute(&sent, |tokens| tokens.output_tokens) <= 8_000);
        assert!(sent.len() >= 8 * 60 * 95 / 100, "{}", sent.len());
    }

    #[test]
    fn a_debt_is_paid_off_before_the_next_call() {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let mut pace = Pace::new(&limits(600, 1_000, 1_000), 1, Vec::new(), clock.clone());
        clock.advance(MINUTE);
        let small = Expected { input_tokens: 10, output_tokens: 10 };
        let ticket = pace.take(small).expect("room");
        pace.correct(ticket, Expected { input_tokens: 10, output_tokens: 5_000 });
        clock.advance(Duration::from_secs(30));
        assert!(pace.take(small).is_err());
        clock.advance(Duration::from_secs(31));
        assert!(pace.take(small).is_ok());
    }

    #[test]
    fn what_an_earlier_life_sent_counts() {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let recent = vec![(clock.now(), Expected { input_tokens: 1_000, output_tokens: 0 })];
        let mut pace = Pace::new(&limits(600, 1_000, 1_000), 1, recent, clock.clone());
        clock.advance(Duration::from_secs(10));
        assert!(pace.take(Expected { input_tokens: 1, output_tokens: 1 }).is_err());
    }
}
