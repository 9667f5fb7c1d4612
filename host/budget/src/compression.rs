//! What a prompt would have cost that was sent shorter than it is.

use anvil_types::Usage;
use serde::{Deserialize, Serialize};

/// Tokens by which a prompt was shortened at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Tokens of what was sent that stand before it.
    pub after: u64,
    /// How many.
    pub tokens: u64,
}

/// What a call of this usage would have used with these tokens in its prompt: each counts as what stands at its place
/// does. What is read stands first in a prompt, then what is written for an hour, for five minutes, and the rest.
pub fn with_removed(usage: &Usage, removed: &[Removed]) -> Usage {
    let mut whole = usage.clone();
    let read = usage.cache_read_tokens;
    let hour = read.saturating_add(usage.cache_write_1h_tokens);
    let written = hour.saturating_add(usage.cache_write_5m_tokens);
    for Removed { after, tokens } in removed {
        let kind = match *after {
            after if after < read => &mut whole.cache_read_tokens,
            after if after < hour => &mut whole.cache_write_1h_tokens,
            after if after < written => &mut whole.cache_write_5m_tokens,
            _ => &mut whole.input_tokens,
        };
        *kind = kind.saturating_add(*tokens);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PriceRow, PriceTable, Saving};
    use anvil_types::Nanodollars;

    fn row(model: &str) -> PriceRow {
        let now = "2026-11-23T00:00:00Z".parse().expect("a time");
        PriceTable::built_in().row(model, None, now).expect("a price").clone()
    }

    fn saved(row: &PriceRow, usage: &Usage, removed: &[Removed]) -> Nanodollars {
        row.saved(Saving::Compression { removed }, usage)
    }

    #[test]
    fn what_was_removed_counts_as_what_stands_at_its_place() {
        let sonnet = row("claude-sonnet-5-5");
        let usage = Usage {
            input_tokens: 100,
            cache_read_tokens: 1_000,
            cache_write_1h_tokens: 200,
            cache_write_5m_tokens: 300,
            output_tokens: 50,
            ..Usage::default()
        };
        // $2 in, $2.50 and $4 written, $0.10 read, a million each.
        for (after, price) in
            [(0, 100), (999, 100), (1_000, 4_000), (1_200, 2_500), (1_500, 2_000), (9_999, 2_000)]
        {
            let saved = saved(&sonnet, &usage, &[Removed { after, tokens: 10 }]);
            assert_eq!(saved.get(), 10 * price, "after {after}");
        }
    }

    #[test]
    fn a_prompt_that_was_brought_below_a_band_saves_by_the_dearer_one() {
        let haiku = row("claude-haiku-5-5");
        let usage = Usage { input_tokens: 100_000, ..Usage::default() };
        let saved = saved(&haiku, &usage, &[Removed { after: 100_000, tokens: 1 }]);
        assert_eq!(saved.get(), 100_001 * 500 - 100_000 * 100);
    }

    proptest::proptest! {
        #[test]
        fn what_was_saved_is_never_less_than_nothing(
            parts in proptest::array::uniform5(0_u64..120_000),
            cuts in proptest::collection::vec((0_u64..500_000, 0_u64..50_000), 0..6),
            model in 0_usize..64,
        ) {
            let table = PriceTable::built_in();
            let row = &table.rows()[model % table.rows().len()];
            let usage = Usage {
                input_tokens: parts[0], cache_read_tokens: parts[1], cache_write_5m_tokens: parts[2],
                cache_write_1h_tokens: parts[3], output_tokens: parts[4], ..Usage::default()
            };
            let removed: Vec<_> = cuts.iter().map(|(after, tokens)| Removed { after: *after, tokens: *tokens }).collect();
            let whole = with_removed(&usage, &removed);
            let tokens: u64 = removed.iter().map(|cut| cut.tokens).sum();
            proptest::prop_assert_eq!(whole.prompt_tokens(), usage.prompt_tokens() + tokens);
            let saved = saved(row, &usage, &removed);
            proptest::prop_assert!(saved >= Nanodollars::ZERO);
            proptest::prop_assert_eq!(row.cost(&usage) + saved, row.cost(&whole));
        }
    }
}
