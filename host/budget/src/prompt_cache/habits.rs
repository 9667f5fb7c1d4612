//! What was learnt of prompt caches, kept over a restart: how soon agents' prompts come again, and how short a prefix each model
//! still caches.

use crate::prompt_cache::outline::Place;
use crate::{Reuse, cache_minimum};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many agents' habits are remembered, and so many models.
const MOST: usize = 1_024;

/// Tokens of the shortest prefix that any model is believed to cache.
pub const SHORTEST: u64 = 256;
/// How many times as long as was published the shortest may be.
const FURTHEST: u64 = 4;

/// The habits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Habits {
    /// By agent: of tools and system, and of conversations.
    reuse: BTreeMap<String, [Reuse; 2]>,
    minima: BTreeMap<String, Minimum>,
}

/// What answers told of the shortest prefix that a model caches.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Minimum {
    lowest_cached: Option<u64>,
    highest_uncached: Option<u64>,
}

impl Minimum {
    fn tokens(self, model: &str) -> u64 {
        let told = cache_minimum(model);
        match self {
            Self { highest_uncached: Some(highest), .. } => told.max(highest.saturating_add(1)),
            Self { lowest_cached: Some(lowest), .. } => told.min(lowest),
            Self { .. } => told,
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
    }

    /// An answer told that of a marked beginning of so many tokens this was cached; none: nothing of it.
    pub fn learn_minimum(&mut self, model: &str, tokens: u64, cached: Option<u64>) {
        if self.minima.len() >= MOST && !self.minima.contains_key(model) {
            return;
        }
        let minimum = self.minima.entry(model.to_owned()).or_default();
        match cached {
            // A word of the upstream does not switch caching off for ever.
            None => {
                let tokens = tokens.min(cache_minimum(model).saturating_mul(FURTHEST));
                minimum.highest_uncached = minimum.highest_uncached.max(Some(tokens));
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
    pub fn minimum(&self, model: &str) -> u64 {
        self.minima.get(model).copied().unwrap_or_default().tokens(model)
    }
}

fn kind(place: Place) -> usize {
    match place {
        Place::Stem => 0,
        Place::Turn(_) => 1,
    }
}
