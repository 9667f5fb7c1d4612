//! How a sum of many calls falls to kinds of token.
//!
//! A call's cost is exact, but sums keep tokens and dollars alone: not which band of prompt length or
//! which multiplier each call had. So a sum is shared out in proportion to tokens × price, which is exact
//! for calls of one band, and an estimate where they differ. The parts always add up to the sum.

use crate::price::PriceTable;
use anvil_types::{Nanodollars, Timestamp, Usage};

/// The kinds of token, in the order of [`Kinds`].
pub const KINDS: [&str; 5] = ["input", "output", "cache read", "cache write 5 min", "cache write 1 h"];

/// An amount for each kind of token: input, output, cache read, cache writes for 5 minutes and an hour.
pub type Kinds = [Nanodollars; 5];

/// Shares out what calls to a model cost at about this time. All of it is input where no price is known or no
/// token was counted.
pub fn split(prices: &PriceTable, model: &str, at: Timestamp, tokens: &Usage, cost: Nanodollars) -> Kinds {
    let counts = [
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.cache_read_tokens,
        tokens.cache_write_5m_tokens,
        tokens.cache_write_1h_tokens,
    ];
    let rates = prices.row(model, None, at).ok().and_then(|row| row.bands.first()).map(|band| band.rates);
    let prices = rates.map_or([1; 5], |rates| {
        [rates.input, rates.output, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h]
    });
    let weights: Vec<i128> =
        counts.iter().zip(prices).map(|(count, price)| i128::from(*count) * i128::from(price)).collect();
    let all: i128 = weights.iter().sum();
    if all == 0 {
        return [cost, Nanodollars::ZERO, Nanodollars::ZERO, Nanodollars::ZERO, Nanodollars::ZERO];
    }
    // Each part is the step of a running total, so that nothing is lost to rounding.
    let mut parts = [Nanodollars::ZERO; 5];
    let (mut weight, mut before) = (0_i128, 0_i128);
    for (part, own) in parts.iter_mut().zip(weights) {
        weight += own;
        let until = i128::from(cost.get()).saturating_mul(weight) / all;
        *part = Nanodollars::new(i64::try_from(until - before).unwrap_or(i64::MAX));
        before = until;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T00:00:00Z".parse().expect("a time")
    }

    #[test]
    fn one_bands_calls_are_split_exactly() {
        let table = PriceTable::built_in();
        let row = table.row("claude-haiku-5-5", None, now()).expect("a price");
        let usage = Usage {
            input_tokens: 30_000,
            output_tokens: 2_000,
            cache_read_tokens: 10_000,
            ..Usage::default()
        };
        let parts = split(&table, "claude-haiku-5-5", now(), &usage, row.cost(&usage));
        let alone = |usage: &Usage| row.cost(usage);
        assert_eq!(parts[0], alone(&Usage { input_tokens: 30_000, ..Usage::default() }));
        assert_eq!(parts[1], alone(&Usage { output_tokens: 2_000, ..Usage::default() }));
        assert_eq!(parts[3], Nanodollars::ZERO);
    }

    #[test]
    fn what_has_no_price_or_no_token_is_still_all_there() {
        let table = PriceTable::built_in();
        let cost = Nanodollars::new(1_234_567);
        let some = Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() };
        for (model, usage) in [("no-such-model", some.clone()), ("claude-haiku-5-5", Usage::default())] {
            assert_eq!(split(&table, model, now(), &usage, cost).into_iter().sum::<Nanodollars>(), cost);
        }
    }

    proptest::proptest! {
        #[test]
        fn the_parts_are_the_whole(counts in proptest::array::uniform5(0_u64..1 << 40), cost in 0_i64..1 << 52) {
            let tokens = Usage {
                input_tokens: counts[0], output_tokens: counts[1], cache_read_tokens: counts[2],
                cache_write_5m_tokens: counts[3], cache_write_1h_tokens: counts[4], ..Usage::default()
            };
            let cost = Nanodollars::new(cost);
            let parts = split(&PriceTable::built_in(), "claude-opus-5-5", now(), &tokens, cost);
            proptest::prop_assert!(parts.iter().all(|part| *part >= Nanodollars::ZERO));
            proptest::prop_assert_eq!(parts.into_iter().sum::<Nanodollars>(), cost);
        }
    }
}
