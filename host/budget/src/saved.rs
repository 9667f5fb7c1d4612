//! What was saved, in dollars: every figure that is told as saved comes from here.
//!
//! What a call would have cost with nothing saved goes down to what it cost in steps, each from where the one before it ended:
//! its prompt is sent shorter, a part of it is read from the prompt cache, and it goes in a batch; or a kept reply
//! answers it, and all of it is saved at once. So what is told of one is the difference to the same call without it where
//! nothing else saves, and what is told of all together is the difference to the same call with nothing saved, to the
//! nano-dollar.

use crate::price::PriceRow;
use anvil_types::{Nanodollars, ServiceTier, Usage};

/// By what a call cost less than it would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// A kept reply answered it, and it cost nothing.
    Reply,
    /// Its prompt was sent shorter.
    Compression {
        /// By so many tokens.
        tokens: u64,
    },
    /// Its model had the beginning of its prompt in its cache.
    PromptCache,
    /// It went in a batch.
    Batch,
}

impl PriceRow {
    /// What was saved on a call of this usage. By the prompt cache that is less than nothing where what was written was not
    /// made up for.
    pub fn saved(&self, by: Saving, usage: &Usage) -> Nanodollars {
        let alone = usage.by_itself();
        let plain = alone.without_cache();
        match by {
            Saving::Reply => self.cost(&plain),
            Saving::Compression { tokens } => self.cost(&plain.with_more(tokens)) - self.cost(&plain),
            Saving::PromptCache => self.cost(&plain) - self.cost(&alone),
            Saving::Batch if usage.service_tier.as_deref() == Some(ServiceTier::Batch.name()) => {
                self.cost(&alone) - self.cost(usage)
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

    fn sonnet() -> PriceRow {
        let at = "2026-11-23T00:00:00Z".parse().expect("a time");
        PriceTable::built_in().row("claude-sonnet-5-5", None, at).expect("a price").clone()
    }

    #[test]
    fn a_kept_reply_saves_what_the_same_tokens_cost_with_nothing_saved() {
        let row = sonnet();
        let plain = Usage { input_tokens: 1_000, output_tokens: 100, ..Usage::default() };
        let wrote = Usage { input_tokens: 200, cache_write_1h_tokens: 800, ..plain.clone() };
        let read = Usage { input_tokens: 200, cache_read_tokens: 800, ..plain.clone() };
        // $2 and $10 for a million tokens.
        for usage in [plain.clone(), wrote, read, plain.in_batch()] {
            assert_eq!(row.saved(Saving::Reply, &usage).get(), 3_000_000);
        }
        assert_eq!(row.saved(Saving::Reply, &Usage::default()), Nanodollars::ZERO);
    }

    #[test]
    fn a_batch_saves_what_the_same_tokens_would_cost_by_themselves_less_what_they_cost() {
        let row = sonnet();
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

    proptest::proptest! {
        #[test]
        fn what_all_saved_and_what_was_paid_are_what_it_costs_with_nothing_saved(
            parts in proptest::array::uniform4(0_u64..400_000), output in 0_u64..50_000, removed in 0_u64..400_000,
            model in 0_usize..64, batch in proptest::bool::ANY, us in proptest::bool::ANY,
        ) {
            let table = PriceTable::built_in();
            let row = &table.rows()[model % table.rows().len()];
            let usage = Usage {
                input_tokens: parts[0], cache_read_tokens: parts[1],
                cache_write_5m_tokens: parts[2], cache_write_1h_tokens: parts[3], output_tokens: output,
                service_tier: batch.then(|| "batch".into()), inference_geo: us.then(|| "us".into()), speed: None,
            };
            let nothing_saved = Usage {
                input_tokens: usage.prompt_tokens() + removed, output_tokens: output,
                inference_geo: usage.inference_geo.clone(), ..Usage::default()
            };
            let all = [Saving::Compression { tokens: removed }, Saving::PromptCache, Saving::Batch];
            let saved: Nanodollars = all.into_iter().map(|by| row.saved(by, &usage)).sum();
            proptest::prop_assert_eq!(saved + row.cost(&usage), row.cost(&nothing_saved));
            // A kept reply saves all of it at once.
            proptest::prop_assert_eq!(row.saved(Saving::Reply, &usage.with_more(removed)), row.cost(&nothing_saved));
        }
    }
}
