//! What was learnt of prompt caches, kept over a restart: how soon agents' prompts come again, and how short a prefix each model
//! still caches.

use crate::prompt_cache::gaps::Gaps;
use crate::prompt_cache::outline::Place;
use crate::{Reads, Reuse, cache_minimum};
use anvil_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many agents' habits are remembered, and so many models.
const MOST: usize = 1_024;

/// Tokens of the shortest prefix that any model is believed to cache.
pub const SHORTEST: u64 = 256;
/// How many times as long as was published the shortest may be.
const FURTHEST: u64 = 4;
/// How long what speaks against marking is believed: what is not marked teaches nothing, and so is tried again.
const BELIEVED: Duration = Duration::from_hours(1);

/// The habits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Habits {
    /// By agent: of tools and system, and of conversations.
    reuse: BTreeMap<String, [Reuse; 2]>,
    /// By agent, as above: how long it was until then.
    #[serde(default)]
    gaps: BTreeMap<String, [Gaps; 2]>,
    minima: BTreeMap<String, Minimum>,
    /// By agent: whether the models had what they were to have. What one agent provokes is no other's.
    #[serde(default)]
    reads: BTreeMap<String, Held>,
}

/// What models had in their caches, and when that was last seen.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Held {
    reads: Reads,
    at: Timestamp,
}

/// What answers told of the shortest prefix that a model caches.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Minimum {
    lowest_cached: Option<u64>,
    highest_uncached: Option<u64>,
    #[serde(default)]
    uncached_at: Timestamp,
}

impl Minimum {
    fn tokens(self, model: &str, now: Timestamp) -> u64 {
        let told = cache_minimum(model);
        let uncached = self.highest_uncached.filter(|_| now.since(self.uncached_at) < BELIEVED);
        match (uncached, self.lowest_cached) {
            (Some(highest), _) => told.max(highest.saturating_add(1)),
            (None, Some(lowest)) => told.min(lowest),
            (None, None) => told,
        }
    }
}

impl Habits {
    /// How soon such prompts of an agent came again.
    pub fn reuse(&self, who: &str, place: Place) -> Reuse {
        self.reuse.get(who).map_or_else(Reuse::default, |reuse| reuse[kind(place)])
    }

    /// One came again after so long; none: not within the longest time that a model keeps it.
    pub fn note(&mut self, who: &str, place: Place, gap: Option<Duration>) {
        if self.reuse.len() >= MOST && !self.reuse.contains_key(who) {
            return;
        }
        self.reuse.entry(who.to_owned()).or_default()[kind(place)].note(gap);
        self.gaps.entry(who.to_owned()).or_default()[kind(place)].note(gap);
    }

    /// How long it was until such prompts of an agent came again.
    pub fn gaps(&self, who: &str, place: Place) -> Gaps {
        self.gaps.get(who).map_or_else(Gaps::default, |gaps| gaps[kind(place)])
    }

    /// An answer told that of a marked beginning of so many tokens this was cached; none: nothing of it.
    pub fn learn_minimum(&mut self, model: &str, tokens: u64, cached: Option<u64>, now: Timestamp) {
        if self.minima.len() >= MOST && !self.minima.contains_key(model) {
            return;
        }
        let minimum = self.minima.entry(model.to_owned()).or_default();
        match cached {
            // What was kept when it was shorter is long enough: that it was not this time has another reason.
            None if minimum.lowest_cached.is_some_and(|lowest| lowest <= tokens) => {}
            // A word of the upstream does not switch caching off for ever.
            None => {
                let tokens = tokens.min(cache_minimum(model).saturating_mul(FURTHEST));
                minimum.highest_uncached = minimum.highest_uncached.max(Some(tokens));
                minimum.uncached_at = now;
            }
            Some(cached) => {
                let cached = cached.max(SHORTEST);
                let lowest = minimum.lowest_cached.map_or(cached, |lowest| lowest.min(cached));
                minimum.lowest_cached = Some(lowest);
                minimum.highest_uncached = minimum.highest_uncached.filter(|highest| *highest < cached);
            }
        }
    }

    /// Tokens of the shortest prefix that a model caches, as far as is known.
    pub fn minimum(&self, model: &str, now: Timestamp) -> u64 {
        self.minima.get(model).copied().unwrap_or_default().tokens(model, now)
    }

    /// Whether a prompt of so many tokens is shorter than any that a model is known to keep.
    pub fn may_be_too_short(&self, model: &str, tokens: u64) -> bool {
        let lowest = self.minima.get(model).and_then(|minimum| minimum.lowest_cached);
        lowest.is_none_or(|lowest| tokens < lowest)
    }

    /// What a model was to have in its cache was asked for by this agent, and read or not.
    pub fn note_read(&mut self, who: &str, found: bool, now: Timestamp) {
        if self.reads.len() >= MOST && !self.reads.contains_key(who) {
            return;
        }
        let mut reads = self.reads(who, now);
        reads.note(found);
        self.reads.insert(who.to_owned(), Held { reads, at: now });
    }

    /// How often the models had what they were to have for this agent, as far as that is believed now.
    pub fn reads(&self, who: &str, now: Timestamp) -> Reads {
        let held = self.reads.get(who).filter(|held| now.since(held.at) < BELIEVED);
        held.map_or_else(Reads::default, |held| held.reads)
    }
}

fn kind(place: Place) -> usize {
    match place {
        Place::Stem => 0,
        Place::Turn(_) => 1,
    }
}
