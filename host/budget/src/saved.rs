//! What was saved, in dollars: every figure that is told as saved comes from here.

use crate::compression::{Removed, with_removed};
use crate::price::PriceRow;
use anvil_types::{Nanodollars, ServiceTier, Usage};

/// By what a call cost less than it would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving<'a> {
    /// Its model had the beginning of its prompt in its cache.
    PromptCache,
    /// A kept reply answered it, and it cost nothing.
    Reply {
        /// Tokens of its prompt that its model would have had in its cache.
        read: u64,
    },
    /// Its prompt was sent shorter.
    Compression {
        /// What was not sent.
        removed: &'a [Removed],
    },
    /// It went in a batch.
    Batch,
}

impl PriceRow {
    /// What was saved on a call of this usage: what the same tokens would have cost without it, less what they cost. By
    /// the prompt cache that is less than nothing where what was written was not made up for.
    pub fn saved(&self, by: Saving<'_>, usage: &Usage) -> Nanodollars {
        match by {
            Saving::PromptCache => self.cost(&usage.without_cache()) - self.cost(usage),
            // What its first asker wrote to the prompt cache, this one had not to write.
            Saving::Reply { read } => self.cost(&usage.without_cache().with_read(read)),
            Saving::Compression { removed } => self.cost(&with_removed(usage, removed)) - self.cost(usage),
            Saving::Batch if usage.service_tier.as_deref() == Some(ServiceTier::Batch.name()) => {
                self.cost(&usage.by_itself()) - self.cost(usage)
            }
            // What did not go in one was saved nothing by it.
            Saving::Batch => Nanodollars::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;

    #[test]
    fn a_kept_reply_saves_what_the_same_tokens_would_cost_as_the_prompt_cache_stands_now() {
        let table = PriceTable::built_in();
        let at = "2026-11-23T00:00:00Z".parse().expect("a time");
        let row = table.row("claude-sonnet-5-5", None, at).expect("a price");
        let plain = Usage { input_tokens: 1_000, output_tokens: 100, ..Usage::default() };
        let wrote = Usage { input_tokens: 200, cache_write_1h_tokens: 800, ..plain.clone() };
        let read = Usage { input_tokens: 200, cache_read_tokens: 800, ..plain.clone() };
        let saved = |usage: &Usage, read| row.saved(Saving::Reply { read }, usage).get();
        // $2 and $10 for a million tokens.
        assert_eq!(saved(&plain, 0), 3_000_000);
        assert_eq!(saved(&wrote, 0), 3_000_000, "what was written need not be written again");
        assert_eq!(saved(&read, 0), 3_000_000, "what was read then is not there any more");
        for usage in [&plain, &wrote, &read] {
            assert_eq!(saved(usage, 800), row.cost(&read).get());
            assert_eq!(
                saved(usage, u64::MAX),
                row.cost(&Usage { input_tokens: 0, cache_read_tokens: 1_000, ..plain.clone() }).get()
            );
        }
        assert_eq!(saved(&Usage::default(), 5), 0);
    }

    #[test]
    fn a_batch_saves_what_the_same_tokens_would_cost_by_themselves_less_what_they_cost() {
        let table = PriceTable::built_in();
        let at = "2026-11-23T00:00:00Z".parse().expect("a time");
        let row = table.row("claude-sonnet-5-5", None, at).expect("a price");
        let plain = Usage { input_tokens: 1_000, output_tokens: 101, ..Usage::default() };
        let batch = plain.clone().in_batch();
        assert_eq!(row.saved(Saving::Batch, &batch), row.cost(&plain) - row.cost(&batch));
        assert_eq!(row.saved(Saving::Batch, &batch).get() * 2, row.cost(&plain).get());
        // What says that it was none saved nothing.
        let standard = Usage { service_tier: Some("standard".to_owned()), ..plain.clone() };
        assert_eq!(standard.clone().in_batch(), standard);
        for none in [&plain, &standard] {
            assert_eq!(row.saved(Saving::Batch, none), Nanodollars::ZERO);
        }
    }
}
