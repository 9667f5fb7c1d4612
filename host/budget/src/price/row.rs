//! A row of prices, and what calls cost by it.

use anvil_types::{InferenceGeo, Nanodollars, ServiceTier, Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// Prices of one band, in nano-dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Input neither read from nor written to the cache.
    pub input: i64,
    /// Output.
    pub output: i64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: i64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: i64,
    /// Input read from the cache.
    pub cache_read: i64,
}

impl Rates {
    fn all(self) -> [i64; 5] {
        [self.input, self.output, self.cache_write_5m, self.cache_write_1h, self.cache_read]
    }

    fn dearest_input(&self) -> i64 {
        self.input.max(self.cache_write_5m).max(self.cache_write_1h).max(self.cache_read)
    }
}

/// Prices for prompts up to a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// The longest prompt of the band, in tokens; the last band has no end.
    pub up_to: Option<u64>,
    /// The prices.
    pub rates: Rates,
}

/// The prices of one model at one speed from one day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRow {
    /// Names the row in ledger entries: `claude-haiku-5-5@2026-10-07`.
    pub id: String,
    /// The exact model id.
    pub model: String,
    /// `fast`, or none for the ordinary speed.
    pub speed: Option<String>,
    /// In force from this time on.
    pub from: Timestamp,
    /// The longest context, in tokens.
    pub context: u64,
    /// The longest answer, in tokens.
    pub max_output: u64,
    /// The bands, by rising length.
    pub bands: Vec<Band>,
    /// Where the row comes from.
    pub source: PriceSource,
    pub(super) multipliers: Multipliers,
}

/// Where a price row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The table that this build came with.
    BuiltIn,
    /// A user's own file.
    File,
    /// A person, at run time.
    RunTime,
}

/// A price row as a person gives it at run time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    /// The exact model id.
    pub model: String,
    /// `fast`, or none for the ordinary speed.
    pub speed: Option<String>,
    /// In force from this time on.
    pub from: Timestamp,
    /// The longest context, in tokens.
    pub context: u64,
    /// The longest answer, in tokens.
    pub max_output: u64,
    /// The bands, by rising length.
    pub bands: Vec<NewBand>,
}

impl NewPrice {
    /// Names the row, as in `claude-haiku-5-5@2026-11-23T10:00:00Z`.
    pub fn id(&self) -> String {
        let speed = self.speed.as_ref().map(|speed| format!("+{speed}")).unwrap_or_default();
        format!("{}{speed}@{}", self.model, self.from)
    }
}

/// Prices for prompts up to a length, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewBand {
    /// The longest prompt of the band, in tokens; the last band has no end.
    pub up_to: Option<u64>,
    /// Input neither read from nor written to the cache.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: f64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: f64,
    /// Input read from the cache.
    pub cache_read: f64,
}

impl NewBand {
    /// The names of its members in JSON.
    pub const MEMBERS: [&str; 6] =
        ["up_to", "input", "output", "cache_write_5m", "cache_write_1h", "cache_read"];
}

/// Factors on every kind of token, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Multipliers {
    pub batch: i64,
    pub geo_us: i64,
}

/// A million tokens times a thousandth, twice: the divisor of a cost's exact sum.
const UNIT: i128 = 1_000_000 * 1_000 * 1_000;

impl PriceRow {
    /// Whether every length of a prompt has prices that can be: what a row that was kept somewhere is asked when it is read.
    pub fn is_sound(&self) -> bool {
        let ends = self.bands.last().is_some_and(|last| last.up_to.is_none());
        let rates = self.bands.iter().flat_map(|band| band.rates.all());
        let factors = [self.multipliers.batch, self.multipliers.geo_us];
        ends && rates.chain(factors).all(|number| number >= 0)
    }

    fn band(&self, prompt_tokens: u64) -> &Band {
        self.bands
            .iter()
            .find(|band| band.up_to.is_none_or(|up_to| prompt_tokens <= up_to))
            .expect("a row's last band has no end; the parser sees to it")
    }

    /// The rates of a prompt of so many tokens.
    pub fn rates(&self, prompt_tokens: u64) -> Rates {
        self.band(prompt_tokens).rates
    }

    /// What a call of this usage costs: summed exactly, rounded up once.
    ///
    /// The band follows from the whole prompt, the multipliers from what the *answer* says of itself.
    pub fn cost(&self, usage: &Usage) -> Nanodollars {
        let rates = self.rates(usage.prompt_tokens());
        let sum = [
            (usage.input_tokens, rates.input),
            (usage.output_tokens, rates.output),
            (usage.cache_read_tokens, rates.cache_read),
            (usage.cache_write_5m_tokens, rates.cache_write_5m),
            (usage.cache_write_1h_tokens, rates.cache_write_1h),
        ]
        .into_iter()
        .map(|(tokens, rate)| i128::from(tokens).saturating_mul(i128::from(rate)))
        .fold(0, i128::saturating_add);
        let batch = match usage.service_tier.as_deref().and_then(ServiceTier::named) {
            Some(ServiceTier::Batch) => self.multipliers.batch,
            Some(ServiceTier::Standard) | None => 1_000,
        };
        let geo = match usage.inference_geo.as_deref().map(InferenceGeo::named) {
            None | Some(Some(InferenceGeo::Global | InferenceGeo::NotAvailable)) => 1_000,
            Some(Some(InferenceGeo::Us)) => self.multipliers.geo_us,
            // Where that is nobody knows; it is not taken for cheap.
            Some(None) => self.multipliers.geo_us.max(1_000),
        };
        let scaled = sum.saturating_mul(i128::from(batch)).saturating_mul(i128::from(geo));
        to_nanodollars(scaled)
    }

    /// What a call of this usage cost more than it would have, had `tokens` more of its prompt been read from the
    /// prompt cache; as many as there are, where there are fewer. Never less than nothing.
    pub fn missed(&self, usage: &Usage, tokens: u64) -> Nanodollars {
        self.cost(usage).less(self.cost(&usage.with_read(tokens)))
    }

    /// The most that a call can cost: every input token at the dearest price of any band that the
    /// prompt can reach, all of `max_output_tokens`, and the dearest multiplier.
    pub fn bound(&self, input_tokens: u64, max_output_tokens: u64) -> Nanodollars {
        self.bound_by(input_tokens, max_output_tokens, self.multipliers.batch.max(1_000))
    }

    /// The most that it can cost in a batch.
    pub fn bound_in_batch(&self, input_tokens: u64, max_output_tokens: u64) -> Nanodollars {
        self.bound_by(input_tokens, max_output_tokens, self.multipliers.batch)
    }

    fn bound_by(&self, input_tokens: u64, max_output_tokens: u64, batch: i64) -> Nanodollars {
        let reachable = self.bands.iter().enumerate().filter(|(at, _)| {
            let shortest = at.checked_sub(1).and_then(|before| self.bands[before].up_to).unwrap_or(0);
            *at == 0 || input_tokens > shortest
        });
        let sum = reachable
            .map(|(_, band)| {
                let input = i128::from(input_tokens).saturating_mul(i128::from(band.rates.dearest_input()));
                let output = i128::from(max_output_tokens).saturating_mul(i128::from(band.rates.output));
                input.saturating_add(output)
            })
            .max()
            .unwrap_or(i128::MAX);
        let dearest = i128::from(self.multipliers.geo_us.max(1_000)) * i128::from(batch);
        to_nanodollars(sum.saturating_mul(dearest))
    }
}

fn to_nanodollars(scaled: i128) -> Nanodollars {
    let nano = scaled.saturating_add(UNIT - 1) / UNIT;
    Nanodollars::new(i64::try_from(nano).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;
    use crate::saved::Saving;

    fn row(model: &str) -> PriceRow {
        let now = "2026-11-23T00:00:00Z".parse().expect("a time");
        PriceTable::built_in().row(model, None, now).expect("a price").clone()
    }

    #[test]
    fn haiku_has_two_bands_and_the_band_prices_the_output_too() {
        let haiku = row("claude-haiku-5-5");
        let usage = |input, read| Usage {
            input_tokens: input,
            cache_read_tokens: read,
            output_tokens: 1_000,
            ..Usage::default()
        };
        assert_eq!(haiku.cost(&usage(100_000, 0)).get(), 100_000 * 100 + 1_000 * 500);
        assert_eq!(haiku.cost(&usage(100_001, 0)).get(), 100_001 * 500 + 1_000 * 2_500);
        assert_eq!(haiku.cost(&usage(1, 100_000)).get(), 500 + 100_000 * 50 + 1_000 * 2_500);
    }

    #[test]
    fn fractions_are_rounded_up_once() {
        let sonnet = row("claude-sonnet-5-5");
        let usage = Usage { cache_read_tokens: 1, inference_geo: Some("us".into()), ..Usage::default() };
        assert_eq!(sonnet.cost(&usage).get(), 110);
        let haiku = row("claude-haiku-5-5");
        let usage = Usage {
            cache_read_tokens: 1,
            service_tier: Some("batch".into()),
            inference_geo: Some("us".into()),
            ..Usage::default()
        };
        // 10 × 0.5 × 1.1 = 5.5 nano-dollars.
        assert_eq!(haiku.cost(&usage).get(), 6);
    }

    #[test]
    fn what_the_cache_saves_and_what_a_miss_costs_by_hand() {
        let sonnet = row("claude-sonnet-5-5");
        // $2 in, $2.50 and $4 written, $0.10 read, a million each.
        let usage = |input, read, short, long| Usage {
            input_tokens: input,
            cache_read_tokens: read,
            cache_write_5m_tokens: short,
            cache_write_1h_tokens: long,
            output_tokens: 500,
            ..Usage::default()
        };
        let saved = |usage: &Usage| sonnet.saved(Saving::PromptCache, usage).get();
        assert_eq!(saved(&usage(10, 0, 0, 0)), 0);
        assert_eq!(saved(&usage(10, 1_000, 0, 0)), 1_000 * (2_000 - 100));
        assert_eq!(saved(&usage(10, 0, 1_000, 0)), -1_000 * 500);
        assert_eq!(saved(&usage(10, 0, 0, 1_000)), -1_000 * 2_000);
        // Written and not read, not written at all, and more than there was to read.
        assert_eq!(sonnet.missed(&usage(10, 0, 1_000, 0), 1_000).get(), 1_000 * (2_500 - 100));
        assert_eq!(sonnet.missed(&usage(1_010, 0, 0, 0), 1_000).get(), 1_000 * (2_000 - 100));
        assert_eq!(
            sonnet.missed(&usage(10, 5, 0, 100), 9_999).get(),
            100 * (4_000 - 100) + 10 * (2_000 - 100)
        );
    }

    fn any_usage() -> impl proptest::strategy::Strategy<Value = Usage> {
        use proptest::prelude::*;
        let tokens = || prop_oneof![Just(0_u64), 0_u64..120_000];
        (tokens(), tokens(), tokens(), tokens(), 0_u64..10_000, any::<bool>(), any::<bool>()).prop_map(
            |(input, read, short, long, output, batch, us)| Usage {
                input_tokens: input,
                cache_read_tokens: read,
                cache_write_5m_tokens: short,
                cache_write_1h_tokens: long,
                output_tokens: output,
                service_tier: batch.then(|| "batch".into()),
                inference_geo: us.then(|| "us".into()),
                speed: None,
            },
        )
    }

    proptest::proptest! {
        #[test]
        fn no_usage_within_the_bound_costs_more_than_the_hold(
            parts in proptest::array::uniform4(0_u64..120_000), output in 0_u64..10_000,
            model in 0_usize..16, batch in proptest::bool::ANY, us in proptest::bool::ANY,
        ) {
            let table = PriceTable::built_in();
            let row = &table.rows()[model % table.rows().len()];
            let usage = Usage {
                input_tokens: parts[0], cache_read_tokens: parts[1],
                cache_write_5m_tokens: parts[2], cache_write_1h_tokens: parts[3], output_tokens: output,
                service_tier: batch.then(|| "batch".into()), inference_geo: us.then(|| "us".into()), speed: None,
            };
            proptest::prop_assert!(row.cost(&usage) <= row.bound(usage.prompt_tokens(), output));
        }

        #[test]
        fn what_was_saved_and_what_was_paid_are_what_nothing_cached_would_have_cost(
            usage in any_usage(), model in 0_usize..64,
        ) {
            let table = PriceTable::built_in();
            let row = &table.rows()[model % table.rows().len()];
            let saved = row.saved(Saving::PromptCache, &usage);
            let alone = usage.by_itself();
            proptest::prop_assert_eq!(saved + row.cost(&alone), row.cost(&alone.without_cache()));
            let rates = row.band(usage.prompt_tokens()).rates;
            let plain = Usage { service_tier: None, inference_geo: None, ..usage.clone() };
            // Told in another way: each kind by how far its rate is from that of plain input.
            let apart = [
                (usage.cache_read_tokens, rates.cache_read),
                (usage.cache_write_5m_tokens, rates.cache_write_5m),
                (usage.cache_write_1h_tokens, rates.cache_write_1h),
            ];
            let sum: i128 = apart
                .into_iter()
                .map(|(tokens, rate)| i128::from(tokens) * i128::from(rates.input - rate))
                .sum();
            let exact = i128::from(row.saved(Saving::PromptCache, &plain).get()) * 1_000_000;
            // Both costs are rounded up, each by less than a nano-dollar.
            proptest::prop_assert!((exact - sum).abs() < 1_000_000, "{} {}", exact, sum);
            let nothing = Usage { cache_write_5m_tokens: 0, cache_write_1h_tokens: 0, ..usage.clone() };
            proptest::prop_assert!(row.saved(Saving::PromptCache, &nothing) >= Nanodollars::ZERO, "reading costs nobody");
            proptest::prop_assert_eq!(row.saved(Saving::PromptCache, &usage.without_cache()), Nanodollars::ZERO);
        }

        #[test]
        fn what_was_missed_is_the_difference_to_the_same_call_with_a_hit(
            usage in any_usage(), model in 0_usize..64, tokens in 0_u64..500_000,
        ) {
            let table = PriceTable::built_in();
            let row = &table.rows()[model % table.rows().len()];
            let missed = row.missed(&usage, tokens);
            let hit = usage.with_read(tokens);
            proptest::prop_assert_eq!(row.cost(&hit) + missed, row.cost(&usage));
            proptest::prop_assert_eq!(hit.prompt_tokens(), usage.prompt_tokens());
            let there = usage.prompt_tokens() - usage.cache_read_tokens;
            proptest::prop_assert_eq!(hit.cache_read_tokens - usage.cache_read_tokens, tokens.min(there));
            proptest::prop_assert!(missed >= Nanodollars::ZERO && missed <= row.missed(&usage, tokens + 1));
            proptest::prop_assert_eq!(row.missed(&usage, 0), Nanodollars::ZERO);
            // A hit saves by as much more as the miss cost.
            let more = row.saved(Saving::PromptCache, &hit) - row.saved(Saving::PromptCache, &usage);
            proptest::prop_assert_eq!(more, row.missed(&usage.by_itself(), tokens));
        }
    }
}
