//! Whether a prefix is read once more by a call that asks for nothing else, so that its model keeps it for what comes later.
//!
//! That costs a read, and buys five minutes more. What is kept for an hour is let go: of what comes again later than in an
//! hour nothing is known.

use crate::price::PriceRow;
use crate::prompt_cache::CacheTtl;
use crate::prompt_cache::caches::{AskedModel, Mark, PromptCaches};
use crate::prompt_cache::outline::Outline;
use anvil_types::{Nanodollars, Timestamp, Usage};
use std::time::Duration;

/// So long before it would be gone: a call takes its time to be read.
const BEFORE: Duration = Duration::from_secs(15);

impl PromptCaches {
    /// When what a prompt so marked begins with is to be read once more, if it is: shortly before it is gone. None where it
    /// is not there, or is kept for an hour.
    pub fn refresh_at(
        &self,
        outline: &Outline,
        marks: &[Mark],
        model: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (beginning, warm) = self.warm(outline, model, now)?;
        let is_marked = marks.last().is_some_and(|mark| mark.place == beginning.place);
        (is_marked && warm.ttl == CacheTtl::FiveMinutes).then(|| warm.until - BEFORE)
    }

    /// What a refresh of it probably costs; none where that does not pay for this agent.
    pub fn refresh(
        &self,
        who: &str,
        outline: &Outline,
        marks: &[Mark],
        asked: &AskedModel<'_>,
    ) -> Option<Nanodollars> {
        let AskedModel { row, tokens, now } = *asked;
        let (beginning, warm) = self.warm(outline, &row.model, now)?;
        let cost = refresh_cost(row, warm.tokens, tokens);
        let saves = self.fading(outline, marks, asked)?.miss;
        self.habits.gaps(who, beginning.place).refresh_pays(warm.refreshes, saves, cost).then_some(cost)
    }
}

/// What a call costs that reads so many of so many tokens and has one for an answer.
fn refresh_cost(row: &PriceRow, read: u64, tokens: u64) -> Nanodollars {
    let input_tokens = tokens.saturating_sub(read);
    row.cost(&Usage { input_tokens, cache_read_tokens: read, output_tokens: 1, ..Usage::default() })
}
