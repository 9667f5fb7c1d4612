//! Whether a price that was set at run time is dearer than the settings' own.

use crate::price::{Band, NewPrice, PriceError, PriceRow, PriceTable, Rates};
use anvil_types::Timestamp;

/// How a price stands beside the table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dearer {
    /// The table has none for its model and speed.
    OnlyOne,
    /// No token of any prompt is cheaper, and some are dearer.
    Yes,
    /// It is the same, or cheaper in some part.
    No,
}

impl PriceTable {
    /// Whether a price is dearer than the row of this table that would be in force in its place.
    pub fn is_dearer(&self, price: &NewPrice, now: Timestamp) -> Result<Dearer, PriceError> {
        let Ok(old) = self.row(&price.model, price.speed.as_deref(), now.max(price.from)) else {
            return Ok(Dearer::OnlyOne);
        };
        let table = self.with_changes(std::slice::from_ref(price))?;
        let Some(new) = table.by_id(&price.id()) else { return Ok(Dearer::No) };
        let lengths = old.bands.iter().chain(&new.bands).map(|band| band.up_to.unwrap_or(u64::MAX));
        let mut dearer = false;
        for length in lengths {
            for (new, old) in all(rates(new, length)).into_iter().zip(all(rates(old, length))) {
                if new < old {
                    return Ok(Dearer::No);
                }
                dearer |= new > old;
            }
        }
        Ok(if dearer { Dearer::Yes } else { Dearer::No })
    }
}

fn rates(row: &PriceRow, length: u64) -> Rates {
    let fits = |band: &&Band| band.up_to.is_none_or(|up_to| length <= up_to);
    row.bands.iter().find(fits).or(row.bands.last()).expect("a row has a band; the parser sees to it").rates
}

fn all(rates: Rates) -> [i64; 5] {
    [rates.input, rates.output, rates.cache_write_5m, rates.cache_write_1h, rates.cache_read]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::NewBand;

    #[test]
    fn a_price_is_dearer_where_no_token_is_cheaper() {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let table = PriceTable::built_in();
        // Haiku: $0.10 and $0.50 up to 100,000 tokens, $0.50 and $2.50 beyond.
        let flat = |factor: f64| NewBand {
            up_to: None,
            input: 0.5 * factor,
            output: 2.5 * factor,
            cache_write_5m: 0.625 * factor,
            cache_write_1h: factor,
            cache_read: 0.05 * factor,
        };
        let price = |model: &str, bands: Vec<NewBand>| NewPrice {
            model: model.into(),
            speed: None,
            from: now,
            context: 1_000_000,
            max_output: 64_000,
            bands,
        };
        let cheap = NewBand { up_to: Some(200_000), ..flat(0.2) };
        for (model, bands, expected) in [
            ("claude-haiku-5-5", vec![flat(1.0)], Dearer::Yes),
            ("claude-haiku-5-5", vec![flat(2.0)], Dearer::Yes),
            ("claude-haiku-5-5", vec![flat(0.0)], Dearer::No),
            ("claude-haiku-5-5", vec![NewBand { cache_read: 0.0, ..flat(2.0) }], Dearer::No),
            ("claude-haiku-5-5", vec![cheap, flat(1.0)], Dearer::No),
            ("claude-haiku-5-5", vec![NewBand { up_to: Some(100_000), ..cheap }, flat(1.0)], Dearer::No),
            ("my-own-model", vec![flat(0.0)], Dearer::OnlyOne),
        ] {
            let judged = table.is_dearer(&price(model, bands.clone()), now);
            assert_eq!(judged, Ok(expected), "{model} {bands:?}");
        }
    }
}
