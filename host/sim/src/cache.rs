//! Prompt caching: which part of a prompt is written, which is read.
//!
//! Source: the published page on prompt caching. A prompt is a row of segments (tools, system blocks, message blocks). One
//! that is marked with `cache_control` ends a prefix. From each mark the prefixes of the last 20 positions are looked up,
//! the mark's own first; the longest that is found at any mark is read. What lies between it and the marks after it is
//! written, with the time to live of the mark that ends it. Marks before it write nothing, since nothing of them is
//! processed. A prefix below the model's minimum is neither read nor written.
//!
//! What was found at any mark counts as used. An entry lives for its time from the *start* of the request that last used
//! it; it comes into being when that request's answer begins.

use std::collections::HashMap;

use serde_json::Value;

use crate::usage::SimUsage;

/// How long a prefix stays cached after it was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ttl {
    FiveMinutes,
    OneHour,
}

impl Ttl {
    /// The time to live that a `cache_control` says; `None` if it says none that there is.
    pub(crate) fn of(control: &Value) -> Option<Self> {
        match (control["type"].as_str()?, &control["ttl"]) {
            ("ephemeral", Value::Null) => Some(Self::FiveMinutes),
            ("ephemeral", ttl) if ttl == "5m" => Some(Self::FiveMinutes),
            ("ephemeral", ttl) if ttl == "1h" => Some(Self::OneHour),
            _ => None,
        }
    }

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
    /// Its place in the look-back; segments of one run share theirs.
    pub(crate) position: usize,
    /// Set where `cache_control` marks it.
    pub(crate) mark: Option<Ttl>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    ttl: Ttl,
    expires_ms: i64,
}

/// The prefixes that are cached, by model and hash. One simulator is one workspace.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    entries: HashMap<(&'static str, u64), Entry>,
}

/// How many positions are looked at from each mark, its own included.
const LOOK_BACK: usize = 20;

/// Above this many prefixes, those that expired are dropped.
const SWEEP_ABOVE: usize = 4_096;

/// What a prompt would read and write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CachePlan {
    pub(crate) uncached: u64,
    pub(crate) read: u64,
    pub(crate) write_5m: u64,
    pub(crate) write_1h: u64,
    /// The entries that are used or made, with the time that each lives.
    entries: Vec<(u64, Ttl)>,
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
        let marks: Vec<(usize, Ttl)> = (0..segments.len())
            .filter(|i| ends[*i] >= minimum)
            .filter_map(|i| Some((i, segments[i].mark?)))
            .collect();
        let mut plan = CachePlan::default();
        let mut hit = None;
        for (mark, _) in &marks {
            let near = |i: &usize| segments[*mark].position - segments[*i].position < LOOK_BACK;
            let found = (0..=*mark).rev().take_while(near).find_map(|i| {
                let entry = self.entries.get(&(model, segments[i].prefix))?;
                (entry.expires_ms > now_ms).then_some((i, entry.ttl))
            });
            if let Some((i, ttl)) = found {
                hit = hit.max(Some(i));
                plan.entries.push((segments[i].prefix, ttl));
            }
        }
        plan.read = hit.map_or(0, |i| ends[i]);
        let mut covered = plan.read;
        for (i, ttl) in marks.into_iter().filter(|(i, _)| hit.is_none_or(|hit| *i > hit)) {
            match ttl {
                Ttl::FiveMinutes => plan.write_5m += ends[i] - covered,
                Ttl::OneHour => plan.write_1h += ends[i] - covered,
            }
            covered = ends[i];
            plan.entries.push((segments[i].prefix, ttl));
        }
        plan.uncached = end - covered;
        plan
    }

    /// Carries out a plan of a request that came at `start_ms`: what it uses is renewed, what it writes is kept.
    pub(crate) fn commit(&mut self, model: &'static str, plan: &CachePlan, start_ms: i64) {
        for (prefix, ttl) in &plan.entries {
            let fresh = Entry { ttl: *ttl, expires_ms: start_ms + ttl.ms() };
            let entry = self.entries.entry((model, *prefix)).or_insert(fresh);
            if entry.expires_ms <= start_ms {
                *entry = fresh;
            }
            // Of two that wrote it at once, the longer time holds; and an answer that began late ends no other's time.
            entry.ttl = entry.ttl.max(*ttl);
            entry.expires_ms = entry.expires_ms.max(start_ms + entry.ttl.ms());
        }
        if self.entries.len() > SWEEP_ABOVE {
            self.entries.retain(|_, entry| entry.expires_ms > start_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(tokens: u64, prefix: u64, mark: Option<Ttl>) -> Segment {
        let position = usize::try_from(prefix).expect("small");
        Segment { tokens, prefix, position, mark }
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

    #[test]
    fn of_two_that_write_at_once_the_longer_time_holds_whichever_begins_to_answer_first() {
        for order in [[0, 1], [1, 0]] {
            let mut cache = PromptCache::default();
            let of = |ttl| [segment(150, 1, Some(ttl))];
            let plans = [Ttl::FiveMinutes, Ttl::OneHour].map(|ttl| cache.plan("m", 100, &of(ttl), 0));
            for i in order {
                cache.commit("m", &plans[i], 0);
            }
            assert_eq!(ask(&mut cache, &of(Ttl::FiveMinutes), 3_599_999), [0, 0, 0, 150]);
        }
    }

    #[test]
    fn an_answer_that_begins_late_ends_no_others_time_and_keeps_what_it_read() {
        let mut cache = PromptCache::default();
        let prompt = [segment(150, 1, Some(Ttl::FiveMinutes))];
        ask(&mut cache, &prompt, 0);
        let late = cache.plan("m", 100, &prompt, 100_000);
        ask(&mut cache, &prompt, 250_000);
        cache.commit("m", &late, 100_000);
        assert_eq!(ask(&mut cache, &prompt, 549_999), [0, 0, 0, 150]);
        let late = cache.plan("m", 100, &prompt, 849_998);
        assert_eq!(late.read, 150);
        // Swept away meanwhile: who has read it still renews it.
        cache.entries.clear();
        cache.commit("m", &late, 849_998);
        assert_eq!(ask(&mut cache, &prompt, 1_149_997), [0, 0, 0, 150]);
    }

    #[test]
    fn a_mark_before_what_is_read_writes_nothing() {
        let mut cache = PromptCache::default();
        let last = [segment(150, 1, None), segment(60, 2, Some(Ttl::FiveMinutes))];
        ask(&mut cache, &last, 0);
        let both = [segment(150, 1, Some(Ttl::OneHour)), segment(60, 2, Some(Ttl::FiveMinutes))];
        assert_eq!(ask(&mut cache, &both, 1), [0, 0, 0, 210]);
        assert_eq!(ask(&mut cache, &both[..1], 2), [0, 0, 150, 0]);
    }
}
