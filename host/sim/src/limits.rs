//! Rate limits as a real organisation has them: token buckets, a minute deep, refilled continuously.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::refusal::Refusal;

/// The limits of one model a minute; what is left out is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    /// Requests a minute.
    pub requests_per_minute: Option<u64>,
    /// Input tokens a minute; cache reads don't count.
    pub input_tokens_per_minute: Option<u64>,
    /// Output tokens a minute, as they are produced; `max_tokens` plays no part.
    pub output_tokens_per_minute: Option<u64>,
}

const MINUTE_MS: i128 = 60_000;

/// A bucket that refills by its limit each minute. Counted in units of a 60,000th, so that a millisecond's refill is
/// whole. May go into debt.
#[derive(Debug, Clone)]
struct Bucket {
    limit: u64,
    level: i128,
    at_ms: i64,
    /// What was taken in the last 60 seconds, by time; its sum, and the highest sum so far.
    minute: VecDeque<(i64, u64)>,
    sum: u64,
    fullest: u64,
    refused: u64,
}

/// How one bucket was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitUse {
    /// The pool of models that shares it.
    pub pool: String,
    /// `requests`, `input-tokens` or `output-tokens`.
    pub bucket: String,
    /// Its limit a minute.
    pub limit: u64,
    /// The most that was taken from it in any 60 seconds.
    pub fullest_minute: u64,
    /// Requests that were refused because of it.
    pub refused: u64,
}

impl Bucket {
    fn full(limit: u64, now_ms: i64) -> Self {
        Self {
            limit,
            level: i128::from(limit) * MINUTE_MS,
            at_ms: now_ms,
            minute: VecDeque::new(),
            sum: 0,
            fullest: 0,
            refused: 0,
        }
    }

    fn refill(&mut self, now_ms: i64) {
        let passed = i128::from(now_ms.saturating_sub(self.at_ms).max(0));
        self.level = (self.level + passed * i128::from(self.limit)).min(i128::from(self.limit) * MINUTE_MS);
        self.at_ms = self.at_ms.max(now_ms);
    }

    /// Takes at the time of the latest refill.
    fn take(&mut self, amount: u64) {
        self.level -= i128::from(amount) * MINUTE_MS;
        while let Some((_, old)) = self.minute.front().filter(|(at, _)| self.at_ms - at >= 60_000) {
            self.sum -= old;
            self.minute.pop_front();
        }
        self.minute.push_back((self.at_ms, amount));
        self.sum += amount;
        self.fullest = self.fullest.max(self.sum);
    }

    /// Milliseconds until it holds `amount`, or is full where `amount` is more than it can hold.
    fn wait_ms(&self, amount: u64) -> i64 {
        let missing = i128::from(amount.min(self.limit)) * MINUTE_MS - self.level;
        if missing <= 0 {
            return 0;
        }
        let rate = i128::from(self.limit.max(1));
        i64::try_from((missing + rate - 1) / rate).unwrap_or(i64::MAX)
    }

    fn remaining(&self) -> u64 {
        u64::try_from(self.level.max(0) / MINUTE_MS).unwrap_or(0)
    }
}

/// The three buckets of a pool of models.
#[derive(Debug, Clone)]
struct Pool {
    requests: Option<Bucket>,
    input: Option<Bucket>,
    output: Option<Bucket>,
}

impl Pool {
    fn buckets(&mut self) -> [(&'static str, Option<&mut Bucket>); 3] {
        [
            ("requests", self.requests.as_mut()),
            ("input-tokens", self.input.as_mut()),
            ("output-tokens", self.output.as_mut()),
        ]
    }
}

/// All pools. A model's limits are those under its id, else those of its pool's name, else those under `*`.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    limits: HashMap<String, RateLimits>,
    pools: HashMap<&'static str, Pool>,
}

impl Limiter {
    pub(crate) fn new(limits: HashMap<String, RateLimits>) -> Self {
        Self { limits, pools: HashMap::new() }
    }

    fn pool(&mut self, model: &crate::models::Model, now_ms: i64) -> Option<&mut Pool> {
        let names = [model.id, model.pool, "*"];
        let limits = names.iter().find_map(|name| self.limits.get(*name))?;
        let bucket = |limit: Option<u64>| limit.map(|limit| Bucket::full(limit, now_ms));
        let pool = self.pools.entry(model.pool).or_insert_with(|| Pool {
            requests: bucket(limits.requests_per_minute),
            input: bucket(limits.input_tokens_per_minute),
            output: bucket(limits.output_tokens_per_minute),
        });
        for (_, bucket) in pool.buckets() {
            if let Some(bucket) = bucket {
                bucket.refill(now_ms);
            }
        }
        Some(pool)
    }

    /// Lets a request in, or says how long to wait. `input` is what counts of its input; output needs only that the
    /// minute's tokens are not used up.
    pub(crate) fn admit(
        &mut self,
        model: &crate::models::Model,
        input: u64,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let Some(pool) = self.pool(model, now_ms) else { return Ok(()) };
        let amount = |name: &str| if name == "input-tokens" { input } else { 1 };
        for (name, bucket) in pool.buckets() {
            let Some(bucket) = bucket else { continue };
            let wait = bucket.wait_ms(amount(name));
            if wait > 0 {
                bucket.refused += 1;
                let what = name.replace('-', " ");
                return Err(Refusal {
                    retry_after: Some(u64::try_from(wait).unwrap_or(0).div_ceil(1_000)),
                    ..Refusal::new(
                        429,
                        "rate_limit_error",
                        format!(
                            "This request would exceed the rate limit for your organization of {} {what} per minute \
                             for {}.",
                            bucket.limit, model.id
                        ),
                    )
                });
            }
        }
        for (name, bucket) in pool.buckets() {
            if let Some(bucket) = bucket.filter(|_| name != "output-tokens") {
                bucket.take(amount(name));
            }
        }
        Ok(())
    }

    /// Counts output that was produced.
    pub(crate) fn produced(&mut self, model: &crate::models::Model, output: u64, now_ms: i64) {
        if let Some(bucket) = self.pool(model, now_ms).and_then(|pool| pool.output.as_mut()) {
            bucket.take(output);
        }
    }

    /// How every bucket was used, by pool.
    pub(crate) fn usage(&self) -> Vec<LimitUse> {
        let mut pools: Vec<_> = self.pools.iter().map(|(name, pool)| (*name, pool.clone())).collect();
        pools.sort_by_key(|(name, _)| *name);
        let mut uses = Vec::new();
        for (pool, mut buckets) in pools {
            for (name, bucket) in buckets.buckets() {
                let Some(bucket) = bucket else { continue };
                uses.push(LimitUse {
                    pool: pool.to_owned(),
                    bucket: name.to_owned(),
                    limit: bucket.limit,
                    fullest_minute: bucket.fullest,
                    refused: bucket.refused,
                });
            }
        }
        uses
    }

    /// The `anthropic-ratelimit-*` headers.
    pub(crate) fn headers(&mut self, model: &crate::models::Model, now_ms: i64) -> Vec<(String, String)> {
        let Some(pool) = self.pool(model, now_ms) else { return Vec::new() };
        let mut headers = Vec::new();
        for (name, bucket) in pool.buckets() {
            let Some(bucket) = bucket else { continue };
            let exact = bucket.remaining();
            let remaining = if name == "requests" { exact } else { (exact + 500) / 1_000 * 1_000 };
            let reset = rfc3339(now_ms.saturating_add(bucket.wait_ms(bucket.limit)));
            headers.push((format!("anthropic-ratelimit-{name}-limit"), bucket.limit.to_string()));
            headers.push((format!("anthropic-ratelimit-{name}-remaining"), remaining.to_string()));
            headers.push((format!("anthropic-ratelimit-{name}-reset"), reset));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;

    fn limiter(requests: Option<u64>, input: Option<u64>, output: Option<u64>) -> Limiter {
        let limits = RateLimits {
            requests_per_minute: requests,
            input_tokens_per_minute: input,
            output_tokens_per_minute: output,
        };
        Limiter::new(HashMap::from([("*".to_owned(), limits)]))
    }

    #[test]
    fn requests_refill_continuously() {
        let mut limiter = limiter(Some(50), None, None);
        let haiku = find("claude-haiku-5-5").expect("a model");
        for _ in 0..50 {
            limiter.admit(haiku, 1, 0).expect("within the minute");
        }
        assert_eq!(limiter.admit(haiku, 1, 0).expect_err("the 51st").retry_after, Some(2));
        assert!(limiter.admit(haiku, 1, 1_199).is_err());
        limiter.admit(haiku, 1, 1_200).expect("a fiftieth of a minute later");
    }

    #[test]
    fn output_is_counted_as_it_is_produced_and_may_go_into_debt() {
        let mut limiter = limiter(None, None, Some(6_000));
        let haiku = find("claude-haiku-5-5").expect("a model");
        limiter.admit(haiku, 1, 0).expect("nothing produced yet");
        limiter.produced(haiku, 6_100, 0);
        assert_eq!(limiter.admit(haiku, 1, 0).expect_err("in debt").retry_after, Some(2));
        limiter.admit(haiku, 1, 1_010).expect("101 tokens later");
    }

    #[test]
    fn the_fullest_sliding_minute_is_kept() {
        let mut limiter = limiter(Some(10), None, Some(1_000));
        let haiku = find("claude-haiku-5-5").expect("a model");
        for at in [0, 1_000, 59_999, 60_000, 200_000] {
            limiter.admit(haiku, 1, at).expect("room");
            limiter.produced(haiku, 100, at);
        }
        assert!(limiter.admit(haiku, 1, 200_000).is_ok());
        let uses: Vec<_> =
            limiter.usage().into_iter().map(|row| (row.bucket, row.fullest_minute, row.refused)).collect();
        // The first leaves as the fourth comes.
        assert_eq!(uses, [("requests".to_owned(), 3, 0), ("output-tokens".to_owned(), 300, 0)]);
        for _ in 0..9 {
            let _ = limiter.admit(haiku, 1, 200_000);
        }
        assert_eq!(limiter.usage()[0].refused, 1);
    }

    #[test]
    fn remaining_tokens_are_rounded_to_thousands_and_models_of_a_family_share() {
        let mut limiter = limiter(Some(10), Some(30_000), None);
        limiter.admit(find("claude-opus-4-6").expect("a model"), 2_400, 0).expect("room");
        let headers = limiter.headers(find("claude-opus-4-8").expect("a model"), 0);
        let get = |name: &str| headers.iter().find(|(n, _)| n.ends_with(name)).map(|(_, v)| v.as_str());
        assert_eq!(get("input-tokens-remaining"), Some("28000"));
        assert_eq!(get("requests-remaining"), Some("9"));
        assert_eq!(get("input-tokens-reset"), Some("1970-01-01T00:00:04.8Z"));
        assert_eq!(get("output-tokens-limit"), None);
    }
}
