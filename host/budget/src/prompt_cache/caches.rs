//! What the models have in their prompt caches, as far as their answers told; and what of a prompt is worth keeping there.

use crate::prompt_cache::habits::Habits;
use crate::prompt_cache::lineage::{Lineages, Whose};
use crate::prompt_cache::outline::{Beginning, Digest, Outline, Place};
use crate::prompt_cache::warm::WarmPrompt;
use crate::{CacheTtl, PriceRow};
use anvil_types::{Timestamp, Usage};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// So many beginnings are remembered; those that were used longest ago go first.
const MOST: usize = 4_096;
/// How long a beginning that was not used again is waited for: no model keeps one for longer.
const WAITED_FOR: Duration = Duration::from_hours(1);
/// How long one is remembered, to tell what is new from what has expired.
const REMEMBERED_FOR: Duration = Duration::from_hours(24);
/// How long an upstream is held to refuse marks that has refused one.
const REFUSED_FOR: Duration = Duration::from_hours(1);
/// How often it is looked which were not used again.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// A mark finds what was written before it within so many blocks. Source: the Messages API's prompt caching; it says 20, and
/// the mark's own block may count.
const LOOK_BACK: usize = 18;

/// Where a prompt is marked, and for how long what stands before it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Behind what.
    pub place: Place,
    /// For how long.
    pub ttl: CacheTtl,
}

/// Which model is asked, how many tokens it probably counts in the whole prompt, and when.
#[derive(Clone, Copy, Debug)]
pub struct AskedModel<'r> {
    /// The model's prices.
    pub row: &'r PriceRow,
    /// Tokens of the whole prompt, as it probably counts them.
    pub tokens: u64,
    /// When.
    pub now: Timestamp,
}

/// Which beginnings were used, which are warm, and how soon such came again.
#[derive(Debug, Default)]
pub struct PromptCaches {
    pub(super) known: HashMap<Digest, Known>,
    /// What was learnt, and is kept over a restart.
    pub habits: Habits,
    pub(super) lineages: Lineages,
    /// Until when each agent's latest stem is in a model's cache.
    stems: HashMap<String, Timestamp>,
    swept: Timestamp,
    /// Until when the upstream is held to refuse marks in whose requests: what one agent provokes is no other's.
    refused: HashMap<String, Timestamp>,
}

#[derive(Debug)]
pub(super) struct Known {
    /// Who used it last: whether it comes again counts for whoever would have kept it.
    who: String,
    place: Place,
    used: Timestamp,
    /// It is known whether it came again.
    judged: bool,
    /// Tokens, where an answer counted exactly it.
    counted: Option<u64>,
    pub(super) warm: HashMap<String, Warm>,
}

/// In one model's cache.
#[derive(Clone, Copy, Debug)]
pub struct Warm {
    /// Until then, where nobody reads it before.
    pub until: Timestamp,
    /// How long it is kept since it was read last.
    pub ttl: CacheTtl,
    /// Tokens of it.
    pub tokens: u64,
    /// When a call read or wrote it last that was no refresh.
    pub used: Timestamp,
    /// Until when it was there, as a refresh of it began: nobody else begins one for the same time.
    pub asked: Option<Timestamp>,
}

impl PromptCaches {
    /// With what an earlier life of the host had learnt.
    pub fn with(habits: Habits) -> Self {
        Self { habits, ..Self::default() }
    }

    /// The longest beginning that a model has in its cache.
    pub fn warm<'o>(
        &self,
        outline: &'o Outline,
        model: &str,
        now: Timestamp,
    ) -> Option<(&'o Beginning, Warm)> {
        outline.longest_first().find_map(|beginning| {
            let warm = self.known.get(&beginning.digest)?.warm.get(model)?;
            (warm.until > now).then_some((beginning, *warm))
        })
    }

    /// What a prompt so marked reads from its model's cache, if it is asked before that is gone; none where it reads nothing.
    pub fn fading(&self, outline: &Outline, marks: &[Mark], asked: &AskedModel<'_>) -> Option<WarmPrompt> {
        let AskedModel { row, tokens, now } = *asked;
        let last = marks.last()?;
        let (beginning, warm) = self.warm(outline, &row.model, now)?;
        let anew = match last.ttl {
            CacheTtl::FiveMinutes => Usage { cache_write_5m_tokens: tokens, ..Usage::default() },
            CacheTtl::Hour => Usage { cache_write_1h_tokens: tokens, ..Usage::default() },
        };
        let (kept, miss) = (warm.ttl.duration(), row.missed(&anew, warm.tokens));
        Some(WarmPrompt { beginning: beginning.digest, until: warm.until, kept, miss })
    }

    /// The upstream refused a request of this agent for its marks.
    pub fn refuse(&mut self, who: &str, now: Timestamp) {
        self.refused.retain(|_, until| *until > now);
        if self.refused.len() < MOST {
            self.refused.insert(who.to_owned(), now + REFUSED_FOR);
        }
    }

    /// Whether the upstream is held to refuse marks in requests of this agent.
    pub fn are_refused(&self, who: &str, now: Timestamp) -> bool {
        self.refused.get(who).is_some_and(|until| now < *until)
    }

    /// The agents whose latest stem is in a model's cache.
    pub fn warm_agents(&self, now: Timestamp) -> HashSet<String> {
        self.stems.iter().filter(|(_, until)| **until > now).map(|(who, _)| who.clone()).collect()
    }

    /// How many tokens the whole has, where an answer has told.
    pub fn counted(&self, outline: &Outline) -> Option<u64> {
        self.known.get(&outline.whole().digest)?.counted
    }

    /// The longest beginning that was ever in a model's cache, and in which.
    pub fn kept<'o>(&self, outline: &'o Outline) -> Option<(&'o Beginning, &HashMap<String, Warm>)> {
        outline.longest_first().find_map(|beginning| {
            let known = self.known.get(&beginning.digest)?;
            (!known.warm.is_empty()).then_some((beginning, &known.warm))
        })
    }

    /// Where a prompt of so many tokens is worth being marked for the model of this row: what is in its cache is read, and
    /// what such prompts of this agent read again soon enough is written.
    pub fn marks(&self, outline: &Outline, who: &str, asked: &AskedModel<'_>) -> Vec<Mark> {
        let AskedModel { row, tokens, now } = *asked;
        let model = row.model.as_str();
        let (minimum, reads) = (self.habits.minimum(model, now), self.habits.reads(who, now));
        let long_enough = |beginning: &&Beginning| outline.tokens(beginning, tokens) >= minimum;
        let warm = |beginning: &Beginning| {
            let warm = self.known.get(&beginning.digest)?.warm.get(model)?;
            (warm.until > now && reads.pays(row, tokens, warm.ttl)).then_some(warm.ttl)
        };
        // That it comes again now is known before it is noted.
        let keep = |place, before: Option<&Known>| {
            let mut reuse = self.habits.reuse(who, place);
            if let Some(before) = before.filter(|before| !before.judged) {
                reuse.note(Some(now.since(before.used)));
            }
            reuse.keep(row, tokens, reads)
        };
        let mut marks = Vec::new();
        if let Some(stem) = outline.stem().filter(long_enough)
            && let Some(ttl) = warm(stem).or_else(|| keep(Place::Stem, self.known.get(&stem.digest)))
        {
            marks.push(Mark { place: Place::Stem, ttl });
        }
        let whole = outline.whole();
        let earlier = outline.turns().filter(|turn| warm(turn).is_some()).last();
        let before = || outline.turns().filter_map(|turn| self.known.get(&turn.digest)).last();
        let ttl = earlier.and_then(warm).or_else(|| keep(whole.place, before()));
        if let Some(ttl) = ttl.filter(|_| long_enough(&whole)) {
            if let Some(earlier) = earlier.filter(|one| whole.blocks - one.blocks > LOOK_BACK) {
                marks.push(Mark { place: earlier.place, ttl });
            }
            marks.push(Mark { place: whole.place, ttl });
        }
        // What is kept for an hour has to stand before what is kept for five minutes.
        let longest = marks.iter().map(|mark| mark.ttl).max();
        if let (Some(longest), Some(last)) = (longest, marks.last())
            && last.ttl == longest
        {
            for mark in &mut marks {
                mark.ttl = longest;
            }
        }
        marks
    }

    /// The beginnings that a prompt so marked writes into a model's cache: those that are not there.
    pub fn written(&self, outline: &Outline, marks: &[Mark], model: &str, now: Timestamp) -> Vec<Digest> {
        let marked =
            marks.iter().filter_map(|mark| outline.longest_first().find(|one| one.place == mark.place));
        let is_there = |digest: &Digest| {
            let warm = self.known.get(digest).and_then(|known| known.warm.get(model));
            warm.is_some_and(|warm| warm.until > now)
        };
        marked.map(|beginning| beginning.digest).filter(|digest| !is_there(digest)).collect()
    }

    /// Takes what an answer told of its model's cache.
    pub fn learn(
        &mut self,
        whose: Whose<'_>,
        outline: &Outline,
        marks: &[Mark],
        model: &str,
        usage: &Usage,
        now: Timestamp,
    ) {
        self.note_uses(outline, now);
        let (whole, cached) = (usage.prompt_tokens(), usage.cached_tokens());
        let last = marks.last().and_then(|mark| outline.longest_first().find(|one| one.place == mark.place));
        if let Some(last) = last {
            let cached = (cached > 0).then_some(cached);
            self.habits.learn_minimum(model, outline.tokens(last, whole), cached, now);
            if self.warm(outline, model, now).is_some() {
                self.habits.note_read(whose.who, usage.cache_read_tokens > 0, now);
            }
        }
        // A read renews what it reads.
        if usage.cache_read_tokens > 0 {
            let warm = self.warm(outline, model, now).map(|(beginning, _)| beginning.digest);
            let known = warm.and_then(|digest| self.known.get_mut(&digest));
            if let Some(warm) = known.and_then(|known| known.warm.get_mut(model)) {
                (warm.until, warm.used) = (now + warm.ttl.duration(), now);
            }
        }
        for mark in marks {
            let Some(beginning) = outline.longest_first().find(|one| one.place == mark.place) else {
                continue;
            };
            let known = self.remember(whose.who, beginning, now);
            if cached == 0 {
                known.warm.remove(model);
                continue;
            }
            let is_last = last == Some(beginning);
            let tokens = if is_last { cached } else { outline.tokens(beginning, whole).min(cached) };
            let ttl = known.warm.get(model).filter(|warm| warm.until > now).map_or(mark.ttl, |warm| warm.ttl);
            let until = now + ttl.duration();
            known.warm.insert(model.to_owned(), Warm { until, ttl, tokens, used: now, asked: None });
            if mark.place == Place::Stem {
                self.stems.insert(whose.who.to_owned(), until);
            }
        }
        // Whether these come again is still to be seen.
        let known = self.remember(whose.who, outline.whole(), now);
        (known.judged, known.counted) = (false, Some(whole));
        if let Some(stem) = outline.stem() {
            self.remember(whose.who, stem, now).judged = false;
        }
        self.lineages.keep(whose, outline, now);
    }

    /// Takes what the answer of a refresh told: nobody has used what it read.
    pub fn refreshed(
        &mut self,
        who: &str,
        outline: &Outline,
        marks: &[Mark],
        model: &str,
        usage: &Usage,
        now: Timestamp,
    ) {
        self.habits.note_read(who, usage.cache_read_tokens > 0, now);
        for mark in marks {
            let beginning = outline.longest_first().find(|one| one.place == mark.place);
            let known = beginning.and_then(|one| self.known.get_mut(&one.digest));
            let Some(known) = known else { continue };
            if usage.cached_tokens() == 0 {
                known.warm.remove(model);
            } else if let Some(warm) = known.warm.get_mut(model) {
                warm.until = now + warm.ttl.duration();
                if mark.place == Place::Stem {
                    self.stems.insert(who.to_owned(), warm.until);
                }
            }
        }
    }

    /// Notes how soon what this prompt begins with was used again.
    fn note_uses(&mut self, outline: &Outline, now: Timestamp) {
        self.sweep(now);
        if let Some(known) = outline.stem().and_then(|stem| self.known.get_mut(&stem.digest)) {
            let gap = now.since(known.used);
            if !std::mem::replace(&mut known.judged, true) {
                self.habits.note(&known.who, Place::Stem, Some(gap));
            }
        }
        let longest = outline.longest_first().filter(|one| one.place != Place::Stem);
        let longest = longest.map(|one| one.digest).find(|digest| self.known.contains_key(digest));
        if let Some(known) = longest.and_then(|digest| self.known.get_mut(&digest))
            && !std::mem::replace(&mut known.judged, true)
        {
            let (gap, place) = (now.since(known.used), known.place);
            self.habits.note(&known.who, place, Some(gap));
        }
    }

    fn remember(&mut self, who: &str, beginning: &Beginning, now: Timestamp) -> &mut Known {
        if self.known.len() >= MOST && !self.known.contains_key(&beginning.digest) {
            let first = self.known.iter().min_by_key(|(_, known)| known.used).map(|(digest, _)| *digest);
            first.and_then(|first| self.known.remove(&first));
        }
        let known = self.known.entry(beginning.digest).or_insert_with(|| Known {
            who: who.to_owned(),
            place: beginning.place,
            used: now,
            judged: false,
            counted: None,
            warm: HashMap::new(),
        });
        known.used = now;
        if known.who != who {
            who.clone_into(&mut known.who);
        }
        known
    }

    /// What nobody used again within the longest time that a model keeps it, was not.
    fn sweep(&mut self, now: Timestamp) {
        if now.since(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.stems.retain(|_, until| *until > now);
        let habits = &mut self.habits;
        self.known.retain(|_, known| {
            let idle = now.since(known.used);
            if idle >= WAITED_FOR && !std::mem::replace(&mut known.judged, true) {
                habits.note(&known.who, known.place, None);
            }
            idle < REMEMBERED_FOR
        });
    }
}
