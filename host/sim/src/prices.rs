//! The simulator's own price table and the cost of one call.
//!
//! Prices are nano-dollars a token: a price of $1 per million tokens is 1,000. Source: Anthropic's published prices,
//! looked up 2026-11-23; cache prices of `claude-fable-5-2` come from a third party.

use crate::usage::SimUsage;

/// What the tokens of one model cost from a date on, for prompts up to a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimPrice {
    /// The exact model id.
    pub model: &'static str,
    /// From when the row holds, ms since 1970 UTC; the latest row not after the call wins.
    pub from_ms: i64,
    /// The longest whole prompt (input, cache reads and writes) of the band, in tokens.
    pub up_to: u64,
    /// Nano-dollars an input token.
    pub input: u64,
    /// Nano-dollars an output token.
    pub output: u64,
    /// Nano-dollars a token written to the five-minute cache.
    pub write_5m: u64,
    /// Nano-dollars a token written to the one-hour cache.
    pub write_1h: u64,
    /// Nano-dollars a token read from the cache.
    pub read: u64,
}

/// 2026-10-07T00:00:00Z, when Sonnet 5.5's cache reads became cheaper.
const OCT_7_2026: i64 = 1_791_331_200_000;
const ANY: u64 = u64::MAX;

#[expect(
    clippy::too_many_arguments,
    clippy::similar_names,
    reason = "a row of the table below, in the table's order"
)]
const fn row(
    model: &'static str,
    from_ms: i64,
    up_to: u64,
    input: u64,
    output: u64,
    write_5m: u64,
    write_1h: u64,
    read: u64,
) -> SimPrice {
    SimPrice { model, from_ms, up_to, input, output, write_5m, write_1h, read }
}

/// Every price, by model, date and band.
#[rustfmt::skip]
pub const PRICES: &[SimPrice] = &[
    //  model                        from        up to    in      out     5m      1h      read
    row("claude-fable-5-2",            0,          ANY,     8_000, 40_000, 10_000, 16_000, 200),
    row("claude-fable-5-1",            0,          ANY,    10_000, 50_000, 12_500, 20_000, 250),
    row("claude-opus-5-5",             0,          ANY,     4_000, 20_000,  5_000,  8_000, 200),
    row("claude-opus-5",               0,          ANY,     5_000, 25_000,  6_250, 10_000, 500),
    row("claude-opus-4-8",             0,          ANY,     5_000, 25_000,  6_250, 10_000, 500),
    row("claude-opus-4-7",             0,          ANY,     5_000, 25_000,  6_250, 10_000, 500),
    row("claude-opus-4-6",             0,          ANY,     5_000, 25_000,  6_250, 10_000, 500),
    row("claude-opus-4-5-20251101",    0,          ANY,     5_000, 25_000,  6_250, 10_000, 500),
    row("claude-sonnet-5-5",           0,          ANY,     2_000, 10_000,  2_500,  4_000, 200),
    row("claude-sonnet-5-5",           OCT_7_2026, ANY,     2_000, 10_000,  2_500,  4_000, 100),
    row("claude-sonnet-5",             0,          ANY,     2_000, 10_000,  2_500,  4_000, 200),
    row("claude-sonnet-4-6",           0,          ANY,     3_000, 15_000,  3_750,  6_000, 300),
    row("claude-sonnet-4-5-20250929",  0,          ANY,     3_000, 15_000,  3_750,  6_000, 300),
    row("claude-haiku-5-5",            0,          100_000,   100,    500,    125,    200,  10),
    row("claude-haiku-5-5",            0,          ANY,       500,  2_500,    625,  1_000,  50),
    row("claude-haiku-4-5-20251001",   0,          ANY,     1_000,  5_000,  1_250,  2_000, 100),
];

/// The row for a prompt of `whole_input` tokens at a time.
fn price_row(model: &str, whole_input: u64, now_ms: i64) -> Option<&'static SimPrice> {
    let in_force = |r: &&SimPrice| r.model == model && r.from_ms <= now_ms;
    let latest = PRICES.iter().filter(in_force).map(|r| r.from_ms).max()?;
    PRICES
        .iter()
        .filter(|r| r.model == model && r.from_ms == latest && whole_input <= r.up_to)
        .min_by_key(|r| r.up_to)
}

/// What a call costs in nano-dollars, summed exactly and rounded up once. `None` for a model without a price.
///
/// Multipliers are read from the usage: `service_tier: batch` halves, `inference_geo: us` adds ten per cent, and
/// `speed: fast` doubles (Opus 5.5 goes from 4 / 20 to 8 / 40; its cache prices are taken to follow).
pub fn cost_nano_dollars(model: &str, usage: &SimUsage, now_ms: i64) -> Option<i64> {
    let row = price_row(model, usage.whole_input(), now_ms)?;
    let sum = [
        (usage.input_tokens, row.input),
        (usage.output_tokens, row.output),
        (usage.cache_write_5m_tokens, row.write_5m),
        (usage.cache_write_1h_tokens, row.write_1h),
        (usage.cache_read_tokens, row.read),
    ]
    .into_iter()
    .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
    .sum::<u128>();
    let (mut times, mut over) = (1_u128, 1_u128);
    if usage.service_tier == "batch" {
        over *= 2;
    }
    if usage.inference_geo == "us" {
        times *= 11;
        over *= 10;
    }
    if usage.speed.as_deref() == Some("fast") {
        times *= 2;
    }
    Some(i64::try_from((sum * times).div_ceil(over)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    fn cost(model: &str, now_ms: i64, set: impl FnOnce(&mut SimUsage)) -> i64 {
        let mut usage = SimUsage::default();
        set(&mut usage);
        cost_nano_dollars(model, &usage, now_ms).expect("the model has a price")
    }

    #[test]
    fn haiku_changes_band_above_100_000_tokens_of_whole_input() {
        let at = |input, read| {
            cost("claude-haiku-5-5", NOW, |u| {
                u.input_tokens = input;
                u.cache_read_tokens = read;
                u.output_tokens = 10;
            })
        };
        assert_eq!(at(100_000, 0), 100_000 * 100 + 10 * 500);
        assert_eq!(at(100_001, 0), 100_001 * 500 + 10 * 2_500);
        assert_eq!(at(60_000, 40_000), 60_000 * 100 + 40_000 * 10 + 10 * 500);
        assert_eq!(at(60_000, 40_001), 60_000 * 500 + 40_001 * 50 + 10 * 2_500);
    }

    #[test]
    fn sonnets_cache_reads_cost_half_from_7_october_2026() {
        let at = |now| cost("claude-sonnet-5-5", now, |u| u.cache_read_tokens = 1_000);
        assert_eq!(at(OCT_7_2026 - 1), 200_000);
        assert_eq!(at(OCT_7_2026), 100_000);
    }

    #[test]
    fn multipliers_stack_and_round_up_once() {
        let with = |tier: &str, geo: &str, speed: Option<&str>| {
            cost("claude-haiku-5-5", NOW, |u| {
                u.cache_write_5m_tokens = 1;
                u.service_tier = tier.to_owned();
                u.inference_geo = geo.to_owned();
                u.speed = speed.map(str::to_owned);
            })
        };
        assert_eq!(with("standard", "global", None), 125);
        assert_eq!(with("batch", "global", None), 63);
        assert_eq!(with("standard", "us", None), 138);
        assert_eq!(with("batch", "us", None), 69);
        assert_eq!(with("standard", "global", Some("fast")), 250);
    }

    #[test]
    fn an_unknown_model_is_never_free() {
        assert_eq!(cost_nano_dollars("claude-haiku-5", &SimUsage::default(), NOW), None);
    }

    #[test]
    fn every_model_has_a_price_and_every_price_a_model() {
        for model in crate::models::MODELS {
            assert!(price_row(model.id, 200_000, NOW).is_some(), "{}", model.id);
        }
        for row in PRICES {
            assert!(crate::models::find(row.model).is_some(), "{}", row.model);
        }
    }
}
