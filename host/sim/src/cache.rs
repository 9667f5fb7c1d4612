//! Prompt caching: which part of a prompt is written, which is read.
//!
//! A prompt is a row of segments (tools, system blocks, message blocks). A segment marked with `cache_control` ends a
//! prefix. The longest prefix that is known is read; what lies between it and the marks after it is written, with the
//! time to live of the mark that ends it. Prefixes below the model's minimum are neither.

use std::collections::HashMap;

use crate::usage::SimUsage;

/// How long a prefix stays cached after it was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ttl {
    FiveMinutes,
    OneHour,
}

impl Ttl {
    fn ms(self) -> i64 {
        match self {
            Self::FiveMinutes => 300_000,
            Self::OneHour => 3_600_000,
        }
    }
}

/// One piece of a prompt.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) tokens: u64,
    /// Hash of the prompt up to and with this segment.
    pub(crate) prefix: u64,
    /// Set where `cache_control` marks it.
    pub(crate) mark: Option<Ttl>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    ttl: Ttl,
    expires_ms: i64,
}

/// The prefixes that are cached, by model and hash.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    entries: HashMap<(&'static str, u64), Entry>,
}

/// Above this many prefixes, those that expired are dropped.
const SWEEP_ABOVE: usize = 4_096;

/// What a prompt would read and write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CachePlan {
    pub(crate) uncached: u64,
    pub(crate) read: u64,
    pub(crate) write_5m: u64,
    pub(crate) write_1h: u64,
    hit: Option<u64>,
    writes: Vec<(u64, Ttl)>,
}

impl CachePlan {
    /// Puts the input counts into a usage.
    pub(crate) fn fill(&self, usage: &mut SimUsage) {
        usage.input_tokens = self.uncached;
        usage.cache_read_tokens = self.read;
        usage.cache_write_5m_tokens = self.write_5m;
        usage.cache_write_1h_tokens = self.write_1h;
    }
}

impl PromptCache {
    /// Looks a prompt up; changes nothing.
    pub(crate) fn plan(
        &self,
        model: &'static str,
        minimum: u64,
        segments: &[Segment],
        now_ms: i64,
    ) -> CachePlan {
        let mut end = 0;
        let ends: Vec<u64> = segments
            .iter()
            .map(|s| {
                end += s.tokens;
                end
            })
            .collect();
        let marked = |i: &usize| segments[*i].mark.is_some() && ends[*i] >= minimum;
        let Some(last) = (0..segments.len()).rev().find(marked) else {
            return CachePlan { uncached: end, ..CachePlan::default() };
        };
        let known = |i: &usize| {
            self.entries.get(&(model, segments[*i].prefix)).is_some_and(|entry| entry.expires_ms > now_ms)
        };
        let hit = (0..=last).rev().find(known);
        let mut covered = hit.map_or(0, |i| ends[i]);
        let mut plan =
            CachePlan { read: covered, hit: hit.map(|i| segments[i].prefix), ..CachePlan::default() };
        for i in hit.map_or(0, |i| i + 1)..=last {
            let Some(ttl) = segments[i].mark.filter(|_| ends[i] >= minimum) else { continue };
            match ttl {
                Ttl::FiveMinutes => plan.write_5m += ends[i] - covered,
                Ttl::OneHour => plan.write_1h += ends[i] - covered,
            }
            covered = ends[i];
            plan.writes.push((segments[i].prefix, ttl));
        }
        plan.uncached = end - covered;
        plan
    }

    /// Carries a plan out: what it reads is renewed, what it writes is kept.
    pub(crate) fn commit(&mut self, model: &'static str, plan: &CachePlan, now_ms: i64) {
        if let Some(entry) = plan.hit.and_then(|prefix| self.entries.get_mut(&(model, prefix))) {
            entry.expires_ms = now_ms + entry.ttl.ms();
        }
        for (prefix, ttl) in &plan.writes {
            self.entries.insert((model, *prefix), Entry { ttl: *ttl, expires_ms: now_ms + ttl.ms() });
        }
        if self.entries.len() > SWEEP_ABOVE {
            self.entries.retain(|_, entry| entry.expires_ms > now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(tokens: u64, prefix: u64, mark: Option<Ttl>) -> Segment {
        Segment { tokens, prefix, mark }
    }

    fn ask(cache: &mut PromptCache, segments: &[Segment], now_ms: i64) -> [u64; 4] {
        let plan = cache.plan("m", 100, segments, now_ms);
        cache.commit("m", &plan, now_ms);
        [plan.uncached, plan.write_5m, plan.write_1h, plan.read]
    }

    #[test]
    fn a_marked_prefix_is_written_then_read_until_it_expires() {
        let mut cache = PromptCache::default();
        let prompt = [segment(150, 1, Some(Ttl::FiveMinutes)), segment(20, 2, None)];
        assert_eq!(ask(&mut cache, &prompt, 0), [20, 150, 0, 0]);
        assert_eq!(ask(&mut cache, &prompt, 299_999), [20, 0, 0, 150]);
        assert_eq!(ask(&mut cache, &prompt, 299_999 + 299_999), [20, 0, 0, 150], "a read renews it");
        assert_eq!(ask(&mut cache, &prompt, 2_000_000), [20, 150, 0, 0]);
    }

    #[test]
    fn a_conversation_reads_its_past_and_writes_what_is_new() {
        let mut cache = PromptCache::default();
        let first = [segment(150, 1, Some(Ttl::OneHour)), segment(60, 2, Some(Ttl::FiveMinutes))];
        assert_eq!(ask(&mut cache, &first, 0), [0, 60, 150, 0]);
        let second = [
            segment(150, 1, Some(Ttl::OneHour)),
            segment(60, 2, None),
            segment(40, 3, Some(Ttl::FiveMinutes)),
        ];
        assert_eq!(ask(&mut cache, &second, 1), [0, 40, 0, 210]);
    }

    #[test]
    fn a_prefix_below_the_minimum_is_not_cached() {
        let mut cache = PromptCache::default();
        let prompt = [segment(99, 1, Some(Ttl::FiveMinutes)), segment(500, 2, None)];
        assert_eq!(ask(&mut cache, &prompt, 0), [599, 0, 0, 0]);
        assert_eq!(ask(&mut cache, &prompt, 1), [599, 0, 0, 0]);
    }
}
