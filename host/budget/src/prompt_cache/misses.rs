//! Why a prompt that was marked was not read from its model's cache.

use crate::price::PriceRow;
use crate::prompt_cache::caches::{Mark, PromptCaches};
use crate::prompt_cache::lineage::{Difference, Whose};
use crate::prompt_cache::outline::Outline;
use anvil_types::{CacheMiss, CacheMissReason, Timestamp, Usage};

/// A miss, before it is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Why.
    pub reason: CacheMissReason,
    /// Tokens that a hit would have read.
    pub tokens: u64,
}

impl Missed {
    /// What a call that took this cost more for it, by this row's prices.
    pub fn priced(self, row: &PriceRow, usage: &Usage) -> CacheMiss {
        let Self { reason, tokens } = self;
        CacheMiss { reason, tokens, cost: row.missed(usage, tokens) }
    }
}

/// A hit that reads less than this of what it was to read is none: counts of tokens are estimated in part.
const MOST_OF_IT: (u64, u64) = (9, 10);

impl PromptCaches {
    /// The miss that a call was, by what was known before it. A prompt that is not marked is to be read nowhere, so it is
    /// none.
    pub fn missed(
        &self,
        whose: Whose<'_>,
        outline: &Outline,
        marks: &[Mark],
        model: &str,
        usage: &Usage,
        now: Timestamp,
    ) -> Option<Missed> {
        let last = marks.last()?;
        let last = outline.longest_first().find(|beginning| beginning.place == last.place)?;
        let (whole, read) = (usage.prompt_tokens(), usage.cache_read_tokens);
        let missed = |reason, tokens| Some(Missed { reason, tokens });
        if usage.cached_tokens() == 0 && self.habits.may_be_too_short(model, outline.tokens(last, whole)) {
            return missed(CacheMissReason::BelowMinimum, outline.tokens(last, whole));
        }
        let Some((beginning, kept)) = self.kept(outline) else {
            let written = usage.cached_tokens() - read;
            // What came before says what has changed of it.
            return match self.lineages.difference(whose, outline, last.place) {
                _ if written == 0 => None,
                Some(Difference::Tools) => missed(CacheMissReason::ToolsChanged, written),
                Some(Difference::From(at)) => missed(CacheMissReason::PrefixChanged { at }, written),
                None => missed(CacheMissReason::First, written),
            };
        };
        let tokens = kept.get(model).map_or_else(|| outline.tokens(beginning, whole), |warm| warm.tokens);
        if read >= tokens / MOST_OF_IT.1 * MOST_OF_IT.0 {
            return None;
        }
        let elsewhere = kept.iter().any(|(other, warm)| other != model && warm.until > now);
        match kept.get(model) {
            None if elsewhere => missed(CacheMissReason::ModelChanged, tokens - read),
            // Where it was let go sooner than it was promised, it has expired all the same.
            Some(_) | None => missed(CacheMissReason::Expired, tokens - read),
        }
    }
}
